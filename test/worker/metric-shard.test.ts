import {
  abortAllDurableObjects,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { RuleGroup } from "../../durable-objects/rule-group";
import { BatchBuilder } from "../../src/core/batch";
import { encodeLabels } from "../../src/core/label-bytes";
import { labelsOf, labelsToRecord } from "../../src/core/labels";
import type { Matcher } from "../../src/core/matchers";
import { SampleBudgetError, ShardUnavailableError } from "../../src/core/metric-store";
import { makeObjects } from "../../src/storage/objects";
import { makeMetricStore } from "../../src/storage/metric-store";

let projects = 0;

/** A project of its own per test: objects live as long as the file. */
function project(): {
  id: string;
  store: ReturnType<typeof makeMetricStore>;
  evict: () => Promise<void>;
  shard: ReturnType<ReturnType<typeof makeObjects>["metricShard"]>;
} {
  const id = `p${projects++}`;
  const objects = makeObjects(env, id, Date.now);
  const stub = env.METRIC_SHARD.getByName(`${id}/0`);
  return {
    id,
    store: makeMetricStore({ shard: (n) => objects.metricShard(n) }),
    evict: () => evictDurableObject(stub),
    shard: objects.metricShard(0),
  };
}

const named = (name: string): Matcher[] => [{ type: "=", name: "__name__", value: name }];

function batchOf(
  name: string,
  samples: readonly (readonly [string, number, number])[],
): Uint8Array {
  const b = new BatchBuilder();
  for (const [host, t, v] of samples) b.sample(b.series(labelsOf({ __name__: name, host })), t, v);
  return b.finish();
}

describe("a metric shard", () => {
  it("gives back what it took, also after it was evicted", async () => {
    const { store, evict } = project();
    const now = Date.now();
    const result = await store.append(
      batchOf("up", [
        ["a", now - 1000, 1],
        ["a", now, 0],
        ["b", now, 5],
      ]),
    );
    expect(result).toEqual({ accepted: 3, duplicates: 0, rejected: [] });
    for (let round = 0; round < 2; round++) {
      const [series] = await store.select([
        { matchers: named("up"), startMs: now - 10_000, endMs: now },
      ]);
      expect(
        series
          ?.map((s) => [labelsToRecord(s.labels)["host"], [...s.timestamps], [...s.values]])
          .sort(),
      ).toEqual([
        ["a", [now - 1000, now], [1, 0]],
        ["b", [now], [5]],
      ]);
      await evict();
    }
  });

  it("keeps what it acknowledged when the object is aborted", async () => {
    const { store } = project();
    const now = Date.now();
    await store.append(batchOf("up", [["a", now, 1]]));
    await abortAllDurableObjects();
    const [series] = await store.select([{ matchers: named("up"), startMs: 0, endMs: now }]);
    expect(series).toHaveLength(1);
  });

  it("leaves out the start of a range and takes in its end", async () => {
    const { store } = project();
    const now = Date.now();
    await store.append(
      batchOf("up", [
        ["a", now - 2000, 1],
        ["a", now - 1000, 2],
        ["a", now, 3],
      ]),
    );
    const [series] = await store.select([
      { matchers: named("up"), startMs: now - 2000, endMs: now - 1000 },
    ]);
    expect(series?.map((s) => [...s.values])).toEqual([[2]]);
  });

  it("says by name why a sample was refused", async () => {
    const { store } = project();
    const now = Date.now();
    await store.append(batchOf("up", [["a", now, 1]]));
    const r = await store.append(
      batchOf("up", [
        ["a", now, 2],
        ["a", now, 1],
        ["a", now - 3 * 3_600_000, 1],
        ["a", now + 3_600_000, 1],
      ]),
    );
    expect(r.accepted).toBe(0);
    expect(r.duplicates).toBe(1);
    expect(r.rejected.map((x) => [x.reason, x.count]).sort()).toEqual([
      ["duplicate_timestamp", 1],
      ["too_far_in_future", 1],
      ["too_old", 1],
    ]);
  });
});

describe("what a shard costs", () => {
  it("writes at most two rows a request and twenty a thousand samples, deletes and folds included", async () => {
    const { shard } = project();
    const requests = 600;
    const perRequest = 1000;
    const labels = Array.from({ length: perRequest }, (_, i) =>
      encodeLabels(labelsOf({ __name__: "load", series: `s${i}` })),
    );
    const start = Date.now() - 3_600_000;
    for (let r = 0; r < requests; r++) {
      const b = new BatchBuilder();
      for (const l of labels) b.sample(b.seriesBytes(l), start + r * 1000, r);
      expect((await shard.append(b.finish())).accepted).toBe(perRequest);
    }
    const { rowsWritten, samplesAppended, segments } = await shard.status();
    expect(samplesAppended).toBe(requests * perRequest);
    expect(segments).toBeGreaterThan(0);
    expect(rowsWritten / requests).toBeLessThanOrEqual(2);
    expect(rowsWritten / ((requests * perRequest) / 1000)).toBeLessThanOrEqual(20);
  }, 60_000);

  it("writes at most two rows for a request of one sample, sent one after the other", async () => {
    const { shard } = project();
    const start = Date.now() - 3_600_000;
    const requests = 530;
    for (let r = 0; r < requests; r++)
      expect((await shard.append(batchOf("up", [["a", start + r * 1000, r]]))).accepted).toBe(1);
    const { rowsWritten, samplesAppended, logRows } = await shard.status();
    expect(samplesAppended).toBe(requests);
    expect(logRows).toBeLessThan(requests);
    expect(rowsWritten / requests).toBeLessThanOrEqual(2);
  }, 60_000);

  it("gives requests that arrive together one log row", async () => {
    const { shard } = project();
    const now = Date.now();
    await shard.append(batchOf("up", [["first", now, 1]]));
    const before = await shard.status();
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, i) => shard.append(batchOf("up", [[`h${i}`, now, i]]))),
    );
    expect(results.every((r) => r.accepted === 1)).toBe(true);
    const after = await shard.status();
    expect(after.logRows - before.logRows).toBe(1);
    expect(after.headSamples - before.headSamples).toBe(40);
  });

  it("refuses bytes that are no batch without harming others of the same commit", async () => {
    const { shard } = project();
    const good = shard.append(batchOf("up", [["a", Date.now(), 1]]));
    const bad = shard.append(new Uint8Array([1, 2, 3])).then(
      () => "taken",
      (e: unknown) => String(e),
    );
    expect(await bad).toMatch(/shorter than its header/);
    expect((await good).accepted).toBe(1);
  });
});

