import {
  boolean,
  empty,
  json,
  list,
  oneOf,
  pathParameter,
  record,
  ref,
  string,
} from "../json-schema";
import type { Family, Operation } from "../model";
import { EXPOSITION } from "./ingest-metrics";

export const remoteWriteFamily: Family = {
  tag: "Remote write",
  description:
    "Prometheus' remote write 1.0 and 2.0, told apart by the content type. Errors are plain text.",
  dialect: "text",
  specification: {
    url: "https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/",
    description: "Prometheus Remote-Write 2.0",
  },
  operations: [
    {
      method: "post",
      path: "/api/v1/write",
      id: "remoteWrite",
      summary: "Write samples",
      scope: "ingest",
      body: {
        description:
          "prometheus.WriteRequest or io.prometheus.write.v2.Request in Snappy's block format, at most 16 MiB unfolded.",
        required: true,
        content: {
          "application/x-protobuf": {},
          "application/x-protobuf;proto=io.prometheus.write.v2.Request": {},
        },
      },
      answers: { 204: empty("All are durable.") },
      failures: {
        400: "The body cannot be read, or samples are not taken; the others are stored. Final.",
        413: "The body has more than 16 MiB.",
        415: "Another message, type or encoding.",
        429: "The project's series limit is reached; the other samples are stored.",
        503: "A metric shard does not answer.",
      },
    },
  ],
};

export const pushgatewayFamily: Family = {
  tag: "Pushgateway",
  description: "Groups of metrics that outlive the job that pushed them. Errors are plain text.",
  dialect: "text",
  specification: {
    url: "https://github.com/prometheus/pushgateway#api",
    description: "Pushgateway's API",
  },
  operations: [
    {
      method: "get",
      path: "/api/v1/metrics",
      id: "listPushedGroups",
      summary: "List the groups and their metrics",
      scope: "read",
      answers: { 200: json("Every group.", ref("PushedGroups")) },
    },
    {
      method: "get",
      path: "/api/v1/status",
      id: "pushgatewayStatus",
      summary: "Tell the version",
      scope: "read",
      answers: { 200: json("The version.", ref("PushgatewayStatus")) },
    },
    {
      method: "put",
      path: "/api/v1/admin/wipe",
      id: "wipePushedGroups",
      summary: "Delete every group",
      scope: "admin",
      answers: { 202: empty("There are no groups any more.") },
      failures: { 503: "A metric shard does not answer." },
    },
    ...["job", "job@base64"].flatMap((first): Operation[] => [
      push(first, "put", "replaceGroup", "Replace a group's metrics"),
      push(first, "post", "mergeGroup", "Replace a group's metrics of the same names"),
      {
        ...common(first, "deleteGroup"),
        method: "delete" as const,
        summary: "Delete a group",
        answers: { 202: empty("There is no such group any more.") },
      },
    ]),
  ],
  schemas: {
    PushedGroups: record({
      status: oneOf(["success"]),
      data: list({
        type: "object",
        description: "The group's labels, and each of its metrics by name.",
        required: ["labels", "last_push_successful"],
        properties: {
          labels: { type: "object", additionalProperties: string },
          last_push_successful: boolean,
        },
      }),
    }),
    PushgatewayStatus: record({
      status: oneOf(["success"]),
      data: record({ build_information: record({ version: string }), flags: { type: "object" } }),
    }),
  },
};

function push(first: string, method: "put" | "post", id: string, summary: string): Operation {
  const shared = common(first, id);
  return {
    ...shared,
    method,
    summary,
    body: EXPOSITION,
    answers: { 200: empty("The group and its samples are durable.") },
    failures: {
      ...shared.failures,
      413: "The body has more than 8 MiB, or the group would have more than 1 MiB as kept.",
      415: "The Content-Type or Content-Encoding is not taken here.",
    },
  };
}

function common(first: string, id: string) {
  const encoded = first === "job@base64";
  return {
    id: encoded ? `${id}Base64` : id,
    path: `/metrics/${first}/{grouping}`,
    pattern: `/metrics/${first}/*`,
    scope: "ingest",
    parameters: [
      pathParameter(
        "grouping",
        string,
        `The job${encoded ? ", base64url," : ""} and then any number of \`/label/value\`; its slashes stand as they are.`,
      ),
    ],
    failures: {
      400: "The grouping key or the body cannot be read, or samples are not taken.",
      429: "The project's series limit is reached.",
      503: "A metric shard does not answer, or too many push to the group at once.",
    },
  } as const;
}
