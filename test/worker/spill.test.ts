import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { Spill } from "../../durable-objects/spill";
import { compose } from "../../src/compose";
import { ShardUnavailableError } from "../../src/core/metric-store";
import { countDerived } from "../../src/http/derived-metrics";
import type { Deps } from "../../src/http/deps";
import { logMetrics } from "../../src/logs/derived";
import type { LogLine } from "../../src/core/logs";
import { packLogChunks, toLogChunks } from "../../src/storage/log-chunks";
import { makeLogStore } from "../../src/storage/log-store";
import { makeObjects } from "../../src/storage/objects";
import { StoreQuotaError, StoreUnavailableError } from "../../src/storage/write-or-spill";
import { refusingDb } from "./d1-double";

const NOW = Date.parse("2026-11-20T10:00:00Z");
const OVERLOADED = new Error("D1_ERROR: D1 DB is overloaded. Too many requests queued.");

function line(message: string): LogLine {
  return {
    timeMs: NOW,
    subMsNanos: 0,
    level: "info",
    levelText: "",
    service: "s",
    message,
    attributes: {},
    traceId: "",
    spanId: "",
  };
}

async function found(project: string): Promise<string[]> {
  const store = makeLogStore(env.DB, project, () => objects(project).spill("logs"));
  const { lines } = await store.search({
    terms: [],
    levels: [],
    fromMs: NOW - 1,
    toMs: NOW + 1,
    limit: 100,
  });
  return lines.map((l) => l.message).toSorted();
}

function objects(project: string): ReturnType<typeof makeObjects> {
  return makeObjects(env, project, () => Date.now());
}

function stubOf(project: string): DurableObjectStub<Spill> {
  // The class behind the binding, which Env leaves open.
  return env.SPILL.getByName(`${project}/logs`) as unknown as DurableObjectStub<Spill>;
}

/** From now on the object's own D1 fails with what `failure` gives. */
async function breakObjectsDb(project: string, failure: () => Error | undefined): Promise<void> {
  await runInDurableObject(stubOf(project), (instance) => {
    const inner = instance as unknown as { env: Record<string, unknown> };
    inner.env = { ...inner.env, DB: refusingDb(env.DB, failure) };
  });
}

/** Runs the alarm as if its time had come. */
async function drain(project: string): Promise<void> {
  await runInDurableObject(stubOf(project), async (_, state) => {
    state.storage.sql.exec("UPDATE timers SET at_ms = 0");
    await state.storage.setAlarm(Date.now() + 60_000);
  });
  await runDurableObjectAlarm(stubOf(project));
}

it("keeps what D1 refuses and brings it there once, though D1 had committed it", async () => {
  const project = "spill-once";
  let failure: Error | undefined = OVERLOADED;
  await breakObjectsDb(project, () => failure);
  const store = makeLogStore(
    refusingDb(env.DB, () => failure),
    project,
    () => objects(project).spill("logs"),
  );
  expect(await store.append("b1", [line("one")])).toBe("spilled");
  expect(await store.append("b2", [line("two")])).toBe("spilled");
  expect(await objects(project).spill("logs").status()).toMatchObject({ pending: 2, poisoned: 0 });
  await drain(project);
  expect(await objects(project).spill("logs").status()).toMatchObject({ pending: 2, failures: 1 });
  expect(await found(project)).toEqual([]);

  failure = undefined;
  // As if the refused write had arrived after all.
  expect(await store.append("b1", [line("one")])).toBe("stored");
  await drain(project);
  expect(await objects(project).spill("logs").status()).toMatchObject({
    pending: 0,
    poisoned: 0,
    failures: 0,
    pendingBytes: 0,
  });
  expect(await found(project)).toEqual(["one", "two"]);
  // Nothing waits, so nothing ticks.
  expect(
    await env.DB.prepare("SELECT count(*) AS n FROM ticking_objects WHERE project_id = ?1")
      .bind(project)
      .first("n"),
  ).toBe(0);
});

it("is on the list of ticking objects while something waits, and arms its alarm again when asked", async () => {
  const project = "spill-tick";
  let failure: Error | undefined = undefined;
  await breakObjectsDb(project, () => failure);
  const rows = await toLogChunks("b1", [line("kept")]);
  await objects(project).spill("logs").put("log-chunks", packLogChunks({ rows }));
  await expect
    .poll(() =>
      env.DB.prepare("SELECT object_name FROM ticking_objects WHERE project_id = ?1")
        .bind(project)
        .first("object_name"),
    )
    .toBe(`${project}/logs`);
  failure = OVERLOADED;
  await runInDurableObject(stubOf(project), (_, state) => state.storage.deleteAlarm());
  expect(await objects(project).spill("logs").ensureTicking()).toMatchObject({ rearmed: true });
  failure = undefined;
  await drain(project);
  expect(await found(project)).toEqual(["kept"]);
});

