import { Hono } from "hono";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { importPrometheus } from "./exposition";
import { nativeMetrics } from "./native";
import { remoteWrite, textRefusal } from "./remote-write";

/** Every way by which metrics come in. */
export function ingestMetricsRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.post("/api/v1/write", requireScope("ingest", textRefusal), remoteWrite);
  app.post("/api/v1/import/prometheus", requireScope("ingest"), importPrometheus);
  app.post("/api/v1/ingest/metrics", requireScope("ingest"), nativeMetrics);
  return app;
}
