import { Hono } from "hono";
import { alertingRoutes } from "./http/alerting/routes";
import { alertmanagerRoutes } from "./http/alertmanager/routes";
import type { AppEnv } from "./http/deps";
import { eventRoutes } from "./http/events/routes";
import { healthRoutes } from "./http/health";
import { escalationRoutes } from "./http/incidents/escalation";
import { incidentRoutes } from "./http/incidents/routes";
import { jobRoutes } from "./http/jobs/routes";
import { ingestMetricsRoutes } from "./http/ingest-metrics/routes";
import { dashboardRoutes } from "./http/live/dashboard";
import { figureRoutes } from "./http/live/figures";
import { liveRoutes } from "./http/live/routes";
import { logRoutes } from "./http/logs/routes";
import { localHost } from "./http/local-host";
import { metricsAdminRoutes } from "./http/metrics-admin/routes";
import { observe } from "./http/observe";
import { openapiRoutes } from "./http/openapi/routes";
import { pageRoutes } from "./http/pages";
import { problem } from "./http/problem";
import { prometheusRoutes } from "./http/prometheus/routes";
import { rateLimit } from "./http/rate-limit";
import { answerUnexpected } from "./http/report-error";
import { reportRoutes } from "./http/reports/routes";
import { ruleRoutes } from "./http/rules/routes";
import { scrapeRoutes } from "./http/scrape/routes";
import { securityHeaders } from "./http/security-headers";
import { sessionRoutes } from "./http/session";
import { settingRoutes } from "./http/settings/routes";
import { spillRoutes } from "./http/spill/routes";
import { tokenRoutes } from "./http/tokens";
import { traceRoutes } from "./http/traces/routes";

/** The Hono app: middleware order and mounts, nothing else. Built once per isolate; the ports come with each request. */
export function makeApp(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    c.set("deps", c.env);
    await next();
  });
  app.use(observe());
  app.use(securityHeaders());
  app.use(localHost());
  app.use(rateLimit());
  app.onError(answerUnexpected);
  app.notFound((c) =>
    problem(c, {
      status: 404,
      code: "not_found",
      detail: `there is nothing at ${c.req.method} ${c.req.path}`,
    }),
  );

  app.route("/", healthRoutes());
  app.route("/", openapiRoutes());
  app.route("/", ingestMetricsRoutes());
  app.route("/", metricsAdminRoutes());
  app.route("/", scrapeRoutes());
  app.route("/", logRoutes());
  app.route("/", traceRoutes());
  app.route("/", spillRoutes());
  app.route("/", eventRoutes());
  app.route("/", tokenRoutes());
  app.route("/", jobRoutes());
  app.route("/", incidentRoutes());
  app.route("/", reportRoutes());
  app.route("/", settingRoutes());
  app.route("/", escalationRoutes());
  app.route("/", sessionRoutes());
  app.route("/", liveRoutes());
  app.route("/", dashboardRoutes());
  app.route("/", figureRoutes());
  app.route("/", prometheusRoutes());
  app.route("/", ruleRoutes());
  app.route("/", alertingRoutes());
  app.route("/", alertmanagerRoutes());
  app.route("/", pageRoutes());
  return app;
}
