import { Hono } from "hono";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { beacon, beaconPreflight, beaconScript } from "./beacon";
import { nativeEvents } from "./native";
import { orRefusal } from "../store-refusal";
import { listEvents, summariseEvents } from "./read";

/** Product events: in from servers and from pages, out as lists and totals. */
export function eventRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.post("/api/v1/ingest/events", requireScope("ingest"), nativeEvents);
  app.get("/b.js", beaconScript);
  app.post("/e", requireScope("beacon"), beacon);
  app.options("/e", requireScope("beacon"), beaconPreflight);
  app.get("/api/v1/events", requireScope("read"), (c) => orRefusal(c, () => listEvents(c)));
  app.get("/api/v1/events/summary", requireScope("read"), (c) =>
    orRefusal(c, () => summariseEvents(c)),
  );
  return app;
}