it("puts a batch aside that can never be written, and goes on with the next", async () => {
  const project = "spill-poison";
  await breakObjectsDb(project, () => undefined);
  const spill = objects(project).spill("logs");
  const [good] = await toLogChunks("good", [line("good")]);
  const [bad] = await toLogChunks("bad", [line("bad")]);
  if (good === undefined || bad === undefined) throw new Error("a batch has a chunk");
  await spill.put(
    "log-chunks",
    packLogChunks({ rows: [{ ...bad, lineCount: null as unknown as number }] }),
  );
  await spill.put("log-chunks", packLogChunks({ rows: [good] }));
  await drain(project);
  const status = await spill.status();
  expect(status).toMatchObject({ pending: 0, poisoned: 1 });
  expect(status.poison[0]).toMatchObject({ kind: "log-chunks" });
  expect(status.poison[0]?.error).toContain("NOT NULL constraint failed");
  expect(await found(project)).toEqual(["good"]);
});

it("puts a batch aside whose write keeps failing while D1 takes others", async () => {
  const project = "spill-suspect";
  let reads = 0;
  // The batch fails; what the spill writes to probe D1 does not.
  const failing = new Proxy(env.DB, {
    get: (target, name) =>
      name === "batch"
        ? async () => {
            reads++;
            throw OVERLOADED;
          }
        : typeof Reflect.get(target, name, target) === "function"
          ? (Reflect.get(target, name, target) as (...a: unknown[]) => unknown).bind(target)
          : Reflect.get(target, name, target),
  });
  await runInDurableObject(stubOf(project), (instance) => {
    const inner = instance as unknown as { env: Record<string, unknown> };
    inner.env = { ...inner.env, DB: failing };
  });
  await objects(project)
    .spill("logs")
    .put("log-chunks", packLogChunks({ rows: await toLogChunks("b", [line("x")]) }));
  for (let i = 0; i < 6; i++) {
    expect(await objects(project).spill("logs").status()).toMatchObject({
      pending: 1,
      poisoned: 0,
    });
    await drain(project);
  }
  expect(reads).toBe(6);
  expect(await objects(project).spill("logs").status()).toMatchObject({ pending: 0, poisoned: 1 });
});

it("keeps payloads larger than a row may be", async () => {
  const project = "spill-large";
  await breakObjectsDb(project, () => undefined);
  const lines = Array.from({ length: 40 }, (_, i) =>
    line(`${i} ${Array.from({ length: 1_500 }, () => crypto.randomUUID()).join(" ")}`),
  );
  const rows = await toLogChunks("big", lines);
  const payload = packLogChunks({ rows });
  expect(payload.length).toBeGreaterThan(1024 * 1024);
  await objects(project).spill("logs").put("log-chunks", payload);
  await drain(project);
  expect(await found(project)).toHaveLength(40);
});

it("does not keep what a used-up quota refuses, and names a spill that does not answer", async () => {
  const project = "spill-quota";
  const quota = makeLogStore(
    refusingDb(env.DB, () => new Error("D1_ERROR: Exceeded maximum DB size")),
    project,
    () => objects(project).spill("logs"),
  );
  await expect(quota.append("b", [line("x")])).rejects.toThrow(StoreQuotaError);
  expect(await objects(project).spill("logs").status()).toMatchObject({ pending: 0 });
  const alone = makeLogStore(
    refusingDb(env.DB, () => OVERLOADED),
    project,
    () => {
      throw new Error("spill_full: no room");
    },
  );
  await expect(alone.append("b", [line("x")])).rejects.toThrow(StoreUnavailableError);
  await runInDurableObject(stubOf(project), async (spill) => {
    await expect(spill.put("no-such-kind", new Uint8Array())).rejects.toThrow("no spill writer");
  });
});

it("keeps counters that no shard took, and counts them once", async () => {
  const project = "spill-counters";
  const deps = compose(env, () => undefined);
  const broken: Deps = {
    ...deps,
    metrics: (id) => ({
      ...deps.metrics(id),
      append: () => Promise.reject(new ShardUnavailableError("no answer")),
    }),
  };
  const batch = logMetrics("b1", [line("one"), line("two")], Date.now());
  expect(await countDerived(broken, project, "logs", batch)).toEqual({
    ok: true,
    value: "spilled",
  });
  // The sender repeats the request, and now the shard answers.
  expect(await countDerived(deps, project, "logs", batch)).toEqual({ ok: true, value: "counted" });
  expect(await objects(project).spill("logs").status()).toMatchObject({ pending: 1 });
  await drain(project);
  expect(await objects(project).spill("logs").status()).toMatchObject({ pending: 0, poisoned: 0 });
  const [series] = await deps.metrics(project).select([
    {
      matchers: [{ name: "__name__", type: "=", value: "log_lines_total" }],
      startMs: Date.now() - 60_000,
      endMs: Date.now() + 60_000,
    },
  ]);
  expect(series?.map((s) => s.values.at(-1))).toEqual([2]);
});
