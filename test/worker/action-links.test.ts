import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ActiveAlert, AlertGroupView } from "../../src/alerting/model";
import type { AlertInstance } from "../../src/core/alerts";
import type { AlertRouterRpc } from "../../src/core/objects";
import { type LinkAction, makeLink } from "../../src/core/signed-link";
import { fnv64 } from "../../src/alerting/fingerprint";

// The stub answers any method by RPC; the interface says which the class has.
const router = env.ALERT_ROUTER.getByName("default/router") as unknown as AlertRouterRpc;
const SECRET = env.TOKEN_SECRET ?? "";
let generation = 0;

async function api(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("authorization", "Bearer vdt_admin_local");
  return exports.default.fetch(new Request(`http://vedette.test${path}`, { ...init, headers }));
}

/** Opened by nobody in particular: no token, no cookie. */
const open = (path: string, method = "GET", accept = "text/html"): Promise<Response> =>
  exports.default.fetch(new Request(`http://vedette.test${path}`, { method, headers: { accept } }));

const CONFIG = `
route: { receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1s }
receivers:
  - name: hook
    webhook_configs: [{ url: "http://hooks.test/hook" }]
    incident_configs: [{}]
`;

const realFetch = globalThis.fetch;
beforeEach(async () => {
  globalThis.fetch = (async () => new Response("ok")) as typeof fetch;
  const r = await api("/config/v1/alertmanager", { method: "PUT", body: CONFIG });
  expect([r.status, await r.text()]).toEqual([200, expect.stringContaining("version")]);
});
afterEach(() => {
  globalThis.fetch = realFetch;
});

async function fire(source: string, ...names: readonly string[]): Promise<void> {
  const now = Date.now();
  const alerts = names.map((alertname): AlertInstance => ({
    labels: { alertname, service: '<img src=x onerror="alert(1)">', severity: "critical" },
    annotations: { summary: 'it\'s <b>burning</b> & "loud"' },
    startsAtMs: started.get(alertname) ?? now,
    endsAtMs: now + 60_000,
    status: "firing",
    generatorUrl: "",
    value: 1,
  }));
  for (const a of alerts) started.set(a.labels["alertname"] ?? "", a.startsAtMs);
  await router.receive({ source, generation: ++generation, evaluatedAtMs: now, alerts });
}
const started = new Map<string, number>();

async function linkTo(action: LinkAction, name: string, more: object = {}): Promise<string> {
  const groups = JSON.parse(await router.groups()) as AlertGroupView[];
  const group = groups.find((g) => g.labels["alertname"] === name);
  const token = await makeLink(SECRET, {
    action,
    projectId: "default",
    receiver: "hook",
    group: fnv64(group?.key ?? ""),
    groupLabels: { alertname: name },
    fingerprints: (group?.alerts ?? []).map((a) => a.fingerprint),
    expiresAtS: Math.ceil(Date.now() / 1_000) + 60,
    ...more,
  });
  return `/a/${token}`;
}

const active = async (name: string): Promise<ActiveAlert | undefined> =>
  (JSON.parse(await router.alerts()) as ActiveAlert[]).find((a) => a.labels["alertname"] === name);

interface ShownIncident {
  readonly id: string;
  readonly group_key: string;
}

async function incidentOf(name: string): Promise<ShownIncident> {
  return await vi.waitFor(async () => {
    const r = await api("/api/v1/incidents");
    const { incidents } = (await r.json()) as { incidents: ShownIncident[] };
    const found = incidents.find((i) => i.group_key.includes(`alertname="${name}"`));
    if (found === undefined) throw new Error("no incident yet");
    return found;
  });
}

it("shows what it would do, as text, and does nothing until its button is pressed", async () => {
  await fire("t/show", "Show");
  for (const action of ["acknowledge", "silence", "resolve"] as const) {
    const path = await linkTo(action, "Show");
    for (const method of ["GET", "HEAD"]) {
      const r = await open(path, method);
      expect(r.status).toBe(200);
      const csp = r.headers.get("content-security-policy") ?? "";
      expect(csp).toMatch(/^default-src 'none'; style-src 'nonce-[\w-]+'; form-action 'self'/);
      expect(csp).not.toContain("script");
      expect(r.headers.get("referrer-policy")).toBe("no-referrer");
      expect(r.headers.get("cache-control")).toBe("no-store");
      const html = await r.text();
      if (method === "HEAD") continue;
      expect(html).toContain("it&#39;s &lt;b&gt;burning&lt;/b&gt; &amp; &quot;loud&quot;");
      expect(html).not.toMatch(/<img|<b>|<script/);
      expect(html).toContain('<form method="post"');
    }
  }
  expect(await active("Show")).toMatchObject({ status: "firing" });
  expect((await active("Show"))?.acknowledgedBy).toBeUndefined();
  expect(((await (await api("/api/v1/silences")).json()) as { silences: [] }).silences).toEqual([]);
});