describe("increments", () => {
  const countOf = async (store: ReturnType<typeof makeMetricStore>, name: string) => {
    const [series] = await store.select([
      { matchers: named(name), startMs: 0, endMs: Date.now() + 600_000 },
    ]);
    return (series ?? []).map((s) => ({ times: [...s.timestamps], values: [...s.values] }));
  };
  const increments = (name: string, amount: number, id = ""): Uint8Array => {
    const b = new BatchBuilder(id);
    b.increment(b.series(labelsOf({ __name__: name })), Date.now(), amount);
    return b.finish();
  };

  it("become a counter that starts from an explicit zero one second before", async () => {
    const { store } = project();
    await store.append(increments("hits_total", 3));
    const [s] = await countOf(store, "hits_total");
    expect(s?.values).toEqual([0, 3]);
    expect((s?.times[1] as number) - (s?.times[0] as number)).toBe(1000);
  });

  it("write at most one sample a second, and lose nothing that waits, even when the object is aborted", async () => {
    const { store } = project();
    for (let i = 0; i < 10; i++) await store.append(increments("hits_total", 1));
    const [early] = await countOf(store, "hits_total");
    expect(early?.values.length).toBeLessThanOrEqual(4);
    await abortAllDurableObjects();
    await store.append(increments("hits_total", 1));
    await vi.waitFor(
      async () => {
        const [s] = await countOf(store, "hits_total");
        expect(s?.values.at(-1)).toBe(11);
        for (let i = 1; i < (s?.times.length ?? 0); i++)
          expect((s?.times[i] as number) - (s?.times[i - 1] as number)).toBeGreaterThanOrEqual(
            1000,
          );
      },
      { timeout: 5_000, interval: 200 },
    );
  });

  it("count once for the same batch id, across eviction", async () => {
    const { store, evict } = project();
    expect((await store.append(increments("hits_total", 2, "id-1"))).accepted).toBe(1);
    await evict();
    expect(await store.append(increments("hits_total", 2, "id-1"))).toEqual({
      accepted: 0,
      duplicates: 1,
      rejected: [],
    });
    const [s] = await countOf(store, "hits_total");
    expect(s?.values).toEqual([0, 2]);
  });

  it("refuse amounts that are not finite", async () => {
    const { store } = project();
    expect((await store.append(increments("hits_total", Infinity))).rejected[0]?.reason).toBe(
      "invalid_value",
    );
  });
});

