import { createScheduledController, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import { compose } from "../../src/compose";
import type { JobStore } from "../../src/core/jobs";
import worker from "../../src/index";
import { slotToRepeat } from "../../src/jobs/due";
import { runDueJobs } from "../../src/jobs/run";

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  exports.default.fetch(`http://vedette.test${path}`, {
    ...init,
    headers: { authorization: "Bearer vdt_admin_local" },
  });

it("runs a job by name and remembers how it went", async () => {
  const r = await ask("/api/v1/jobs/tick-check/run", { method: "POST" });
  expect(await r.json()).toMatchObject({ job: "tick-check", outcome: "ok" });
  expect(r.status).toBe(200);
  const list = await (
    await ask("/api/v1/jobs")
  ).json<{ jobs: { name: string; last_run: { outcome: string } | null }[] }>();
  expect(list.jobs.find((j) => j.name === "tick-check")?.last_run?.outcome).toBe("ok");
});

it("names the jobs there are where the asked one is none", async () => {
  const r = await ask("/api/v1/jobs/nothing/run", { method: "POST" });
  expect(r.status).toBe(404);
  expect(await r.text()).toContain("tick-check");
});

/** Fires the Cron Trigger, and waits for what it left to do. */
async function fireCron(at: number): Promise<void> {
  const waits: Promise<unknown>[] = [];
  const ctx = {
    waitUntil: (p: Promise<unknown>) => waits.push(p),
    passThroughOnException: () => undefined,
    props: {},
  };
  // Only waitUntil is used of the context.
  const context = ctx as unknown as ExecutionContext;
  const controller = createScheduledController({ scheduledTime: new Date(at), cron: "* * * * *" });
  await worker.scheduled(controller, env, context);
  await Promise.all(waits);
}

const runOf = (job: string): Promise<Record<string, unknown> | null> =>
  env.DB.prepare("SELECT slot_ms, started_at_ms, outcome FROM job_runs WHERE job = ?")
    .bind(job)
    .first();

it("runs what is due when the Cron Trigger fires, once per slot", async () => {
  // The next full five minutes, at which the anomaly scan is due.
  const at = Math.ceil(Date.now() / 300_000) * 300_000;
  await fireCron(at);
  const first = await runOf("anomaly-scan");
  expect(first).toMatchObject({ slot_ms: at, outcome: "ok" });
  await fireCron(at + 20_000);
  expect(await runOf("anomaly-scan")).toEqual(first);
});

it("writes the outcome of what runs each minute when it changes, not each minute", async () => {
  const at = Math.ceil(Date.now() / 300_000) * 300_000 + 60_000;
  await fireCron(at + 3_600_000);
  const noted = await runOf("tick-check");
  expect(noted).toMatchObject({ outcome: "ok" });
  await fireCron(at + 3_660_000);
  expect(await runOf("tick-check")).toEqual(noted);
  await fireCron(at + 4_300_000);
  expect(await runOf("tick-check")).toMatchObject({ slot_ms: at + 4_300_000 });
});

it("arms an object again whose alarm was lost", async () => {
  const stub = env.METRIC_SHARD.getByName("default/0");
  const { BatchBuilder } = await import("../../src/core/batch");
  const { labelsOf } = await import("../../src/core/labels");
  const batch = new BatchBuilder();
  batch.sample(batch.series(labelsOf({ __name__: "up" })), Date.now(), 1);
  await (stub as unknown as { append(b: Uint8Array): Promise<unknown> }).append(batch.finish());
  await runInDurableObject(stub, async (_, state) => {
    state.storage.sql.exec(
      "INSERT OR REPLACE INTO timers VALUES ('test', ?)",
      Date.now() + 3_600_000,
    );
    await state.storage.deleteAlarm();
  });
  await env.DB.prepare(
    "INSERT INTO ticking_objects VALUES ('default', 'MetricShard', 'default/0', 0) ON CONFLICT DO NOTHING",
  ).run();
  const r = await ask("/api/v1/jobs/tick-check/run", { method: "POST" });
  expect((await r.json<{ detail: string }>()).detail).toContain("MetricShard default/0");
  expect(await runInDurableObject(stub, (_, state) => state.storage.getAlarm())).not.toBeNull();
});

it("lets every job end though the note of one cannot be written", async () => {
  const deps = compose(env, () => undefined);
  const ended: string[] = [];
  const jobs: JobStore = {
    ...deps.jobs,
    runs: async () => [],
    noteMinute: () => Promise.reject(new Error("D1_ERROR: overloaded")),
    claim: async () => {
      await new Promise((r) => setTimeout(r, 50));
      return true;
    },
    finish: async (job) => void ended.push(job),
  };
  // Five past midnight: the daily report is due, and nothing else that claims a slot but the scan.
  await runDueJobs({ ...deps, jobs }, Date.UTC(2026, 10, 20, 0, 5));
  expect(ended.sort()).toEqual(["anomaly-scan", "daily-report"]);
});

it("runs a slot again ten minutes after its run failed or died, and not once it went well", async () => {
  const { jobs } = compose(env, () => undefined);
  const slot = Date.UTC(2030, 0, 1, 0, 5);
  const minutes = (n: number): number => slot + n * 60_000;
  expect(await jobs.claim("slotted", slot, slot)).toBe(true);
  expect(await jobs.claim("slotted", slot, minutes(9))).toBe(false);
  expect(await jobs.claim("slotted", slot, minutes(10))).toBe(true);
  await jobs.finish("slotted", "failed", "D1 was down", minutes(11));
  const failed = (await jobs.runs()).find((r) => r.job === "slotted");
  expect(slotToRepeat(failed, minutes(19))).toBeUndefined();
  expect(slotToRepeat(failed, minutes(20))).toBe(slot);
  expect(slotToRepeat(failed, minutes(7 * 60))).toBeUndefined();
  expect(await jobs.claim("slotted", slot, minutes(20))).toBe(true);
  await jobs.finish("slotted", "ok", "", minutes(21));
  const ok = (await jobs.runs()).find((r) => r.job === "slotted");
  expect(slotToRepeat(ok, minutes(40))).toBeUndefined();
  expect(await jobs.claim("slotted", slot, minutes(40))).toBe(false);
});
