import { env, exports } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, it, vi } from "vitest";
import type { ActiveAlert } from "../../src/alerting/model";
import type { AlertRouterRpc, HeartbeatsRpc } from "../../src/core/objects";
import type { Heartbeat } from "../../src/heartbeats/model";
import type { HeartbeatView } from "../../src/heartbeats/view";

const stub = env.HEARTBEATS.getByName("default/heartbeats");
// The stubs answer any method by RPC; the interfaces say which the classes have.
const rpc = stub as unknown as HeartbeatsRpc;
const router = env.ALERT_ROUTER.getByName("default/router") as unknown as AlertRouterRpc;

async function api(
  path: string,
  init: RequestInit = {},
  token = "vdt_admin_local",
): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token !== "") headers.set("authorization", `Bearer ${token}`);
  return exports.default.fetch(new Request(`http://vedette.test${path}`, { ...init, headers }));
}

async function make(body: object): Promise<string> {
  const r = await api("/api/v1/heartbeats", { method: "POST", body: JSON.stringify(body) });
  expect([200, 201]).toContain(r.status);
  return new URL(((await r.json()) as { ping_url: string }).ping_url).pathname;
}

const ping = (path: string, init: RequestInit = {}): Promise<Response> => api(path, init, "");

async function one(name: string, token?: string): Promise<HeartbeatView & { ping_url?: string }> {
  return await (await api(`/api/v1/heartbeats/${name}`, {}, token)).json();
}

const alerts = async (name: string): Promise<ActiveAlert[]> =>
  (JSON.parse(await router.alerts()) as ActiveAlert[]).filter(
    (a) => a.labels["heartbeat"] === name && a.status === "firing",
  );

/** Lets every deadline of a heartbeat lie so far in the past, as if the time had passed. */
async function passTime(name: string, ms: number): Promise<void> {
  await runInDurableObject(stub, (_, state) => {
    const row = state.storage.sql
      .exec<{ data: string }>("SELECT data FROM heartbeats WHERE name = ?", name)
      .one();
    const h = JSON.parse(row.data) as Heartbeat;
    const back = (t: number | undefined): number | undefined => (t === undefined ? t : t - ms);
    const moved = {
      ...h,
      sinceMs: h.sinceMs - ms,
      lastSuccessMs: back(h.lastSuccessMs),
      runningSinceMs: back(h.runningSinceMs),
    };
    state.storage.sql.exec(
      "UPDATE heartbeats SET data = ? WHERE name = ?",
      JSON.stringify(moved),
      name,
    );
    state.storage.sql.exec("UPDATE timers SET at_ms = at_ms - ?", ms);
  });
  await evictDurableObject(stub);
}

beforeEach(async () => {
  for (const h of (
    (await (await api("/api/v1/heartbeats")).json()) as { heartbeats: HeartbeatView[] }
  ).heartbeats)
    await api(`/api/v1/heartbeats/${h.name}`, { method: "DELETE" });
});

it("takes a ping in every form, remembers it, and shows its address to administrators alone", async () => {
  const path = await make({ name: "forms", every: "1h", max_run: "30m" });
  expect(path).toMatch(/^\/api\/v1\/heartbeat\/hb_default_[0-9a-f]{20}_[0-9a-f]{40}$/);
  expect(await (await ping(path)).text()).toBe("OK\n");
  expect((await ping(`${path}/start`)).status).toBe(200);
  expect((await ping(path, { method: "POST", body: `  ${"é".repeat(5_000)}` })).status).toBe(200);
  expect((await ping(`${path}/0`, { method: "POST" })).status).toBe(200);
  expect((await ping(`${path}/2`, { method: "POST", body: "no <b>disk</b>" })).status).toBe(200);
  expect((await ping(`${path}/256`)).status).toBe(400);
  expect((await ping(`${path}/stop`)).status).toBe(400);
  const shown = await one("forms");
  expect(shown.pings.map((p) => [p.kind, p.exit_code, p.note?.slice(0, 20)])).toEqual([
    ["fail", 2, "no <b>disk</b>"],
    ["success", 0, undefined],
    ["success", null, "é".repeat(20)],
    ["start", null, undefined],
    ["success", null, undefined],
  ]);
  expect(shown.pings[2]?.run_ms).toBeGreaterThanOrEqual(0);
  expect(shown.ping_url).toContain(path);
  expect((await one("forms", "vdt_read_local")).ping_url).toBeUndefined();
});

