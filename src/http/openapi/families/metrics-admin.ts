import { empty, list, query, requiredQuery, string } from "../json-schema";
import type { Family, Operation } from "../model";

export const metricsAdminFamily: Family = {
  tag: "TSDB admin",
  description: "Prometheus' TSDB admin API. POST and PUT do the same.",
  dialect: "prometheus",
  specification: {
    url: "https://prometheus.io/docs/prometheus/latest/querying/api/#tsdb-admin-apis",
    description: "Prometheus TSDB admin APIs",
  },
  operations: [
    ...both({
      path: "/api/v1/admin/tsdb/delete_series",
      id: "deleteSeries",
      summary: "Delete samples of the series that a selector accepts",
      description:
        "No reader sees them any more when it answers; samples that arrive later are kept. Parameters of a POST may stand in a form.",
      parameters: [
        requiredQuery("match[]", list(string), "A series selector; any number of times."),
        query("start", string, "RFC 3339 or Unix seconds; all of time unless given."),
        query("end", string, "RFC 3339 or Unix seconds; all of time unless given."),
      ],
      answers: { 204: empty("They are gone for every reader.") },
      failures: {
        400: "A parameter is missing or wrong.",
        413: "The form has more than 1 MiB.",
        415: "The form is compressed.",
        422: "1,000 deletions wait to be applied (tombstone_limit).",
        503: "A metric shard does not answer.",
      },
    }),
    ...both({
      path: "/api/v1/admin/tsdb/clean_tombstones",
      id: "cleanTombstones",
      summary: "Have deleted samples leave the disk, in the background",
      answers: { 204: empty("It has begun.") },
      failures: { 503: "A metric shard does not answer." },
    }),
    ...both({
      path: "/api/v1/admin/tsdb/snapshot",
      id: "snapshot",
      summary: "Refused: there is no file system to put a snapshot on",
      answers: {},
      failures: { 422: "Always." },
    }),
  ],
};

function both(o: Omit<Operation, "method" | "scope">): Operation[] {
  return (["post", "put"] as const).map((method) => ({
    ...o,
    method,
    scope: "admin",
    id: method === "post" ? o.id : `${o.id}Put`,
  }));
}
