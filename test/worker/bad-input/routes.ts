import type { Scope } from "../../../src/core/auth";
import { ROUTE_TEST_BODY_LIMIT } from "../../../src/http/alerting/route-test";
import { ALERTS_BODY_LIMIT } from "../../../src/http/alertmanager/post-alerts";
import { SILENCE_BODY_LIMIT } from "../../../src/http/alertmanager/silences";
import { BEACON_LIMITS } from "../../../src/ingest/beacon/parse";
import {
  BACK_FILL_BODY_LIMIT,
  EXPOSITION_BODY_LIMIT,
  NATIVE_BODY_LIMIT,
  OTLP_BODY_LIMIT,
  REMOTE_WRITE_BODY_LIMIT,
} from "../../../src/ingest/body/limits";

/** What a route does with a body. */
export interface BodyRules {
  readonly type: string;
  readonly limitBytes: number;
  readonly encodings: readonly ("gzip" | "snappy")[];
  /** Whether another media type is refused; a query's parameters may stand in the address instead. */
  readonly typed: boolean;
  /** Encoding that every body is taken for. */
  readonly always?: "snappy";
}

export interface Route {
  readonly method: string;
  /** As the router has it. */
  readonly pattern: string;
  /** One address of it. */
  readonly path: string;
  readonly scope: Scope | "public";
  readonly body?: BodyRules;
}

const KIB = 1024;
const NO_SILENCE = "00000000-0000-4000-8000-000000000000";
const json = (limitBytes: number): BodyRules => ({
  type: "application/json",
  limitBytes,
  encodings: ["gzip"],
  typed: true,
});
const yaml = (limitBytes: number): BodyRules => ({ ...json(limitBytes), type: "application/yaml" });
const otlp: BodyRules = { ...json(OTLP_BODY_LIMIT), type: "application/x-protobuf" };
const text: BodyRules = { ...json(EXPOSITION_BODY_LIMIT), type: "text/plain" };
const form: BodyRules = {
  type: "application/x-www-form-urlencoded",
  limitBytes: KIB * KIB,
  encodings: [],
  typed: false,
};

const at = (
  scope: Route["scope"],
  method: string,
  pattern: string,
  path: string = pattern,
  body?: BodyRules,
): Route => ({ method, pattern, path, scope, ...(body === undefined ? {} : { body }) });

