import { Hono } from "hono";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { refuse } from "../prometheus/respond";
import { backFill } from "./back-fill";
import { cleanTombstones, deleteSeries, snapshot } from "./delete-series";

/** What deletes metrics, and what writes past the ordinary way in. */
export function metricsAdminRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const admin = requireScope("admin", refuse);
  const change = ["POST", "PUT"];
  app.on(change, "/api/v1/admin/tsdb/delete_series", admin, deleteSeries);
  app.on(change, "/api/v1/admin/tsdb/clean_tombstones", admin, cleanTombstones);
  app.on(change, "/api/v1/admin/tsdb/snapshot", admin, snapshot);
  app.post("/api/v1/import/prometheus-dump", requireScope("ingest"), backFill);
  return app;
}
