import { env, exports } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import type { AlertInstance } from "../../src/core/alerts";
import type { AlertRouterRpc } from "../../src/core/objects";
import { makeAlertHistory } from "../../src/storage/alert-history";
import { makeNotificationHistory } from "../../src/storage/notification-history";

// The stub answers any method by RPC; the interface says which the class has.
const router = env.ALERT_ROUTER.getByName("default/router") as unknown as AlertRouterRpc;
const ALERTS = 5_000;

it("takes thousands of alerts at once, more than a row holds, into the history", async () => {
  const put = await exports.default.fetch("http://vedette.test/config/v1/alertmanager", {
    method: "PUT",
    headers: { authorization: "Bearer vdt_admin_local", "content-type": "application/yaml" },
    body: `route: { receiver: inbox, group_by: [alertname], group_wait: 0s }
receivers: [{ name: inbox, builtin_configs: [{}] }]`,
  });
  expect(put.status).toBe(200);
  const now = Date.now();
  const alerts = Array.from({ length: ALERTS }, (_, i): AlertInstance => ({
    labels: { alertname: "Flood", instance: `host-${i}` },
    annotations: { summary: "水".repeat(200) },
    startsAtMs: now,
    endsAtMs: now + 600_000,
    status: "firing",
    generatorUrl: "",
    value: 1,
  }));
  await router.receive({ source: "ns/flood", generation: 1, evaluatedAtMs: now, alerts });
  const history = makeAlertHistory(env.DB, "default");
  await vi.waitFor(async () => expect((await history.totals(now, now + 1)).fired).toBe(ALERTS), {
    timeout: 30_000,
    interval: 250,
  });
  const messages = makeNotificationHistory(env.DB, "default");
  await vi.waitFor(
    async () => {
      const [sent] = await messages.search({ fromMs: now, toMs: now + 60_000, limit: 10 });
      expect(sent).toMatchObject({ decision: "sent", alertNames: ["Flood"], outcome: "delivered" });
      // Of more members than a reader can use the first are kept.
      expect(sent?.firing.length).toBe(1_000);
    },
    { timeout: 30_000, interval: 250 },
  );
}, 90_000);