/** Every route that a token opens, and every one that takes a body. */
export const API_ROUTES: readonly Route[] = [
  // Metrics.
  at("ingest", "POST", "/api/v1/write", undefined, {
    type: "application/x-protobuf",
    limitBytes: REMOTE_WRITE_BODY_LIMIT,
    encodings: ["snappy"],
    typed: true,
    always: "snappy",
  }),
  at("ingest", "POST", "/v1/metrics", undefined, otlp),
  at("ingest", "POST", "/api/v1/otlp/v1/metrics", undefined, otlp),
  at("ingest", "POST", "/api/v1/import/prometheus", undefined, text),
  at("ingest", "POST", "/api/v1/import/prometheus-dump", undefined, {
    ...text,
    limitBytes: BACK_FILL_BODY_LIMIT,
  }),
  ...["delete_series", "clean_tombstones", "snapshot"].flatMap((name) => {
    const path = `/api/v1/admin/tsdb/${name}`;
    const body = name === "delete_series" ? form : undefined;
    return [at("admin", "POST", path, undefined, body), at("admin", "PUT", path)];
  }),
  at("ingest", "POST", "/api/v1/ingest/metrics", undefined, json(NATIVE_BODY_LIMIT)),
  at("read", "GET", "/api/v1/metrics"),
  at("read", "GET", "/api/v1/status"),
  at("admin", "PUT", "/api/v1/admin/wipe"),
  at("ingest", "PUT", "/metrics/job/*", "/metrics/job/bad/x/1", text),
  at("ingest", "POST", "/metrics/job/*", "/metrics/job/bad/x/1", text),
  at("ingest", "DELETE", "/metrics/job/*", "/metrics/job/bad/x/1"),
  at("ingest", "PUT", "/metrics/job@base64/*", "/metrics/job@base64/YmFk", text),
  at("ingest", "POST", "/metrics/job@base64/*", "/metrics/job@base64/YmFk", text),
  at("ingest", "DELETE", "/metrics/job@base64/*", "/metrics/job@base64/YmFk"),
  // Logs, traces, events.
  at("ingest", "POST", "/v1/logs", undefined, otlp),
  at("ingest", "POST", "/v1/traces", undefined, otlp),
  at("ingest", "POST", "/api/v1/ingest/logs", undefined, json(NATIVE_BODY_LIMIT)),
  at("ingest", "POST", "/api/v1/ingest/events", undefined, json(NATIVE_BODY_LIMIT)),
  at("beacon", "POST", "/e", undefined, {
    type: "text/plain",
    limitBytes: BEACON_LIMITS.bodyBytes,
    encodings: [],
    typed: true,
  }),
  at("beacon", "OPTIONS", "/e"),
  // Prometheus' query API.
  ...[
    "query",
    "query_range",
    "query_exemplars",
    "series",
    "labels",
    "format_query",
    "parse_query",
    "search/metric_names",
    "search/label_names",
    "search/label_values",
  ].flatMap((name) => [
    at("read", "GET", `/api/v1/${name}`),
    at("read", "POST", `/api/v1/${name}`, undefined, form),
  ]),
  at("read", "POST", "/api/v1/read", undefined, {
    type: "application/x-protobuf",
    limitBytes: KIB * KIB,
    encodings: ["snappy"],
    typed: false,
    always: "snappy",
  }),
  at("read", "GET", "/federate"),
  at("read", "GET", "/api/v1/label/:name/values", "/api/v1/label/job/values"),
  at("read", "GET", "/api/v1/metadata"),
  ...["buildinfo", "runtimeinfo", "flags", "walreplay", "tsdb", "config"].map((name) =>
    at("read", "GET", `/api/v1/status/${name}`),
  ),
  at("read", "GET", "/api/v1/features"),
  ...["targets", "targets/metadata", "scrape_pools", "alertmanagers"].map((name) =>
    at("read", "GET", `/api/v1/${name}`),
  ),
  at("read", "GET", "/probe"),
  at("read", "GET", "/api/v1/notifications/live"),
  at("read", "GET", "/api/v1/rules"),
  at("read", "GET", "/api/v1/alerts"),
  // What is kept.
  at("read", "GET", "/metrics"),
  at("read", "GET", "/api/v1/logs"),
  at("read", "GET", "/api/v1/traces"),
  at("read", "GET", "/api/v1/traces/:id", "/api/v1/traces/00ff"),
  at("read", "GET", "/api/v1/events"),
  at("read", "GET", "/api/v1/events/summary"),
  at("read", "GET", "/api/v1/spill"),
  at("read", "GET", "/api/v1/jobs"),
  at("admin", "POST", "/api/v1/jobs/:name/run", "/api/v1/jobs/no-such-job/run"),
  at("read", "GET", "/api/v1/reports"),
  at("read", "GET", "/api/v1/reports/preview"),
  at("read", "GET", "/api/v1/reports/:id", "/api/v1/reports/no-such-report"),
  at("read", "GET", "/api/v1/monitoring/dashboard"),
  at("read", "GET", "/live"),
  at("read", "GET", "/session"),
  at("public", "POST", "/session", undefined, json(4 * KIB)),
  // Alerts and incidents.
  at("read", "GET", "/api/v1/alerts/active"),
  at("read", "GET", "/api/v1/alerts/history"),
  at("read", "GET", "/api/v1/alerts/groups"),
  at("read", "POST", "/api/v1/alerts/explain", undefined, json(64 * KIB)),
  at("admin", "POST", "/api/v1/alerts/test", undefined, json(64 * KIB)),
  at("read", "GET", "/api/v1/alerts/test/:id", "/api/v1/alerts/test/none"),
  at("read", "POST", "/api/v1/alerts/route", undefined, json(ROUTE_TEST_BODY_LIMIT)),
  at("admin", "POST", "/api/v1/alerts/:fingerprint/ack", "/api/v1/alerts/00ff/ack"),
  at("admin", "POST", "/api/v1/alerts/:fingerprint/resolve", "/api/v1/alerts/00ff/resolve"),
  at("read", "GET", "/api/v1/silences"),
  at("admin", "POST", "/api/v1/silences", undefined, json(64 * KIB)),
  at("admin", "DELETE", "/api/v1/silences/:id", "/api/v1/silences/no-such-silence"),
  at(
    "admin",
    "POST",
    "/api/v1/alerts/:fingerprint/silence",
    "/api/v1/alerts/0123456789abcdef/silence",
    json(64 * KIB),
  ),
  at("read", "GET", "/api/v1/maintenance-windows"),
  at("admin", "POST", "/api/v1/maintenance-windows", undefined, json(64 * KIB)),
  at(
    "admin",
    "PUT",
    "/api/v1/maintenance-windows/:id",
    "/api/v1/maintenance-windows/no-such-window",
    json(64 * KIB),
  ),
  at(
    "admin",
    "DELETE",
    "/api/v1/maintenance-windows/:id",
    "/api/v1/maintenance-windows/no-such-window",
  ),
  at("read", "GET", "/api/v1/receivers"),
  // Alertmanager's own API.
  at("read", "GET", "/api/v2/status"),
  at("read", "GET", "/api/v2/receivers"),
  at("read", "GET", "/api/v2/silences"),
  at("admin", "POST", "/api/v2/silences", undefined, json(SILENCE_BODY_LIMIT)),
  ...["GET", "DELETE"].map((method) =>
    at(
      method === "GET" ? "read" : "admin",
      method,
      "/api/v2/silence/:id",
      `/api/v2/silence/${NO_SILENCE}`,
    ),
  ),
  at("read", "GET", "/api/v2/alerts"),
  at("ingest", "POST", "/api/v2/alerts", undefined, json(ALERTS_BODY_LIMIT)),
  at("read", "GET", "/api/v2/alerts/groups"),
  at("admin", "POST", "/api/v1/receivers/:name/test", "/api/v1/receivers/nobody/test"),
  at("read", "GET", "/api/v1/receiver/inbox"),
  at("read", "GET", "/api/v1/notifications"),
  at("read", "GET", "/api/v1/heartbeats"),
  at("read", "GET", "/api/v1/heartbeats/:name", "/api/v1/heartbeats/none"),
  at("admin", "POST", "/api/v1/heartbeats", undefined, json(64 * KIB)),
  at("admin", "DELETE", "/api/v1/heartbeats/:name", "/api/v1/heartbeats/none"),
  at("admin", "POST", "/api/v1/heartbeats/:name/key", "/api/v1/heartbeats/none/key"),
  at("read", "GET", "/config/v1/heartbeats"),
  at("admin", "PUT", "/config/v1/heartbeats", undefined, yaml(KIB * KIB)),
  at("read", "GET", "/api/v1/incidents"),
  at("read", "GET", "/api/v1/incidents/:id", "/api/v1/incidents/none"),
  ...["acknowledge", "resolve", "assign", "notes"].map((name) =>
    at(
      "admin",
      "POST",
      `/api/v1/incidents/:id/${name}`,
      `/api/v1/incidents/none/${name}`,
      json(16 * KIB),
    ),
  ),
  // Configuration.
  at("read", "GET", "/config/v1/rules"),
  at("read", "GET", "/config/v1/rules/:namespace", "/config/v1/rules/none"),
  at("read", "GET", "/config/v1/rules/:namespace/:group", "/config/v1/rules/none/none"),
  at("admin", "POST", "/config/v1/rules/:namespace", "/config/v1/rules/bad", yaml(KIB * KIB)),
  at("admin", "PUT", "/config/v1/rules/:namespace", "/config/v1/rules/bad", yaml(KIB * KIB)),
  at("admin", "DELETE", "/config/v1/rules/:namespace", "/config/v1/rules/none"),
  at("admin", "DELETE", "/config/v1/rules/:namespace/:group", "/config/v1/rules/none/none"),
  at("read", "POST", "/api/v1/rules/test", undefined, json(KIB * KIB)),
  at("read", "POST", "/api/v1/rules/compile", undefined, yaml(256 * KIB)),
  at("read", "POST", "/api/v1/rules/backtest", undefined, yaml(256 * KIB)),
  at("admin", "GET", "/config/v1/alertmanager"),
  at("admin", "PUT", "/config/v1/alertmanager", undefined, yaml(KIB * KIB)),
  at("admin", "POST", "/config/v1/alertmanager", undefined, yaml(KIB * KIB)),
  ...["prometheus", "probes"].flatMap((name) => [
    at("admin", "GET", `/config/v1/${name}`),
    at("admin", "PUT", `/config/v1/${name}`, undefined, yaml(KIB * KIB)),
  ]),
  at("admin", "DELETE", "/config/v1/prometheus"),
  at("admin", "GET", "/config/v1/secrets"),
  at("admin", "PUT", "/config/v1/secrets/:name", "/config/v1/secrets/A", json(64 * KIB)),
  at("admin", "DELETE", "/config/v1/secrets/:name", "/config/v1/secrets/NONE"),
  at("read", "GET", "/config/v1/escalation"),
  at("admin", "PUT", "/config/v1/escalation", undefined, yaml(64 * KIB)),
  ...["anomalies", "reports", "analytics_rollup", "retention"].flatMap((name) => [
    at("read", "GET", `/config/v1/${name}`),
    at("admin", "PUT", `/config/v1/${name}`, undefined, json(256 * KIB)),
  ]),
  at("read", "GET", "/config/v1/figures"),
  at("admin", "PUT", "/config/v1/figures", undefined, json(64 * KIB)),
  at("admin", "DELETE", "/config/v1/figures"),
  at("admin", "GET", "/config/v1/tokens"),
  at("admin", "POST", "/config/v1/tokens", undefined, json(16 * KIB)),
  at("admin", "DELETE", "/config/v1/tokens/:id", "/config/v1/tokens/no-such-token"),
];

/** Open to everyone: nothing of a project is behind them. */
export const PUBLIC_ROUTES: readonly string[] = [
  "GET /healthz",
  "GET /-/healthy",
  "GET /-/ready",
  "GET /api/health",
  "GET /b.js",
  "GET /openapi.json",
  "GET /docs/errors",
  // Asks for BOOTSTRAP_SECRET instead of a token.
  "POST /config/v1/bootstrap",
  // Takes a cookie away.
  "DELETE /session",
  "GET /",
  "GET /favicon.svg",
  // The address itself is signed.
  "GET /a/:token",
  "POST /a/:token",
  // The key in the address is the secret, and no body is refused.
  "GET /api/v1/heartbeat/:key",
  "POST /api/v1/heartbeat/:key",
  "GET /api/v1/heartbeat/:key/:signal",
  "POST /api/v1/heartbeat/:key/:signal",
];