describe("questions about series", () => {
  it("answers label names, values, series and metadata", async () => {
    const { store } = project();
    const now = Date.now();
    const b = new BatchBuilder();
    b.sample(b.series(labelsOf({ __name__: "a", x: "1" })), now, 1);
    b.sample(b.series(labelsOf({ __name__: "b", y: "2" })), now, 1);
    b.metadata({ name: "a", type: "counter", help: "A.", unit: "" });
    await store.append(b.finish());
    expect(await store.labelNames([], 0, now, 100)).toEqual(["__name__", "x", "y"]);
    expect(await store.labelValues("__name__", [], 0, now, 100)).toEqual(["a", "b"]);
    expect(await store.labelValues("__name__", [], 0, now, 1)).toEqual(["a"]);
    expect((await store.series([named("b")], 0, now, 100)).map(labelsToRecord)).toEqual([
      { __name__: "b", y: "2" },
    ]);
    expect(
      await store.series([[{ type: "=~", name: "x", value: ".+" }]], now + 1, now + 2, 100),
    ).toEqual([]);
    expect(await store.metadata("a", 10)).toEqual([
      { name: "a", type: "counter", help: "A.", unit: "" },
    ]);
  });

  it("says by name when a query holds too many samples", async () => {
    const { store } = project();
    const now = Date.now();
    await store.append(
      batchOf("up", [
        ["a", now - 1, 1],
        ["a", now, 1],
        ["b", now, 1],
      ]),
    );
    await expect(
      store.select([{ matchers: named("up"), startMs: 0, endMs: now }], { maxSamples: 2 }),
    ).rejects.toThrow(SampleBudgetError);
  });

  it("fails as a whole when a shard does not answer", async () => {
    const { shard } = project();
    const now = Date.now();
    await shard.append(batchOf("up", [["a", now, 1]]));
    const broken = { select: () => Promise.reject(new Error("overloaded")) };
    // Only select is called; the other methods are not needed here.
    const store = makeMetricStore({
      shard: (n) => (n === 0 ? shard : (broken as unknown as typeof shard)),
      shards: 2,
    });
    await expect(store.select([{ matchers: named("up"), startMs: 0, endMs: now }])).rejects.toThrow(
      ShardUnavailableError,
    );
  });
});

describe("several shards", () => {
  it("are all read after there are fewer of them, which shard 0 remembers", async () => {
    const id = `p${projects++}`;
    const objects = makeObjects(env, id, Date.now);
    const keepMs = 86_400_000;
    const withShards = (shards: number): ReturnType<typeof makeMetricStore> =>
      makeMetricStore({
        shard: (n) => objects.metricShard(n),
        shards,
        shardMap: () => objects.metricShard(0).shardMap(shards, keepMs),
      });
    const now = Date.now();
    const hosts = Array.from({ length: 40 }, (_, i) => `h${i}`);
    const batch = (at: number): Uint8Array =>
      batchOf(
        "up",
        hosts.map((h) => [h, at, at]),
      );
    expect((await withShards(4).append(batch(now - 1000))).accepted).toBe(40);
    await evictDurableObject(env.METRIC_SHARD.getByName(`${id}/0`));
    const fewer = withShards(2);
    expect((await fewer.append(batch(now))).accepted).toBe(40);
    const [series] = await fewer.select([{ matchers: named("up"), startMs: 0, endMs: now }]);
    expect(series?.map((s) => [...s.values])).toEqual(hosts.map(() => [now - 1000, now]));
    const map = await objects.metricShard(0).shardMap(2, keepMs);
    expect(map.map((e) => e.n)).toEqual([4, 2]);
  });

  it("takes no sample while shard 0 can't note how many there are", async () => {
    const { shard } = project();
    const store = makeMetricStore({
      shard: () => shard,
      shards: 2,
      shardMap: () => Promise.reject(new Error("overloaded")),
    });
    await expect(store.append(batchOf("up", [["a", Date.now(), 1]]))).rejects.toThrow(
      ShardUnavailableError,
    );
    expect((await shard.status()).headSamples).toBe(0);
  });

  it("spread series, and answer as one, also after their number grew", async () => {
    const id = `p${projects++}`;
    const objects = makeObjects(env, id, Date.now);
    const one = makeMetricStore({ shard: (n) => objects.metricShard(n) });
    const four = makeMetricStore({
      shard: (n) => objects.metricShard(n),
      shards: 4,
    });
    const now = Date.now();
    const hosts = Array.from({ length: 50 }, (_, i) => `h${i}`);
    expect(
      (
        await one.append(
          batchOf(
            "up",
            hosts.map((h) => [h, now - 1000, 1]),
          ),
        )
      ).accepted,
    ).toBe(50);
    expect(
      (
        await four.append(
          batchOf(
            "up",
            hosts.map((h) => [h, now, 2]),
          ),
        )
      ).accepted,
    ).toBe(50);
    const counts = await Promise.all(
      [0, 1, 2, 3].map(async (n) => (await objects.metricShard(n).status()).headSamples),
    );
    expect(counts.every((c) => c > 3)).toBe(true);
    const [series] = await four.select([{ matchers: named("up"), startMs: 0, endMs: now }]);
    expect(series).toHaveLength(50);
    expect(
      series?.every((s) => s.values[0] === 1 && s.values[1] === 2 && s.values.length === 2),
    ).toBe(true);
  });
});

