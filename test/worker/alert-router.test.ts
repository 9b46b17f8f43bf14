import { env, exports } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { NotificationLogEntry } from "../../src/alerting/model";
import type { AlertInstance, FiringSet } from "../../src/core/alerts";
import type { AlertRouterRpc, IncidentRpc } from "../../src/core/objects";
import type { DeliveryLogEntry } from "../../src/notify/model";
import { ofType, watch } from "./live/socket";

const stub = env.ALERT_ROUTER.getByName("default/router");
// The stub answers any method by RPC; the interface says which the class has.
const router = stub as unknown as AlertRouterRpc;
const ADMIN = "vdt_admin_local";

interface Call {
  readonly url: string;
  readonly body: {
    readonly status: string;
    readonly notification_reason: string;
    readonly groupKey: string;
    readonly alerts: readonly {
      readonly labels: Record<string, string>;
      readonly status: string;
    }[];
  };
}

let calls: Call[] = [];
let answer: (url: string) => Response | Promise<Response> = () => new Response("ok");
let generation = 0;
const realFetch = globalThis.fetch;

beforeEach(() => {
  calls = [];
  answer = () => new Response("ok");
  globalThis.fetch = (async (input: RequestInfo | URL, init?: RequestInit) => {
    const url = String(input instanceof Request ? input.url : input);
    calls.push({ url, body: JSON.parse(String(init?.body)) as Call["body"] });
    return answer(url);
  }) as typeof fetch;
});

afterEach(() => {
  globalThis.fetch = realFetch;
});

async function api(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${ADMIN}`);
  return exports.default.fetch(new Request(`http://vedette.test${path}`, { ...init, headers }));
}

async function configure(yaml: string): Promise<void> {
  const r = await api("/config/v1/alertmanager", { method: "PUT", body: yaml });
  expect(await r.text()).toContain("version");
  expect(r.status).toBe(200);
}

function alert(labels: Record<string, string>, extra: Partial<AlertInstance> = {}): AlertInstance {
  const now = Date.now();
  return {
    labels,
    annotations: { summary: "it burns" },
    startsAtMs: now,
    endsAtMs: now + 60_000,
    status: "firing",
    generatorUrl: "http://vedette.test/graph",
    value: 1,
    ...extra,
  };
}

function set(alerts: readonly AlertInstance[], source = "ns/group"): FiringSet {
  return { source, generation: ++generation, evaluatedAtMs: Date.now(), alerts };
}

const hook = (group: string, path = "hook"): string => `
route:
  receiver: hook
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: hook
    webhook_configs:
      - url: https://example.com/${path}
        send_resolved: true
# ${group}
`;

const firings = (): string[] =>
  calls.map((c) => `${c.body.status} ${c.body.alerts.map((a) => a.labels["alertname"]).join(",")}`);

it("sends a firing alert at once, its resolution at the next interval, and logs both with their attempts", async () => {
  await configure(hook("first"));
  const start = Date.now();
  await router.receive(set([alert({ alertname: "Burns", severity: "high" })]));
  await vi.waitFor(() => expect(calls).toHaveLength(1), { timeout: 1_000 });
  console.log(`receive to webhook: ${Date.now() - start} ms`);
  expect(calls[0]).toMatchObject({
    url: "https://example.com/hook",
    body: {
      version: "4",
      status: "firing",
      receiver: "hook",
      groupKey: '{}:{alertname="Burns"}',
      notification_reason: "first notification",
      truncatedAlerts: 0,
      alerts: [{ status: "firing", endsAt: "0001-01-01T00:00:00Z" }],
    },
  });
  await router.receive(
    set([
      alert({ alertname: "Burns", severity: "high" }, { status: "resolved", endsAtMs: Date.now() }),
    ]),
  );
  await vi.waitFor(() => expect(calls).toHaveLength(2), { timeout: 4_000 });
  expect(calls[1]?.body).toMatchObject({
    status: "resolved",
    notification_reason: "all alerts resolved",
  });
  const log = (await (await api("/api/v1/notifications")).json()) as {
    notifications: (NotificationLogEntry & { deliveries: DeliveryLogEntry[] })[];
  };
  expect(log.notifications.map((n) => [n.decision, n.reason, n.deliveries.length])).toEqual([
    ["sent", "all_resolved", 1],
    ["sent", "first_notification", 1],
  ]);
  expect(log.notifications[0]?.deliveries[0]).toMatchObject({
    outcome: "delivered",
    statusCode: 200,
    attempt: 1,
    reason: "all_resolved",
  });
  const history = await env.DB.prepare(
    "SELECT name, severity, ended_at_ms FROM alert_history",
  ).all();
  expect(history.results).toMatchObject([{ name: "Burns", severity: "high" }]);
  expect(history.results[0]?.["ended_at_ms"]).toBeGreaterThan(0);
});