it("refuses keys that were not made here, were replaced, or whose heartbeat is gone, all alike", async () => {
  const path = await make({ name: "keys", every: "1h" });
  const last = path.at(-1) === "0" ? "1" : "0";
  const bad = [
    "/api/v1/heartbeat/keys",
    "/api/v1/heartbeat/hb_default_0_0",
    path.slice(0, -1) + last,
  ];
  const r = await api("/api/v1/heartbeats/keys/key", { method: "POST" });
  const fresh = new URL(((await r.json()) as { ping_url: string }).ping_url).pathname;
  expect((await ping(fresh)).status).toBe(200);
  bad.push(path);
  expect((await api("/api/v1/heartbeats/keys", { method: "DELETE" })).status).toBe(204);
  bad.push(fresh);
  for (const p of bad) {
    const answer = await ping(p);
    expect([answer.status, await answer.json()]).toMatchObject([
      404,
      { code: "heartbeat_unknown" },
    ]);
  }
});

it("alerts when a ping stays away, over a restart and a lost alarm, repeats it, and resolves by the next ping", async () => {
  const path = await make({
    name: "nightly",
    every: "1h",
    grace: "5m",
    severity: "page",
    labels: { team: "db" },
    annotations: { runbook: "https://r.example.com" },
  });
  expect((await ping(path)).status).toBe(200);
  await passTime("nightly", 64 * 60_000);
  await runDurableObjectAlarm(stub);
  expect(await alerts("nightly")).toEqual([]);
  await passTime("nightly", 2 * 60_000);
  // Its alarm died six times: what the cron asks brings it back.
  await runInDurableObject(stub, (_, state) => state.storage.deleteAlarm());
  expect((await rpc.ensureTicking()).rearmed).toBe(true);
  await vi.waitFor(async () => expect(await alerts("nightly")).toHaveLength(1), 5_000);
  const [alert] = await alerts("nightly");
  expect(alert).toMatchObject({
    source: "heartbeat/nightly",
    labels: { alertname: "HeartbeatMissing", severity: "page", team: "db" },
    annotations: {
      runbook: "https://r.example.com",
      summary: "Heartbeat nightly: no ping in time",
    },
  });
  expect((await one("nightly")).status).toBe("missing");
  // Another life of the object repeats it, with a later generation.
  await evictDurableObject(stub);
  await runInDurableObject(stub, (_, state) => {
    state.storage.sql.exec("UPDATE timers SET at_ms = 0");
  });
  await runDurableObjectAlarm(stub);
  await vi.waitFor(async () =>
    expect((await alerts("nightly"))[0]?.endsAtMs).toBeGreaterThan(alert?.endsAtMs ?? 0),
  );
  expect((await ping(path)).status).toBe(200);
  await vi.waitFor(async () => expect(await alerts("nightly")).toEqual([]));
  expect((await one("nightly")).status).toBe("up");
});

it("says a failure at once, and resolves where it is paused or removed", async () => {
  const path = await make({ name: "job", cron: "0 3 * * *", time_zone: "Europe/Berlin" });
  await ping(`${path}/fail`, { method: "POST", body: "exploded" });
  await vi.waitFor(async () => expect(await alerts("job")).toHaveLength(1));
  expect((await alerts("job"))[0]?.annotations["description"]).toContain("exploded");
  await make({ name: "job", cron: "0 3 * * *", time_zone: "Europe/Berlin", paused: true });
  await vi.waitFor(async () => expect(await alerts("job")).toEqual([]));
  expect(await one("job")).toMatchObject({ status: "paused", due_ms: null });
  // The same address goes on.
  await make({ name: "job", cron: "0 3 * * *", time_zone: "Europe/Berlin" });
  await ping(`${path}/1`);
  await vi.waitFor(async () => expect(await alerts("job")).toHaveLength(1));
  await api("/api/v1/heartbeats/job", { method: "DELETE" });
  await vi.waitFor(async () => expect(await alerts("job")).toEqual([]));
  expect((await api("/api/v1/heartbeats/job")).status).toBe(404);
});

