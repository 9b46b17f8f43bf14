import { Hono } from "hono";
import type { AppEnv } from "../deps";
import { alertRoutes } from "./alerts";
import { alertmanagerConfigRoutes } from "./configuration";
import { heartbeatRoutes } from "./heartbeats";
import { linkRoutes } from "./links";
import { notificationRoutes } from "./notifications";
import { secretRoutes } from "../settings/secrets";
import { receiverRoutes } from "./receivers";
import { routeTestRoutes } from "./route-test";
import { testAlertRoutes } from "./test-alerts";
import { silenceRoutes } from "./silences";
import { windowRoutes } from "./windows";

/** Alert routing and notification as Vedette's own API. */
export function alertingRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.route("/", alertmanagerConfigRoutes());
  app.route("/", secretRoutes());
  app.route("/", alertRoutes());
  app.route("/", routeTestRoutes());
  app.route("/", silenceRoutes());
  app.route("/", windowRoutes());
  app.route("/", receiverRoutes());
  app.route("/", notificationRoutes());
  app.route("/", linkRoutes());
  app.route("/", testAlertRoutes());
  app.route("/", heartbeatRoutes());
  return app;
}
