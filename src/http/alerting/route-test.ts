import { Hono } from "hono";
import * as z from "zod";
import { configInForce } from "../../alerting/effective-config";
import { type TakingRoute, takingRoutes } from "../../alerting/route-test";
import { renderDuration } from "../../core/duration";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { readJson } from "../json";
import { problem } from "../problem";

export const ROUTE_TEST_BODY_LIMIT = 64 * 1024;

/** The labels of an alert that there need not be. */
export const RouteTestBody = z.strictObject({ labels: z.record(z.string(), z.string()) });

/** Who would be told of an alert, by the configuration in force, and in which group. Nothing is sent. */
export function routeTestRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.post("/api/v1/alerts/route", requireScope("read"), async (c) => {
    const body = await readJson(c, RouteTestBody, ROUTE_TEST_BODY_LIMIT);
    if (!body.ok) return problem(c, body.error);
    const config = await configInForce(c.get("deps").objects(c.get("actor").projectId));
    const taking = takingRoutes(config, body.value.labels);
    return c.json({
      receivers: taking.map((t) => t.route.receiver),
      routes: taking.map(shown),
    });
  });
  return app;
}

function shown({ route, groupLabels, groupKey }: TakingRoute): object {
  return {
    id: route.id,
    receiver: route.receiver,
    group_by: route.groupBy === "all" ? ["..."] : route.groupBy,
    group_labels: groupLabels,
    group_key: groupKey,
    group_wait: renderDuration(route.groupWaitMs),
    group_interval: renderDuration(route.groupIntervalMs),
    repeat_interval: renderDuration(route.repeatIntervalMs),
    mute_time_intervals: route.muteTimeIntervals ?? [],
    active_time_intervals: route.activeTimeIntervals ?? [],
  };
}
