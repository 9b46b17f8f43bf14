import { Hono } from "hono";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { cors } from "./cors";
import { queryExemplars } from "./exemplars";
import { formatQuery, parseQuery } from "./expression";
import { features } from "./features";
import { federate } from "./federate/route";
import { labelNames, labelValues, metadata, seriesQuery } from "./metadata";
import { instantQuery, rangeQuery } from "./query";
import { remoteRead } from "./remote-read/route";
import { failure, refuse, refuseText } from "./respond";
import { searchLabelNames, searchLabelValues, searchMetricNames } from "./search/route";
import { buildInfo, flags, runtimeInfo, tsdbStatus, walReplay } from "./status";

/** Prometheus' query API (https://prometheus.io/docs/prometheus/latest/querying/api/). */
export function prometheusRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const read = requireScope("read", refuse);
  const readText = requireScope("read", refuseText);
  const both = ["GET", "POST"];
  app.use("/*", cors());
  app.on(both, "/api/v1/query", read, instantQuery);
  app.on(both, "/api/v1/query_range", read, rangeQuery);
  app.on(both, "/api/v1/query_exemplars", read, queryExemplars);
  app.on(both, "/api/v1/series", read, seriesQuery);
  app.on(both, "/api/v1/labels", read, labelNames);
  app.get("/api/v1/label/:name/values", read, labelValues);
  app.get("/api/v1/metadata", read, metadata);
  app.on(both, "/api/v1/format_query", read, formatQuery);
  app.on(both, "/api/v1/parse_query", read, parseQuery);
  app.get("/api/v1/status/buildinfo", read, buildInfo);
  app.get("/api/v1/status/runtimeinfo", read, runtimeInfo);
  app.get("/api/v1/status/flags", read, flags);
  app.get("/api/v1/status/walreplay", read, walReplay);
  app.get("/api/v1/status/tsdb", read, tsdbStatus);
  app.get("/api/v1/features", read, features);
  app.on(both, "/api/v1/search/metric_names", read, searchMetricNames);
  app.on(both, "/api/v1/search/label_names", read, searchLabelNames);
  app.on(both, "/api/v1/search/label_values", read, searchLabelValues);
  // An event stream of the server's own troubles, to which its web interface listens; GET /api/health has them here.
  app.get("/api/v1/notifications/live", read, () =>
    failure({
      status: 404,
      errorType: "not_found",
      error: "there are no live notifications: GET /api/health tells what is wrong",
    }),
  );
  app.post("/api/v1/read", readText, remoteRead);
  app.get("/federate", readText, federate);
  app.get("/-/healthy", (c) => c.text("Vedette is healthy.\n"));
  app.get("/-/ready", (c) => c.text("Vedette is ready.\n"));
  return app;
}
