import { header } from "../json-schema";
import type { Answer, Family, Operation, RequestBody } from "../model";

const FAILURES = {
  400: "The body cannot be read. Final.",
  413: "The body has more than 16 MiB, as sent or decompressed.",
  415: "The Content-Type or Content-Encoding is not taken here.",
  429: "The project's series limit or the database's quota is reached.",
  503: "A store does not answer.",
} as const;

/** OTLP/HTTP for the three signals. */
export const otlpFamily: Family = {
  tag: "OTLP",
  description: "OpenTelemetry's own protocol over HTTP, as protobuf or JSON.",
  dialect: "otlp",
  specification: {
    url: "https://opentelemetry.io/docs/specs/otlp/#otlphttp",
    description: "OTLP/HTTP",
  },
  operations: [
    exportOf("/v1/metrics", "exportMetrics", "Metrics", "metrics"),
    {
      ...exportOf("/api/v1/otlp/v1/metrics", "exportMetricsPrometheus", "Metrics", "metrics"),
      summary: "Export metrics to the path of Prometheus' own OTLP receiver",
    },
    exportOf("/v1/logs", "exportLogs", "Logs", "log records"),
    exportOf("/v1/traces", "exportTraces", "Trace", "spans"),
  ],
};

function exportOf(path: string, id: string, signal: string, things: string): Operation {
  return {
    method: "post",
    path,
    id,
    summary: `Export ${things}`,
    scope: "ingest",
    parameters: [
      header(
        "Idempotency-Key",
        "The sender's name for this batch: the same name is counted once within 24 h.",
      ),
    ],
    body: request(signal),
    answers: { 200: accepted(signal, things) },
    failures: FAILURES,
  };
}

function request(signal: string): RequestBody {
  const message = { description: `Export${signal}ServiceRequest.` };
  return {
    description: "At most 16 MiB; gzip and deflate are undone.",
    required: true,
    content: {
      "application/x-protobuf": message,
      "application/json": { type: "object", ...message },
    },
  };
}

function accepted(signal: string, things: string): Answer {
  const message = { description: `Export${signal}ServiceResponse.` };
  return {
    description: `What was taken is durable; \`partial_success\` tells of ${things} that were not.`,
    content: {
      "application/x-protobuf": message,
      "application/json": { type: "object", ...message },
    },
  };
}
