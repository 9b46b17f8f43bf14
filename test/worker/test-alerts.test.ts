import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Explanation } from "../../src/alerting/explain";
import type { AlertRouterRpc } from "../../src/core/objects";
import type { PastNotification } from "../../src/notify/history";

// The stub answers any method by RPC; the interface says which the class has.
const router = env.ALERT_ROUTER.getByName("default/router") as unknown as AlertRouterRpc;

async function api(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("authorization", "Bearer vdt_admin_local");
  return exports.default.fetch(new Request(`http://vedette.test${path}`, { ...init, headers }));
}

const post = async <T>(path: string, body: object): Promise<T> => {
  const r = await api(path, { method: "POST", body: JSON.stringify(body) });
  expect(r.status).toBeLessThan(300);
  return (await r.json()) as T;
};

const CONFIG = `
route:
  receiver: everything
  group_wait: 0s
  group_interval: 1s
  routes:
    - matchers: [team="db"]
      receiver: dba
      group_by: [alertname]
      continue: true
    - matchers: [team="db", severity="critical"]
      receiver: pager
      group_wait: 1h
    - matchers: [team="night"]
      receiver: dba
      active_time_intervals: [never]
time_intervals:
  - name: never
    time_intervals: [{ years: ["1999"] }]
inhibit_rules:
  - source_matchers: [alertname="Cluster"]
    target_matchers: [alertname="Node"]
    equal: [cluster]
receivers:
  - name: everything
  - name: dba
    webhook_configs: [{ url: "http://hooks.test/dba" }]
  - name: pager
    webhook_configs: [{ url: "http://hooks.test/pager" }]
`;

interface Test extends Explanation {
  readonly id: string;
  readonly status: string;
  readonly notifications: readonly PastNotification[];
}

let bodies: string[] = [];
const realFetch = globalThis.fetch;
beforeEach(async () => {
  bodies = [];
  globalThis.fetch = (async (_: RequestInfo | URL, init?: RequestInit) => {
    bodies.push(String(init?.body));
    return new Response("taken with thanks", { status: 202 });
  }) as typeof fetch;
  const r = await api("/config/v1/alertmanager", { method: "PUT", body: CONFIG });
  expect([r.status, await r.text()]).toEqual([200, expect.stringContaining("version")]);
});
afterEach(() => {
  globalThis.fetch = realFetch;
});

const explain = (labels: Record<string, string>): Promise<Explanation> =>
  post("/api/v1/alerts/explain", { labels });

it("goes through the whole chain, marked as a test, and shows each stage, group and delivery", async () => {
  const sent = await post<Test>("/api/v1/alerts/test", {
    labels: { alertname: "DiskFull", team: "db", severity: "critical" },
    annotations: { summary: "disk of a <test>" },
    resolve_after: "2s",
  });
  expect(sent.labels["vedette_test"]).toBe(sent.id);
  expect(sent.routes.map((r) => [r.receiver, r.heldBy, r.group.key])).toEqual([
    ["dba", null, '{}/{team="db"}:{alertname="DiskFull"}'],
    ["pager", null, '{}/{severity="critical",team="db"}:{}'],
  ]);
  const test = await vi.waitFor(async () => {
    const t = (await (await api(`/api/v1/alerts/test/${sent.id}`)).json()) as Test;
    expect(t.notifications[0]?.outcome).toBe("delivered");
    return t;
  }, 5_000);
  expect(test).toMatchObject({
    status: "firing",
    alert: { status: "firing", source: `test/${sent.id}` },
    notifications: [
      {
        receiver: "dba",
        decision: "sent",
        reason: "first_notification",
        firing: [sent.fingerprint],
        outcome: "delivered",
        statusCode: 202,
        response: "taken with thanks",
        deliveries: [{ attempt: 1, outcome: "delivered" }],
      },
    ],
  });
  expect(test.notifications[0]?.latencyMs).toBeGreaterThanOrEqual(0);
  expect(test.routes[0]?.integrations).toMatchObject([
    { integration: "dba/webhook/0", knows: true, decision: "hold", reason: "none" },
  ]);
  // The other receiver waits for its group.
  expect(test.routes[1]?.group.nextFlushMs).toBeGreaterThan(Date.now() + 3_000_000);
  expect(test.routes[1]?.integrations).toMatchObject([{ knows: false, decision: "send" }]);
  expect(bodies[0]).toContain("[TEST] disk of a <test>");
  expect(bodies[0]).toContain(sent.id);
  // It resolves by itself, and that is told too.
  await vi.waitFor(
    async () => {
      const t = (await (await api(`/api/v1/alerts/test/${sent.id}`)).json()) as Test;
      expect(t.status).toBe("resolved");
      expect(t.notifications.map((n) => [n.reason, n.outcome])).toEqual([
        ["all_resolved", "delivered"],
        ["first_notification", "delivered"],
      ]);
    },
    { timeout: 12_000, interval: 200 },
  );
}, 20_000);

