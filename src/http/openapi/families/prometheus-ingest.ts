import { empty, pathParameter, string } from "../json-schema";
import type { Family, Operation } from "../model";
import { EXPOSITION } from "./ingest-metrics";

export const remoteWriteFamily: Family = {
  tag: "Remote write",
  description: "Prometheus' remote write 1.0. Errors are plain text.",
  dialect: "text",
  specification: {
    url: "https://prometheus.io/docs/specs/prw/remote_write_spec/",
    description: "Prometheus Remote-Write 1.0",
  },
  operations: [
    {
      method: "post",
      path: "/api/v1/write",
      id: "remoteWrite",
      summary: "Write samples",
      scope: "ingest",
      body: {
        description: "prometheus.WriteRequest in Snappy's block format, at most 16 MiB unfolded.",
        required: true,
        content: { "application/x-protobuf": {} },
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
  operations: ["job", "job@base64"].flatMap((first) => [
    push(first, "put", "replaceGroup", "Replace a group's metrics"),
    push(first, "post", "mergeGroup", "Replace a group's metrics of the same names"),
    {
      ...common(first, "deleteGroup"),
      method: "delete" as const,
      summary: "Delete a group",
      answers: { 202: empty("There is no such group any more.") },
    },
  ]),
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
