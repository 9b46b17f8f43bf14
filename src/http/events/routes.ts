import { Hono } from "hono";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { beacon, beaconPreflight, beaconScript } from "./beacon";
import { nativeEvents } from "./native";
import { listEvents, summariseEvents } from "./read";

/** Product events: in from servers and from pages, out as lists and totals. */
export function eventRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.post("/api/v1/ingest/events", requireScope("ingest"), nativeEvents);
  app.get("/b.js", beaconScript);
  app.post("/e", requireScope("beacon"), beacon);
  app.options("/e", requireScope("beacon"), beaconPreflight);
  app.get("/api/v1/events", requireScope("read"), listEvents);
  app.get("/api/v1/events/summary", requireScope("read"), summariseEvents);
  return app;
}
