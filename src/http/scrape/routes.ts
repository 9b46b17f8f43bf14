import { Hono } from "hono";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { refuse } from "../prometheus/respond";
import { deletePrometheus, getProbes, getPrometheus, putProbes, putPrometheus } from "./config";
import { probe } from "./probe";
import { alertmanagers, scrapePools, statusConfig, targetMetadata, targets } from "./targets";

/** Scraping: prometheus.yml and blackbox.yml, and what Prometheus' API tells of targets. */
export function scrapeRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const read = requireScope("read", refuse);
  app.get("/config/v1/prometheus", requireScope("admin"), getPrometheus);
  app.put("/config/v1/prometheus", requireScope("admin"), putPrometheus);
  app.delete("/config/v1/prometheus", requireScope("admin"), deletePrometheus);
  app.get("/config/v1/probes", requireScope("admin"), getProbes);
  app.put("/config/v1/probes", requireScope("admin"), putProbes);
  app.get("/probe", requireScope("read"), probe);
  app.get("/api/v1/targets", read, targets);
  app.get("/api/v1/targets/metadata", read, targetMetadata);
  app.get("/api/v1/scrape_pools", read, scrapePools);
  app.get("/api/v1/status/config", read, statusConfig);
  app.get("/api/v1/alertmanagers", read, alertmanagers);
  return app;
}
