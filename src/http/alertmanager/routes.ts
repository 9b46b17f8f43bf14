import { Hono } from "hono";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { readFilter } from "./filter";
import { postAlerts } from "./post-alerts";
import { answerJson, refuseToken, refused } from "./respond";
import { deleteSilence, getSilence, listSilences, postSilence } from "./silences";
import { receivers, status } from "./status";

/** Alertmanager's API v2 (alertmanager/api/v2/openapi.yaml), as 0.34 answers. */
export function alertmanagerRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const read = requireScope("read", refuseToken);
  const admin = requireScope("admin", refuseToken);
  app.get("/api/v2/status", read, status);
  app.get("/api/v2/receivers", read, receivers);
  app.get("/api/v2/silences", read, listSilences);
  app.post("/api/v2/silences", admin, postSilence);
  app.get("/api/v2/silence/:id", read, getSilence);
  app.delete("/api/v2/silence/:id", admin, deleteSilence);
  app.get("/api/v2/alerts", read, async (c) => {
    const filter = readFilter(c);
    if (!filter.ok) return refused(400, filter.error);
    const router = c.get("deps").objects(c.get("actor").projectId).alertRouter();
    return answerJson(await router.v2Alerts(JSON.stringify(filter.value)));
  });
  app.post("/api/v2/alerts", requireScope("ingest", refuseToken), postAlerts);
  app.get("/api/v2/alerts/groups", read, async (c) => {
    const filter = readFilter(c);
    if (!filter.ok) return refused(400, filter.error);
    const router = c.get("deps").objects(c.get("actor").projectId).alertRouter();
    return answerJson(await router.v2Groups(JSON.stringify(filter.value)));
  });
  return app;
}