it("acknowledges alerts and incident in the name of the message, and the history says so", async () => {
  await fire("t/ack", "Ack");
  const incident = await incidentOf("Ack");
  const r = await open(await linkTo("acknowledge", "Ack"), "POST");
  expect([r.status, await r.text()]).toEqual([
    200,
    expect.stringContaining("1 alert acknowledged"),
  ]);
  expect((await active("Ack"))?.acknowledgedBy).toBe("link of hook");
  const now = (await (await api(`/api/v1/incidents/${incident.id}`)).json()) as object;
  expect(now).toMatchObject({ status: "acknowledged", acknowledged_by: "link of hook" });
  await vi.waitFor(async () => {
    const h = await api("/api/v1/alerts/history?name=Ack");
    expect(await h.json()).toMatchObject({ alerts: [{ acknowledgedBy: "link of hook" }] });
  });
  // Pressed twice it changes nothing.
  expect((await open(await linkTo("acknowledge", "Ack"), "POST")).status).toBe(200);
});

it("silences the group's labels for as long as was chosen", async () => {
  await fire("t/silence", "Quiet");
  const path = await linkTo("silence", "Quiet");
  expect((await open(`${path}`, "POST")).status).toBe(400);
  expect((await open(`${path}?hours=999`, "POST")).status).toBe(400);
  const before = Date.now();
  expect((await open(`${path}?hours=4`, "POST")).status).toBe(200);
  const { silences } = (await (await api("/api/v1/silences")).json()) as {
    silences: { matchers: object[]; createdBy: string; endsAt: string }[];
  };
  expect(silences).toMatchObject([
    { matchers: [{ name: "alertname", value: "Quiet", isEqual: true }], createdBy: "link of hook" },
  ]);
  const hours = (Date.parse(silences[0]?.endsAt ?? "") - before) / 3_600_000;
  expect(hours).toBeGreaterThan(3.99);
  expect(hours).toBeLessThan(4.01);
  expect((await active("Quiet"))?.status).toBe("suppressed");
  // Whoever presses it without end makes no more of them, and shortens none.
  for (const more of [24, 1, 1, 4])
    expect((await open(`${path}?hours=${more}`, "POST")).status).toBe(200);
  const again = (await (await api("/api/v1/silences")).json()) as {
    silences: { endsAt: string; status: { state: string } }[];
  };
  expect(again.silences).toMatchObject([{ status: { state: "active" } }]);
  expect(Date.parse(again.silences[0]?.endsAt ?? "") - before).toBeGreaterThan(23.9 * 3_600_000);
});

it("resolves until the source has resolved and fires anew", async () => {
  await fire("t/resolve", "Gone", "Stays");
  const incident = await incidentOf("Gone");
  const path = await linkTo("resolve", "Gone");
  expect((await open(path, "POST")).status).toBe(200);
  // Its source goes on sending it.
  await fire("t/resolve", "Gone", "Stays");
  expect((await active("Gone"))?.status ?? "resolved").toBe("resolved");
  expect((await active("Stays"))?.status).toBe("firing");
  const now = (await (await api(`/api/v1/incidents/${incident.id}`)).json()) as object;
  expect(now).toMatchObject({ status: "resolved", resolved_by: "link of hook" });
  await vi.waitFor(async () => {
    const h = await api("/api/v1/alerts/history?name=Gone");
    expect(await h.json()).toMatchObject({
      alerts: [{ endedBy: "dismissed", dismissedBy: "link of hook" }],
    });
  });
  const again = await open(path, "POST", "*/*");
  expect([again.status, await again.json()]).toMatchObject([409, { code: "link_nothing_fires" }]);
  // The source resolves it, and it fires anew.
  await fire("t/resolve", "Stays");
  started.delete("Gone");
  await fire("t/resolve", "Gone", "Stays");
  expect((await active("Gone"))?.status).toBe("firing");
});

it("resolves one alert for who is logged in", async () => {
  await fire("t/one", "One");
  const fingerprint = (await active("One"))?.fingerprint ?? "";
  const post = (): Promise<Response> =>
    api(`/api/v1/alerts/${fingerprint}/resolve`, { method: "POST" });
  const done = await post();
  expect([done.status, await done.json()]).toMatchObject([200, { fingerprint }]);
  await fire("t/one", "One");
  expect((await active("One"))?.status ?? "resolved").toBe("resolved");
  const again = await post();
  expect([again.status, await again.json()]).toMatchObject([404, { code: "alert_not_firing" }]);
});

it("refuses by name what it does not take, as a page for who reads and as problem+json for programs", async () => {
  await fire("t/refuse", "Refuse");
  const good = await linkTo("acknowledge", "Refuse");
  const stale = { expiresAtS: Math.floor(Date.now() / 1_000) - 1 };
  const cases = [
    ["/a/nothing", 400, "link_malformed"],
    [`${good.slice(0, -3)}AAA`, 403, "link_forged"],
    [await linkTo("acknowledge", "Refuse", stale), 410, "link_expired"],
    [await linkTo("acknowledge", "Refuse", { projectId: "other" }), 404, "link_project_unknown"],
  ] as const;
  for (const [path, status, code] of cases)
    for (const method of ["GET", "POST"]) {
      const program = await open(path, method, "*/*");
      expect([program.status, await program.json()]).toMatchObject([status, { code }]);
      const person = await open(path, method);
      expect(person.status).toBe(status);
      expect(await person.text()).toContain(code);
    }
  expect((await active("Refuse"))?.acknowledgedBy).toBeUndefined();
});