describe("evaluation on write", () => {
  it("nudges a group at once, then once more after a second, and keeps its selectors over eviction", async () => {
    const { shard, evict } = project();
    await shard.registerSelectors("ns/g", 1, [named("up")]);
    await evict();
    const nudged: number[] = [];
    // The worker under test shares this isolate, so that the class itself can be watched.
    const watched = vi.fn(async () => void nudged.push(Date.now()));
    Object.defineProperty(RuleGroup.prototype, "nudge", {
      value: watched,
      configurable: true,
      writable: true,
    });
    const start = Date.now();
    for (let i = 0; i < 5; i++) await shard.append(batchOf("up", [["a", start + i, i]]));
    await shard.append(batchOf("other", [["a", start, 1]]));
    await vi.waitFor(() => expect(nudged.length).toBe(2), { timeout: 4000 });
    expect((nudged[0] as number) - start).toBeLessThan(500);
    expect((nudged[1] as number) - (nudged[0] as number)).toBeGreaterThanOrEqual(900);
  });
});

describe("the alarm", () => {
  it("is set by the first sample, does its work, sets itself anew, and puts the shard on the cron's list", async () => {
    const { id, shard } = project();
    const stub = env.METRIC_SHARD.getByName(`${id}/0`);
    const now = Date.now();
    await shard.append(batchOf("up", [["a", now, 1]]));
    const alarmAt = () => runInDurableObject(stub, (_, state) => state.storage.getAlarm());
    await vi.waitFor(async () => expect(await alarmAt()).toBeGreaterThan(now));
    expect((await shard.ensureTicking()).rearmed).toBe(false);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await alarmAt()).toBeGreaterThan(now);
    expect((await shard.ensureTicking()).lastTickMs).toBeGreaterThanOrEqual(now);
    await runInDurableObject(stub, (_, state) => state.storage.deleteAlarm());
    expect((await shard.ensureTicking()).rearmed).toBe(true);
    expect(await alarmAt()).toBeGreaterThan(now);
    await vi.waitFor(async () => {
      const listed = await env.DB.prepare(
        "SELECT object_name FROM ticking_objects WHERE project_id = ?",
      )
        .bind(id)
        .all();
      expect(listed.results).toEqual([{ object_name: `${id}/0` }]);
    });
  });

  it("sets the timer of repeats anew also where a commit ends while it clears old ones", async () => {
    const { id, shard } = project();
    const b = new BatchBuilder();
    b.increment(b.series(labelsOf({ __name__: "hits_total" })), Date.now(), 4);
    await shard.append(b.finish());
    const stub = env.METRIC_SHARD.getByName(`${id}/0`);
    const repeatAt = await runInDurableObject(stub, async (object, state) => {
      // What a commit does after its write; private, and no public call meets the alarm at that moment.
      const inner = object as unknown as { alarm(): Promise<void>; armRepeat(): Promise<void> };
      state.storage.sql.exec("UPDATE timers SET at_ms = 1 WHERE name = 'maintain'");
      state.storage.sql.exec("UPDATE timers SET at_ms = 2 WHERE name = 'repeat'");
      const alarm = inner.alarm();
      await inner.armRepeat();
      await alarm;
      return state.storage.sql
        .exec<{ at_ms: number }>("SELECT at_ms FROM timers WHERE name = 'repeat'")
        .toArray()[0]?.at_ms;
    });
    expect(repeatAt).toBeGreaterThan(Date.now());
  });

  it("repeats the last value of a counter that increments feed, each minute", async () => {
    const { id, shard, store } = project();
    const b = new BatchBuilder();
    b.increment(b.series(labelsOf({ __name__: "hits_total" })), Date.now(), 4);
    await shard.append(b.finish());
    vi.useFakeTimers({ now: Date.now() + 60_000, toFake: ["Date"] });
    try {
      await runDurableObjectAlarm(env.METRIC_SHARD.getByName(`${id}/0`));
    } finally {
      vi.useRealTimers();
    }
    const [series] = await store.select([
      { matchers: named("hits_total"), startMs: 0, endMs: Date.now() + 120_000 },
    ]);
    expect(series?.map((s) => [...s.values])).toEqual([[0, 4, 4]]);
  });

  it("cuts what is old enough into blocks, which then answer, and go when they are too old", async () => {
    const { id, shard, store } = project();
    const now = Date.now();
    await shard.append(
      batchOf("up", [
        ["a", now, 1],
        ["b", now, 2],
      ]),
    );
    vi.useFakeTimers({ now: now + 6 * 3_600_000, toFake: ["Date"] });
    try {
      await runDurableObjectAlarm(env.METRIC_SHARD.getByName(`${id}/0`));
    } finally {
      vi.useRealTimers();
    }
    const status = await shard.status();
    expect([status.headSamples, status.segments, status.blocks]).toEqual([0, 0, 1]);
    const requests = [{ matchers: named("up"), startMs: now - 1, endMs: now }];
    expect((await store.select(requests))[0]?.map((s) => s.values[0]).sort()).toEqual([1, 2]);
    expect(await store.labelValues("host", [], now, now, 10)).toEqual(["a", "b"]);
    expect(await shard.retain(now)).toEqual({ deletedRows: 0 });
    expect((await shard.retain(now + 1)).deletedRows).toBeGreaterThan(0);
    expect(await store.select(requests)).toEqual([[]]);
  });
});

