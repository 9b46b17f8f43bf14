import { Hono } from "hono";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { importPrometheus } from "./exposition";
import { otlpRefusal } from "../otlp/respond";
import { nativeMetrics } from "./native";
import { otlpMetrics } from "./otlp";
import { deleteGroup, gatewayStatus, listGroups, pushGroup, wipeGroups } from "./pushgateway";
import { remoteWrite, textRefusal } from "./remote-write";

/** Every way by which metrics come in. */
export function ingestMetricsRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.post("/api/v1/write", requireScope("ingest", textRefusal), remoteWrite);
  app.post("/api/v1/import/prometheus", requireScope("ingest"), importPrometheus);
  app.post("/api/v1/ingest/metrics", requireScope("ingest"), nativeMetrics);
  for (const path of ["/v1/metrics", "/api/v1/otlp/v1/metrics"])
    app.post(path, requireScope("ingest", otlpRefusal), otlpMetrics);
  for (const path of ["/metrics/job/*", "/metrics/job@base64/*"]) {
    app.on(["PUT", "POST"], path, requireScope("ingest", textRefusal), pushGroup);
    app.delete(path, requireScope("ingest", textRefusal), deleteGroup);
  }
  app.get("/api/v1/metrics", requireScope("read", textRefusal), listGroups);
  app.get("/api/v1/status", requireScope("read", textRefusal), gatewayStatus);
  app.put("/api/v1/admin/wipe", requireScope("admin", textRefusal), wipeGroups);
  return app;
}