it("ignores an older set, takes a source that counts anew, and writes no row for a steady evaluation", async () => {
  await configure(hook("steady"));
  const burning = alert({ alertname: "Steady" });
  await router.receive(set([burning]));
  await vi.waitFor(() => expect(firings()).toContain("firing Steady"));
  const rows = (): Promise<number> =>
    runInDurableObject(stub, (_, state) => {
      const { total } = state.storage.sql
        .exec<{ total: number }>("SELECT total_changes() AS total")
        .one();
      return total;
    });
  // The flush timer of the group's next interval is the only thing that moves; keep it out of the count.
  await new Promise((r) => setTimeout(r, 1_500));
  const before = await rows();
  for (let i = 1; i <= 3; i++)
    await router.receive(set([{ ...burning, endsAtMs: burning.endsAtMs + i * 1_000, value: i }]));
  expect((await rows()) - before).toBeLessThanOrEqual(1);
  // Delayed: generation and time both older.
  await router.receive({ source: "ns/group", generation: 1, evaluatedAtMs: 1, alerts: [] });
  const list = JSON.parse(await router.alerts()) as { status: string; value: number }[];
  expect(list.filter((a) => a.status === "firing")).toMatchObject([{ value: 3 }]);
  // Restarted: a low generation of a later time.
  await router.receive({
    source: "ns/group",
    generation: 1,
    evaluatedAtMs: Date.now() + 5,
    alerts: [],
  });
  generation = 1;
  await vi.waitFor(() => expect(firings()).toContain("resolved Steady"), { timeout: 4_000 });
});

it("keeps alerts, groups and what was told across the loss of its memory", async () => {
  await configure(hook("evict"));
  const burning = alert({ alertname: "Evicted" });
  await router.receive(set([burning]));
  await vi.waitFor(() => expect(firings()).toEqual(["firing Evicted"]));
  await evictDurableObject(stub);
  await router.receive(set([burning, alert({ alertname: "Evicted", instance: "b" })]));
  await vi.waitFor(() => expect(firings()).toHaveLength(2), { timeout: 4_000 });
  expect(calls[1]?.body.notification_reason).toBe("new alerts in group");
  await router.receive(set([]));
  await vi.waitFor(() => expect(firings()).toHaveLength(3), { timeout: 4_000 });
});

it("opens an incident for grave alerts without delaying the other receivers, and ends it with them", async () => {
  await configure(`
route:
  receiver: both
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
receivers:
  - name: both
    incident_configs: [{}]
    webhook_configs: [{ url: "https://example.com/both" }]
`);
  await router.receive(set([alert({ alertname: "Grave", severity: "critical" })]));
  await vi.waitFor(() => expect(firings()).toContain("firing Grave"));
  const active = JSON.parse(await router.alerts()) as {
    labels: Record<string, string>;
    incidentId?: string;
  }[];
  const incidentId = active.find((a) => a.labels["alertname"] === "Grave")?.incidentId;
  expect(incidentId).toMatch(/^[0-9a-z]+-[0-9a-f]{8}$/);
  const incident = env.INCIDENT.getByName(`default/${incidentId}`) as unknown as IncidentRpc;
  const status = async (): Promise<unknown> => {
    const json = await incident.get();
    return json === null ? null : (JSON.parse(json) as { status: string }).status;
  };
  await vi.waitFor(async () => expect(await status()).toBe("open"));
  await router.receive(set([]));
  await vi.waitFor(async () => expect(await status()).toBe("resolved"), { timeout: 4_000 });
});

it("opens the next incident for a new alert of a group whose incident a person resolved", async () => {
  await configure(`
route: { receiver: pages, group_by: [alertname], group_wait: 0s, group_interval: 1s }
receivers: [ { name: pages, incident_configs: [{}] } ]
`);
  const one = alert({ alertname: "Group", severity: "critical", instance: "1" });
  const two = alert({ alertname: "Group", severity: "critical", instance: "2" });
  const incidentOf = async (instance: string): Promise<string | undefined> => {
    const active = JSON.parse(await router.alerts()) as {
      labels: Record<string, string>;
      incidentId?: string;
    }[];
    return active.find(
      (a) => a.labels["alertname"] === "Group" && a.labels["instance"] === instance,
    )?.incidentId;
  };
  const incident = (id: string | undefined): IncidentRpc =>
    env.INCIDENT.getByName(`default/${id}`) as unknown as IncidentRpc;
  await router.receive(set([one]));
  const first = await vi.waitFor(async () => {
    const id = await incidentOf("1");
    expect(await incident(id).get()).not.toBeNull();
    return id;
  });
  await incident(first).command(JSON.stringify({ do: "resolve" }), "ada");
  await router.receive(set([one, two]));
  await vi.waitFor(async () => expect(await incidentOf("2")).toBe(`${first}-r2`), {
    timeout: 4_000,
  });
  const next = await vi.waitFor(async () => {
    const json = await incident(`${first}-r2`).get();
    expect(json).not.toBeNull();
    return JSON.parse(json ?? "") as { status: string; alerts: unknown[] };
  });
  expect(next).toMatchObject({ status: "open", alerts: [{}, {}] });
  await router.receive(set([]));
  await vi.waitFor(
    async () =>
      expect(JSON.parse((await incident(`${first}-r2`).get()) ?? "{}")).toMatchObject({
        status: "resolved",
      }),
    { timeout: 4_000 },
  );
});

