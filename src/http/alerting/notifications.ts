import { Hono } from "hono";
import { loadRouterConfig } from "../../alerting/effective-config";
import type { NotificationLogEntry } from "../../alerting/model";
import type { DeliveryLogEntry } from "../../notify/model";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { problem } from "../problem";
import { readLimit } from "./query";

/** `/api/v1/notifications`: what was decided and why, with every attempt to deliver it. */
export function notificationRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get("/api/v1/notifications", requireScope("read"), async (c) => {
    const limit = readLimit(c);
    if (!limit.ok) return problem(c, limit.error);
    const deps = c.get("deps");
    const projectId = c.get("actor").projectId;
    const objects = deps.objects(projectId);
    const [log, config] = await Promise.all([
      objects.alertRouter().notificationLog(limit.value),
      loadRouterConfig(deps.configStore(projectId), deps.config.local),
    ]);
    const entries = JSON.parse(log) as NotificationLogEntry[];
    const ids = new Set(
      config.receivers
        .flatMap((r) => r.integrations)
        .filter((i) => i.type !== "incident")
        .map((i) => i.id),
    );
    // A receiver that left the configuration still has the log of what it sent.
    for (const e of entries)
      if (e.decision === "sent" && !e.integration.includes("/incident/")) ids.add(e.integration);
    const logs = await Promise.all(
      [...ids].map((id) => objects.receiver(id).deliveries(limit.value)),
    );
    const deliveries = logs.flatMap((json) => JSON.parse(json) as DeliveryLogEntry[]);
    return c.json({
      notifications: entries.map((e) => ({ ...e, deliveries: attemptsOf(e.id, deliveries) })),
      // Escalations, reports and tests are sent without a decision of the router.
      other_deliveries: deliveries
        .filter((d) => !entries.some((e) => e.id === d.notificationId))
        .sort((a, b) => b.atMs - a.atMs)
        .slice(0, limit.value),
    });
  });
  return app;
}

/** Oldest first. */
function attemptsOf(id: string, deliveries: readonly DeliveryLogEntry[]): DeliveryLogEntry[] {
  return deliveries.filter((d) => d.notificationId === id).sort((a, b) => a.attempt - b.attempt);
}
