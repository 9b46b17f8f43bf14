import { Hono } from "hono";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { formatQuery, parseQuery } from "./expression";
import { labelNames, labelValues, metadata, seriesQuery } from "./metadata";
import { instantQuery, rangeQuery } from "./query";
import { refuse, success } from "./respond";

/** The Prometheus release whose query API and language this follows; data sources switch features on by it. */
const PROMETHEUS_VERSION = "3.5.0";

/** Prometheus' query API (https://prometheus.io/docs/prometheus/latest/querying/api/). */
export function prometheusRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const read = requireScope("read", refuse);
  const both = ["GET", "POST"];
  app.on(both, "/api/v1/query", read, instantQuery);
  app.on(both, "/api/v1/query_range", read, rangeQuery);
  app.on(both, "/api/v1/series", read, seriesQuery);
  app.on(both, "/api/v1/labels", read, labelNames);
  app.get("/api/v1/label/:name/values", read, labelValues);
  app.get("/api/v1/metadata", read, metadata);
  app.on(both, "/api/v1/format_query", read, formatQuery);
  app.on(both, "/api/v1/parse_query", read, parseQuery);
  app.get("/api/v1/status/buildinfo", read, () =>
    success({
      version: PROMETHEUS_VERSION,
      revision: "",
      branch: "",
      buildUser: "vedette",
      buildDate: "",
      goVersion: "",
    }),
  );
  return app;
}
