import { Hono } from "hono";
import type { ActiveAlert, AlertGroupView } from "../../alerting/model";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { problem } from "../problem";
import { readLimit, readTime } from "./query";

const DAY_MS = 86_400_000;

/** What is active now, as the router sees it, and taking it in hand. */
export function alertRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  // `/api/v1/alerts` is Prometheus' own; this list has silences, inhibitions, receivers and who took what.
  app.get("/api/v1/alerts/active", requireScope("read"), async (c) => {
    const router = c.get("deps").objects(c.get("actor").projectId).alertRouter();
    return c.json({ alerts: JSON.parse(await router.alerts()) as ActiveAlert[] });
  });

  app.get("/api/v1/alerts/history", requireScope("read"), async (c) => {
    const limit = readLimit(c);
    if (!limit.ok) return problem(c, limit.error);
    const now = c.get("deps").clock();
    const from = readTime(c, "from", now - DAY_MS);
    if (!from.ok) return problem(c, from.error);
    const to = readTime(c, "to", now + 1);
    if (!to.ok) return problem(c, to.error);
    const history = c.get("deps").alertHistory(c.get("actor").projectId);
    const [alerts, totals] = await Promise.all([
      history.list(from.value, to.value, limit.value),
      history.totals(from.value, to.value),
    ]);
    return c.json({ alerts, totals });
  });

  app.get("/api/v1/alerts/groups", requireScope("read"), async (c) => {
    const router = c.get("deps").objects(c.get("actor").projectId).alertRouter();
    return c.json({ groups: JSON.parse(await router.groups()) as AlertGroupView[] });
  });

  app.post("/api/v1/alerts/:fingerprint/ack", requireScope("admin"), async (c) => {
    const actor = c.get("actor");
    const fingerprint = c.req.param("fingerprint");
    const router = c.get("deps").objects(actor.projectId).alertRouter();
    if (!(await router.acknowledge(fingerprint, actor.name)))
      return problem(c, {
        status: 404,
        code: "alert_not_firing",
        detail: `no alert that fires has the fingerprint ${fingerprint}`,
      });
    return c.json({ fingerprint, acknowledged_by: actor.name });
  });

  return app;
}
