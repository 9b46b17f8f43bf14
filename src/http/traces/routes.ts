import { Hono } from "hono";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { otlpRefusal } from "../otlp/respond";
import { orRefusal } from "../store-refusal";
import { otlpTraces } from "./otlp";
import { getTrace, listTraces } from "./read";

/** Traces: in by OTLP, out by id or by what they were like. */
export function traceRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.post("/v1/traces", requireScope("ingest", otlpRefusal), otlpTraces);
  app.get("/api/v1/traces", requireScope("read"), (c) => orRefusal(c, () => listTraces(c)));
  app.get("/api/v1/traces/:id", requireScope("read"), (c) => orRefusal(c, () => getTrace(c)));
  return app;
}
