import { METRICS_LIMIT } from "../../../ingest/native-metrics/parse";
import {
  boolean,
  count,
  dateTime,
  empty,
  epochMs,
  header,
  json,
  jsonBody,
  list,
  number,
  oneOf,
  query,
  record,
  ref,
  string,
} from "../json-schema";
import type { Family, RequestBody } from "../model";
import { BATCH_PROBLEMS, together } from "../shared-problems";

/** Bodies that hold an exposition (http/ingest-metrics/exposition.ts). */
export const EXPOSITION: RequestBody = {
  description:
    "Prometheus text, OpenMetrics or delimited protobuf, of at most 8 MiB; gzip and deflate are undone.",
  required: true,
  content: {
    "text/plain": string,
    "application/openmetrics-text": string,
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited":
      {},
  },
};

export const IDEMPOTENCY_KEY = header(
  "Idempotency-Key",
  "The sender's name for this batch: the same name is counted once within 24 h.",
);

export const metricFamily: Family = {
  tag: "Metrics",
  description: "Metrics in Vedette's own JSON, and as exposition text.",
  dialect: "vedette",
  operations: [
    {
      method: "post",
      path: "/api/v1/ingest/metrics",
      id: "ingestMetrics",
      summary: "Send metrics",
      description: `One metric, a list of them, or \`{"metrics": […]}\`: at most ${METRICS_LIMIT} and 4 MiB. One that is malformed refuses the request whole. Increments (\`delta\`) are counted once per Idempotency-Key, without one at least once.`,
      scope: "ingest",
      parameters: [IDEMPOTENCY_KEY],
      body: jsonBody(
        {
          oneOf: [ref("Metric"), list(ref("Metric")), record({ metrics: list(ref("Metric")) })],
        },
        "The metrics; gzip and deflate are undone. text/plain is read as JSON too.",
      ),
      answers: { 200: json("All are durable.", record({ accepted: count })) },
      problems: together(BATCH_PROBLEMS, {
        400: ["metric_malformed", "samples_rejected"],
        413: ["too_many_metrics"],
        429: ["samples_rejected"],
        503: ["shard_unavailable"],
      }),
    },
    {
      method: "post",
      path: "/api/v1/import/prometheus",
      id: "importPrometheus",
      summary: "Import an exposition",
      description: "An exposition that does not parse stores nothing.",
      scope: "ingest",
      parameters: [
        query(
          "extra_label",
          list({ type: "string", pattern: "^[a-zA-Z_][a-zA-Z0-9_]*=" }),
          "`name=value`, a label for every series; any number of times.",
        ),
        query("timestamp", epochMs, "The time of samples without their own; now unless given."),
      ],
      body: EXPOSITION,
      answers: { 204: empty("All are durable.") },
      problems: together(
        { 413: BATCH_PROBLEMS[413], 415: BATCH_PROBLEMS[415] },
        {
          400: [
            "parameter_malformed",
            "body_malformed_encoding",
            "exposition_malformed",
            "samples_rejected",
          ],
          429: ["samples_rejected"],
          503: ["shard_unavailable"],
        },
      ),
    },
    {
      method: "post",
      path: "/api/v1/import/prometheus-dump",
      id: "importPrometheusDump",
      summary: "Back-fill samples of any age",
      description:
        "What `promtool tsdb dump` prints, or (as application/openmetrics-text) OpenMetrics text with timestamps. Sent again it changes nothing.",
      scope: "ingest",
      parameters: [
        query(
          "format",
          oneOf(["dump", "openmetrics"]),
          "What the body is, whatever its type says.",
        ),
        query(
          "first_line",
          count,
          "The number of the first line, where the body is a piece of a file.",
        ),
      ],
      body: {
        description: "At most 16 MiB unfolded; gzip and deflate are undone.",
        required: true,
        content: { "text/plain": {}, "application/openmetrics-text": {} },
      },
      answers: {
        200: json(
          "All are durable.",
          record({ lines: count, accepted: count, duplicates: count, exemplars_left_out: count }),
        ),
      },
      problems: together(
        { 413: BATCH_PROBLEMS[413], 415: BATCH_PROBLEMS[415] },
        {
          400: [
            "parameter_malformed",
            "body_malformed_encoding",
            "dump_malformed",
            "samples_rejected",
          ],
          429: ["samples_rejected"],
          503: ["shard_unavailable"],
        },
      ),
    },
  ],
  schemas: {
    Metric: record(
      { name: { type: "string", maxLength: 200 }, value: number },
      {
        timestamp: { oneOf: [epochMs, dateTime], description: "The time of arrival unless given." },
        tags: {
          type: "object",
          additionalProperties: { type: ["string", "number", "boolean", "null"] },
          description: "Labels. A name does not begin with `__`; null is left out.",
        },
        type: { ...oneOf(["counter", "gauge", "histogram"]), default: "gauge" },
        delta: {
          ...boolean,
          default: false,
          description: "The value is an increment; of a counter alone.",
        },
      },
    ),
  },
};