it("says by what an alert is held: a silence, a time interval, another alert", async () => {
  const now = Date.now();
  const { silenceID } = await post<{ silenceID: string }>("/api/v1/silences", {
    matchers: [{ name: "alertname", value: "Hushed" }],
    startsAt: new Date(now - 1_000).toISOString(),
    endsAt: new Date(now + 60_000).toISOString(),
  });
  const hushed = await explain({ alertname: "Hushed", team: "db" });
  expect(hushed.alert).toBeNull();
  expect(hushed.routes[0]).toMatchObject({
    receiver: "dba",
    heldBy: { stage: "silence", reason: "silenced", by: [silenceID] },
    integrations: [{ decision: "hold", reason: "silenced" }],
  });

  const night = await explain({ alertname: "Owl", team: "night" });
  expect(night.routes[0]?.heldBy).toMatchObject({ stage: "mute", reason: "muted", by: ["never"] });

  await router.receive({
    source: "ns/cluster",
    generation: 1,
    evaluatedAtMs: now,
    alerts: [
      {
        labels: { alertname: "Cluster", cluster: "a" },
        annotations: {},
        startsAtMs: now,
        endsAtMs: now + 60_000,
        status: "firing",
        generatorUrl: "",
        value: 1,
      },
    ],
  });
  const cluster = await explain({ alertname: "Cluster", cluster: "a" });
  const inhibited = await explain({ alertname: "Node", cluster: "a", team: "db" });
  expect(cluster.alert?.status).toBe("firing");
  expect(inhibited.routes[0]?.heldBy).toMatchObject({
    stage: "inhibit",
    reason: "inhibited",
    by: [cluster.fingerprint],
  });
  expect(
    (await explain({ alertname: "Node", cluster: "b", team: "db" })).routes[0]?.heldBy,
  ).toBeNull();
  // Nobody listens at the root.
  expect((await explain({ alertname: "Nobody" })).routes).toMatchObject([
    { route: "0", receiver: "everything", integrations: [] },
  ]);
});

it("shows why a test alert that is silenced is not told", async () => {
  await post("/api/v1/silences", {
    matchers: [{ name: "vedette_test", value: ".+", isRegex: true }],
    startsAt: new Date().toISOString(),
    endsAt: new Date(Date.now() + 60_000).toISOString(),
  });
  const { id } = await post<Test>("/api/v1/alerts/test", { labels: { team: "db" } });
  await vi.waitFor(async () => {
    const t = (await (await api(`/api/v1/alerts/test/${id}`)).json()) as Test;
    expect(t.routes[0]?.heldBy?.reason).toBe("silenced");
    expect(t.notifications).toMatchObject([{ decision: "held", reason: "silenced" }]);
  });
  expect(bodies.some((b) => b.includes(id))).toBe(false);
});

it("refuses what is no test, and knows none that was not sent", async () => {
  for (const body of [
    { resolve_after: "2h" },
    { resolve_after: "x" },
    { labels: { "a-b": "c" } },
    { label: {} },
  ]) {
    const r = await api("/api/v1/alerts/test", { method: "POST", body: JSON.stringify(body) });
    expect([body, r.status]).toEqual([body, 400]);
  }
  const r = await api("/api/v1/alerts/test/none");
  expect([r.status, await r.json()]).toMatchObject([404, { code: "test_alert_unknown" }]);
});