describe("a batch larger than one RPC value", () => {
  it("goes in pieces, and a repeat of it counts nothing twice", async () => {
    const { store } = project();
    const b = new BatchBuilder("export-1");
    const now = Date.now();
    const route = "x".repeat(1_000);
    for (let i = 0; i < 34_000; i++)
      b.increment(b.series(labelsOf({ __name__: "wide_total", i: String(i), route })), now, 1);
    const batch = b.finish();
    expect(batch.length).toBeGreaterThan(32 * 1024 * 1024);
    expect(await store.append(batch)).toEqual({ accepted: 34_000, duplicates: 0, rejected: [] });
    expect(await store.append(batch)).toEqual({ accepted: 0, duplicates: 34_000, rejected: [] });
  }, 60_000);
});

describe("a large answer", () => {
  it("comes as a stream and reads as one", async () => {
    const { store, shard } = project();
    const start = Date.now() - 3_000_000;
    const labels = Array.from({ length: 400 }, (_, i) =>
      encodeLabels(labelsOf({ __name__: "wide", series: `s${i}` })),
    );
    for (let k = 0; k < 12; k++) {
      const b = new BatchBuilder();
      for (const l of labels) {
        const ref = b.seriesBytes(l);
        for (let j = 0; j < 250; j++)
          b.sample(ref, start + (k * 250 + j) * 1000, Math.sin(k * 250 + j) * 1e-7);
      }
      await shard.append(b.finish());
    }
    const requests = [{ matchers: named("wide"), startMs: 0, endMs: Date.now() }];
    const answer = await shard.select(requests, 1e9);
    expect(answer).toBeInstanceOf(ReadableStream);
    await new Response(answer).arrayBuffer();
    const [series] = await store.select(requests);
    expect(series).toHaveLength(400);
    expect(series?.every((s) => s.values.length === 3000)).toBe(true);
    expect(series?.[0]?.values[777]).toBe(Math.sin(777) * 1e-7);
  }, 60_000);
});