it("tells whoever watches of an alert at once, and of who took it", async () => {
  await configure(hook("live"));
  const watcher = await watch("?topics=alerts");
  await watcher.next(ofType("snapshot"));
  const seen = (): string[] =>
    watcher.messages
      .filter(ofType("alerts"))
      .flatMap((m) => m.alerts)
      .filter((a) => a.labels["alertname"] === "Watched")
      .map((a) => `${a.status} ${a.acknowledgedBy ?? "-"}`);
  const start = Date.now();
  await router.receive(set([alert({ alertname: "Watched", severity: "critical" })]));
  await vi.waitFor(() => expect(seen()).toContain("firing -"), { timeout: 4_000, interval: 10 });
  console.log(`receive to socket: ${Date.now() - start} ms`);
  const list = JSON.parse(await router.alerts()) as {
    labels: Record<string, string>;
    fingerprint: string;
  }[];
  const { fingerprint } = list.find((a) => a.labels["alertname"] === "Watched") ?? {};
  expect(await router.acknowledge(fingerprint ?? "", "ada")).toBe(true);
  expect(await router.acknowledge("0000000000000000", "ada")).toBe(false);
  await vi.waitFor(() => expect(seen()).toContain("firing ada"), { timeout: 4_000, interval: 10 });
  watcher.socket.close(1000, "done");
  await router.receive(set([]));
});

it("holds a silenced alert back and says why; an acknowledged one shows who took it", async () => {
  await configure(hook("silence"));
  const made = await api("/api/v1/silences", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      matchers: [{ name: "alertname", value: "Quiet" }],
      startsAt: new Date().toISOString(),
      endsAt: new Date(Date.now() + 60_000).toISOString(),
      comment: "works",
    }),
  });
  expect(made.status).toBe(201);
  const { silenceID } = (await made.json()) as { silenceID: string };
  await router.receive(set([alert({ alertname: "Quiet" }), alert({ alertname: "Loud" })]));
  await vi.waitFor(() => expect(firings()).toEqual(["firing Loud"]));
  const active = (await (await api("/api/v1/alerts/active")).json()) as {
    alerts: {
      fingerprint: string;
      labels: Record<string, string>;
      status: string;
      silencedBy: string[];
    }[];
  };
  const quiet = active.alerts.find((a) => a.labels["alertname"] === "Quiet");
  expect(quiet).toMatchObject({ status: "suppressed", silencedBy: [silenceID] });
  const log = JSON.parse(await router.notificationLog(10)) as NotificationLogEntry[];
  expect(log.map((e) => `${e.decision} ${e.reason}`)).toContain("held silenced");
  const ack = await api(`/api/v1/alerts/${quiet?.fingerprint}/ack`, { method: "POST" });
  expect(ack.status).toBe(200);
  const after = JSON.parse(await router.alerts()) as {
    fingerprint: string;
    acknowledgedBy?: string;
  }[];
  expect(after.find((a) => a.fingerprint === quiet?.fingerprint)?.acknowledgedBy).toBeTruthy();
  expect((await api(`/api/v1/silences/${silenceID}`, { method: "DELETE" })).status).toBe(204);
  await vi.waitFor(() => expect(firings()).toContain("firing Quiet"), { timeout: 4_000 });
  await router.receive(set([]));
});

it("refuses a configuration by line and column and keeps the old one; secrets come back redacted and stay", async () => {
  await configure(hook("kept", "token-1234"));
  const bad = await api("/config/v1/alertmanager", {
    method: "PUT",
    body: "route:\n  receiver: gone\nreceivers: []\n",
  });
  expect(bad.status).toBe(400);
  expect(await bad.json()).toMatchObject({
    code: "config_receiver_undefined",
    where: "2:13",
    detail: 'undefined receiver "gone" used in route',
  });
  const shown = await (await api("/config/v1/alertmanager")).text();
  expect(shown).toContain('url: "<secret>"');
  expect(shown).not.toContain("token-1234");
  await configure(shown.replace("# kept", "# again"));
  await router.receive(set([alert({ alertname: "Secret" })]));
  await vi.waitFor(() => expect(firings()).toContain("firing Secret"));
  expect(new Set(calls.map((c) => c.url))).toEqual(new Set(["https://example.com/token-1234"]));
  await router.receive(set([]));
});
