import { env, exports } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it } from "vitest";
import { compose } from "../../src/compose";
import type { ReceiverRpc } from "../../src/core/objects";
import type { Env } from "../../src/env";
import { runDueJobs, runJob } from "../../src/jobs/run";
import { outboundWatchdog } from "../../src/jobs/outbound-watchdog";

let called: string[] = [];
let status = 200;
const realFetch = globalThis.fetch;

beforeEach(() => {
  called = [];
  status = 200;
  globalThis.fetch = ((input: RequestInfo | URL) => {
    called.push(String(input));
    return Promise.resolve(new Response("", { status }));
  }) as typeof fetch;
});
afterEach(() => {
  globalThis.fetch = realFetch;
});

const URL_OUTSIDE = "https://ping.example.com/secret-path";
const watched: Env = { ...env, WATCHDOG_URL: URL_OUTSIDE };
const run = (e: Env) => {
  const deps = compose(e, () => undefined);
  return runJob(deps, outboundWatchdog, Date.now());
};

const admin = (path: string, init: RequestInit): Promise<Response> =>
  exports.default.fetch(`http://vedette.test${path}`, {
    ...init,
    headers: { authorization: "Bearer vdt_admin_local", "content-type": "application/yaml" },
  });

it("calls nobody where no address is set", async () => {
  expect(await run(env)).toEqual({ outcome: "ok", detail: "WATCHDOG_URL is not set" });
  expect(called).toEqual([]);
});

it("calls the address while the chain is alive, and says what it found", async () => {
  const r = await admin("/config/v1/rules/watch", {
    method: "POST",
    body: "name: g\ninterval: 1s\nrules: [{alert: A, expr: vector(0) > 1}]",
  });
  expect(r.status).toBeLessThan(300);
  await expect
    .poll(async () => (await run(watched)).detail, { timeout: 8_000, interval: 300 })
    .toContain("1 rule groups");
  expect(called.at(-1)).toBe(URL_OUTSIDE);
});

it("fails without telling the address's secret where it is not taken", async () => {
  status = 404;
  const done = await run(watched);
  expect(done.outcome).toBe("failed");
  expect(done.detail).toBe("https://ping.example.com was called and did not take it: HTTP 404");
  expect(called).toEqual([URL_OUTSIDE, URL_OUTSIDE]);
});

it("stays silent while no receiver delivers", async () => {
  const config = `route: {receiver: ops}\nreceivers: [{name: ops, webhook_configs: [{url: "https://example.com/x"}]}]\n`;
  expect((await admin("/config/v1/alertmanager", { method: "PUT", body: config })).status).toBe(
    200,
  );
  status = 410;
  const test = await admin("/api/v1/receivers/ops/test", { method: "POST" });
  expect(test.status).toBe(202);
  // A lost message that is no test.
  const deps = compose(env, () => undefined);
  const integration = JSON.parse(await deps.objects("default").alertRouter().configuration()) as {
    receivers: { integrations: { id: string }[] }[];
  };
  const found = integration.receivers[0]?.integrations[0];
  const rpc: ReceiverRpc = deps.objects("default").receiver(found?.id ?? "");
  await rpc.enqueue(JSON.stringify(found), {
    id: "lost-1",
    receiver: "ops",
    integration: found?.id ?? "",
    groupKey: "g",
    status: "firing",
    reason: "first_notification",
    dataJson: JSON.stringify({
      alerts: [],
      groupLabels: {},
      commonLabels: {},
      commonAnnotations: {},
    }),
  });
  await expect
    .poll(async () => (await run(watched)).detail, { timeout: 8_000, interval: 200 })
    .toContain("no_receiver_left");
  expect(called.filter((u) => u === URL_OUTSIDE).length).toBeLessThanOrEqual(6);
  const before = called.filter((u) => u === URL_OUTSIDE).length;
  await run(watched);
  expect(called.filter((u) => u === URL_OUTSIDE)).toHaveLength(before);
});

it("shows in the health of the deployment", async () => {
  const health = async (): Promise<{ checks: Record<string, { status: string }> }> => {
    const worker = (await import("../../src/index")).default;
    const ctx = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} };
    const r = await worker.fetch(
      new Request("http://vedette.test/api/health") as Parameters<typeof worker.fetch>[0],
      watched,
      ctx as unknown as ExecutionContext, // only waitUntil is used
    );
    return r.json();
  };
  expect((await health()).checks["watchdog"]).toMatchObject({ status: "degraded" });
});

it("runs while D1 cannot say what is due", async () => {
  const deps = compose(watched, () => undefined);
  const broken = {
    ...deps,
    jobs: { ...deps.jobs, runs: () => Promise.reject(new Error("D1 is away")) },
    tickingObjects: () => Promise.reject(new Error("D1 is away")),
  };
  await runDueJobs(broken, Date.now());
  // The chain is not alive, as the test before left it; it was looked at all the same.
  const row = await env.DB.prepare(
    "SELECT detail FROM job_runs WHERE job = 'outbound-watchdog'",
  ).first<{ detail: string }>();
  expect(row?.detail).toContain("no_receiver_left");
});
