import {
  count,
  dateTime,
  described,
  json,
  list,
  nullable,
  number,
  oneOf,
  plain,
  record,
  ref,
  string,
} from "../json-schema";
import type { Family } from "../model";

const health = oneOf(["healthy", "degraded", "unhealthy"]);
const outcome = oneOf(["ok", "failed"]);

export const operationFamily: Family = {
  tag: "Operations",
  description: "How the deployment itself fares.",
  dialect: "vedette",
  operations: [
    {
      method: "get",
      path: "/healthz",
      id: "getLiveness",
      summary: "Whether the Worker runs",
      scope: "none",
      answers: { 200: plain("It does.") },
    },
    {
      method: "get",
      path: "/api/health",
      id: "getHealth",
      summary: "Each dependency with its latency",
      scope: "none",
      answers: {
        200: json("All are healthy.", ref("Health")),
        503: json("Some are not.", ref("Health")),
      },
    },
    {
      method: "get",
      path: "/metrics",
      id: "getOwnMetrics",
      summary: "Vedette's own metrics, of the isolate that answers",
      scope: "read",
      answers: { 200: plain("Prometheus text.") },
    },
    {
      method: "get",
      path: "/openapi.json",
      id: "getOpenapi",
      summary: "This document",
      scope: "none",
      answers: { 200: json("OpenAPI 3.1.", { type: "object" }) },
    },
    {
      method: "get",
      path: "/docs/errors",
      id: "getErrorCodes",
      summary: "What each code of a problem means",
      scope: "none",
      answers: { 200: { description: "A page for people.", content: { "text/html": string } } },
    },
    {
      method: "get",
      path: "/api/v1/jobs",
      id: "listJobs",
      summary: "What runs on schedule, and how its last run went",
      scope: "read",
      answers: { 200: json("The jobs.", record({ jobs: list(ref("Job")) })) },
    },
    {
      method: "post",
      path: "/api/v1/jobs/{name}/run",
      id: "runJob",
      summary: "Run a job now",
      scope: "admin",
      answers: {
        200: json("It ran.", ref("JobRun")),
        500: json("It failed; `detail` says why.", ref("JobRun")),
      },
      problems: { 404: ["job_unknown"] },
    },
    {
      method: "get",
      path: "/api/v1/spill",
      id: "getSpills",
      summary: "What waits for the database, and what was put aside",
      scope: "read",
      answers: { 200: json("By signal.", record({ spills: list(ref("Spill")) })) },
    },
  ],
  schemas: {
    HealthCheck: record(
      { status: health },
      { latency: described(number, "Milliseconds."), error: string },
    ),
    Health: record({
      status: health,
      timestamp: dateTime,
      version: string,
      checks: record({
        database: ref("HealthCheck"),
        cache: ref("HealthCheck"),
        external_apis: ref("HealthCheck"),
        metrics: ref("HealthCheck"),
        spill: ref("HealthCheck"),
      }),
    }),
    Job: record({
      name: string,
      schedule: described(string, "A cron pattern, UTC."),
      what: string,
      last_run: nullable(
        record({
          scheduled_for: dateTime,
          started_at: dateTime,
          finished_at: nullable(dateTime),
          outcome: nullable(outcome),
          detail: nullable(string),
        }),
      ),
    }),
    JobRun: record({ job: string, outcome, detail: string, duration_ms: number }),
    Spill: record({
      signal: oneOf(["events", "logs", "traces"]),
      pending: described(count, "Batches."),
      pending_bytes: count,
      oldest: nullable(dateTime),
      failures: described(count, "Attempts to write that failed in a row."),
      poisoned: described(count, "Batches that can never be written."),
      poison: list(record({ kind: string, bytes: count, put: dateTime, error: string })),
    }),
  },
};
