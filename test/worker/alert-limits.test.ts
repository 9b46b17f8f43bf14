import { env, exports } from "cloudflare:workers";
import { beforeAll, expect, it, vi } from "vitest";
import type { ActiveAlert } from "../../src/alerting/model";
import type { AlertInstance } from "../../src/core/alerts";
import type { AlertRouterRpc } from "../../src/core/objects";

// The stub answers any method by RPC; the interface says which the class has.
const router = env.ALERT_ROUTER.getByName("default/router") as unknown as AlertRouterRpc;

async function api(path: string, body?: unknown, method = "POST"): Promise<Response> {
  const headers = { authorization: "Bearer vdt_admin_local", "content-type": "application/json" };
  const init = body === undefined ? {} : { method, body: JSON.stringify(body) };
  return exports.default.fetch(new Request(`http://vedette.test${path}`, { headers, ...init }));
}

beforeAll(async () => {
  const config = {
    route: { receiver: "both", group_by: ["alertname"], group_wait: "0s", group_interval: "1s" },
    receivers: [{ name: "both", builtin_configs: [{}], incident_configs: [{}] }],
  };
  expect((await api("/config/v1/alertmanager", config, "PUT")).status).toBe(200);
});

async function activeAlerts(): Promise<readonly ActiveAlert[]> {
  const r = await api("/api/v1/alerts/active");
  return (await r.json<{ alerts: ActiveAlert[] }>()).alerts;
}

async function told(alertname: string): Promise<{ reason: string; alerts: number; cut: number }[]> {
  const r = await api("/api/v1/receiver/inbox?limit=500");
  const { messages } = await r.json<{
    messages: {
      reason: string;
      data: { groupLabels: object; alerts: unknown[]; truncatedAlerts: number };
    }[];
  }>();
  return messages
    .filter((m) => JSON.stringify(m.data.groupLabels) === JSON.stringify({ alertname }))
    .map((m) => ({
      reason: m.reason,
      alerts: m.data.alerts.length,
      cut: m.data.truncatedAlerts,
    }));
}

const soon = { timeout: 20_000, interval: 200 };

it("a flood whose texts have three bytes a character opens its incident and is told, and so is what comes after it", async () => {
  const now = Date.now();
  const instance = (alertname: string, i: number): AlertInstance => ({
    labels: { alertname, severity: "critical", instance: `host-${i}` },
    annotations: { summary: "水".repeat(400) },
    startsAtMs: now,
    endsAtMs: now + 600_000,
    status: "firing",
    generatorUrl: "",
    value: 1,
  });
  const flood = Array.from({ length: 10_000 }, (_, i) => instance("Flood", i));
  const set = { generation: 1, evaluatedAtMs: now };
  await router.receive({ ...set, source: "ns/flood", alerts: flood });
  await router.receive({ ...set, source: "ns/after", alerts: [instance("After", 1)] });
  await vi.waitFor(async () => {
    expect(await told("After")).toMatchObject([{ alerts: 1, cut: 0 }]);
    const [message] = await told("Flood");
    expect((message?.alerts ?? 0) + (message?.cut ?? 0)).toBe(10_000);
  }, soon);
  await vi.waitFor(async () => {
    const r = await api("/api/v1/incidents");
    const { incidents } = await r.json<{ incidents: { id: string; title: string }[] }>();
    const found = incidents.find((i) => i.title.startsWith("Flood"));
    const one = await api(`/api/v1/incidents/${found?.id}`);
    const { timeline } = await one.json<{ timeline: { text: string }[] }>();
    expect(timeline[0]?.text).toContain("10000 alerts");
  }, soon);
}, 60_000);

it("an alert larger than a row may bear is refused by name, the others of the post are taken", async () => {
  const posted = [
    { labels: { alertname: "Huge", text: "x".repeat(70_000) } },
    { labels: { alertname: "Small" } },
    { labels: { alertname: "Large", text: '"'.repeat(65_000) } },
  ];
  const r = await api("/api/v2/alerts", posted);
  expect([r.status, await r.json()]).toEqual([
    400,
    expect.stringMatching(/^the alert is too large: 70017 characters .*limit: 65536/),
  ]);
  await vi.waitFor(async () => {
    expect(await told("Small")).toHaveLength(1);
    expect(await told("Large")).toMatchObject([{ alerts: 1 }]);
    expect(await told("Huge")).toEqual([]);
  }, soon);
}, 60_000);

it("beyond the limits new alerts are refused and known ones live on", async () => {
  const text = "y".repeat(60_000);
  let refused = "";
  for (let round = 0; round < 4; round++) {
    const many = Array.from({ length: 50 }, (_, i) => ({
      labels: { alertname: "Many", text, n: `${round}-${i}` },
    }));
    const r = await api("/api/v2/alerts", many);
    if (r.status !== 200) refused = await r.json();
  }
  expect(refused).toMatch(/^exceeded maximum number of alerts: \d+ alerts have no room/);
  const known = { alertname: "Many", text, n: "0-0" };
  expect((await api("/api/v2/alerts", [{ labels: known }])).status).toBe(200);
  const now = new Date().toISOString();
  expect((await api("/api/v2/alerts", [{ labels: known, endsAt: now }])).status).toBe(200);
  const active = await activeAlerts();
  const chars = active.filter((a) => a.source === "api").length * 60_000;
  expect(chars).toBeLessThan(9 * 1024 * 1024);
  const groups = await api("/api/v1/alerts/groups");
  expect((await groups.json<{ groups: unknown[] }>()).groups.length).toBeGreaterThan(3);
}, 120_000);

it("half of a surrogate pair becomes U+FFFD, as in Go, and NUL is a character", async () => {
  const body = String.raw`[{"labels":{"alertname":"Odd","half":"a\ud800b","nul":"a\u0000b"},"annotations":{"summary":"\udfff\u0000"}}]`;
  const r = await exports.default.fetch("http://vedette.test/api/v2/alerts", {
    method: "POST",
    headers: { authorization: "Bearer vdt_ingest_local", "content-type": "application/json" },
    body,
  });
  expect(r.status).toBe(200);
  const active = await activeAlerts();
  expect(active.find((a) => a.labels["alertname"] === "Odd")).toMatchObject({
    labels: { half: "a\ufffdb", nul: "a\u0000b" },
    annotations: { summary: "\ufffd\u0000" },
  });
  await vi.waitFor(async () => {
    const h = await api("/api/v1/alerts/history?name=Odd");
    const { alerts } = await h.json<{ alerts: { labels: object }[] }>();
    expect(alerts[0]?.labels).toMatchObject({ half: "a\ufffdb", nul: "a\u0000b" });
  }, soon);
}, 60_000);