it("answers a ping only when it is stored, and tells the router again when it did not listen", async () => {
  const path = await make({ name: "deaf", every: "1h" });
  await runInDurableObject(stub, (instance) => {
    // Private in its class alone.
    const open = instance as unknown as { objects: { alertRouter: () => AlertRouterRpc } };
    const real = open.objects.alertRouter.bind(open.objects);
    let calls = 0;
    open.objects.alertRouter = () => {
      if (++calls <= 1) throw new Error("the router is away");
      return real();
    };
  });
  expect((await ping(`${path}/fail`)).status).toBe(200);
  expect(await alerts("deaf")).toEqual([]);
  await vi.waitFor(async () => expect(await alerts("deaf")).toHaveLength(1), 5_000);
  await evictDurableObject(stub);
  expect((await one("deaf")).pings).toHaveLength(1);
});

it("costs one row written a ping", async () => {
  const path = await make({ name: "cheap", every: "1h" });
  await ping(path);
  const rows = (): Promise<number> =>
    runInDurableObject(stub, (_, state) => {
      const probe = state.storage.sql as unknown as { exec: typeof state.storage.sql.exec };
      const counted = probe as unknown as { written?: number };
      if (counted.written === undefined) {
        counted.written = 0;
        const real = probe.exec.bind(probe);
        probe.exec = ((query: string, ...bindings: unknown[]) => {
          const cursor = real(query, ...bindings);
          if (!/^\s*select/i.test(query))
            counted.written = (counted.written ?? 0) + cursor.rowsWritten;
          return cursor;
        }) as typeof probe.exec;
      }
      return counted.written;
    });
  const before = await rows();
  for (let i = 0; i < 5; i++) expect((await ping(path)).status).toBe(200);
  expect((await rows()) - before).toBe(5);
});

it("takes a file, whose heartbeats it replaces by the next one, and leaves others alone", async () => {
  const put = async (yaml: string): Promise<Response> =>
    api("/config/v1/heartbeats", { method: "PUT", body: yaml });
  await make({ name: "by-hand", every: "1h" });
  const first = await put("heartbeats:\n  - {name: a, every: 1h}\n  - {name: b, cron: '@daily'}\n");
  expect([first.status, await first.json()]).toMatchObject([200, { heartbeats: 2, removed: 0 }]);
  const address = (await one("a")).ping_url;
  const second = await put("heartbeats:\n  - {name: a, every: 2h, severity: low}\n");
  expect(await second.json()).toMatchObject({ heartbeats: 1, removed: 1 });
  expect((await one("a")).ping_url).toBe(address);
  const names = (
    (await (await api("/api/v1/heartbeats")).json()) as { heartbeats: HeartbeatView[] }
  ).heartbeats.map((h) => h.name);
  expect(names).toEqual(["a", "by-hand"]);
  expect(await (await api("/config/v1/heartbeats")).text()).toContain("severity: low");
  for (const bad of ["heartbeats: 3", "[", "heartbeats: [{name: a}]", "a: &a [*a]"]) {
    const r = await put(bad);
    expect([bad, r.status, await r.json()]).toMatchObject([
      bad,
      400,
      { code: "heartbeats_invalid" },
    ]);
  }
});

it("is on the cron's list", async () => {
  await make({ name: "listed", every: "1h" });
  await vi.waitFor(async () => {
    const row = await env.DB.prepare(
      "SELECT object_name FROM ticking_objects WHERE class_name = 'Heartbeats'",
    ).first<{ object_name: string }>();
    expect(row?.object_name).toBe("default/heartbeats");
  });
});
