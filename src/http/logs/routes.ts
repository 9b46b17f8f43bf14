import { Hono } from "hono";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { otlpRefusal } from "../otlp/respond";
import { orRefusal } from "../store-refusal";
import { nativeLogs } from "./native";
import { otlpLogs } from "./otlp";
import { searchLogs } from "./search";

/** Log lines: in by OTLP and by JSON, out by words. */
export function logRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.post("/v1/logs", requireScope("ingest", otlpRefusal), otlpLogs);
  app.post("/api/v1/ingest/logs", requireScope("ingest"), nativeLogs);
  app.get("/api/v1/logs", requireScope("read"), (c) => orRefusal(c, () => searchLogs(c)));
  return app;
}
