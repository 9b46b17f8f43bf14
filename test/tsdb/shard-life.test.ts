import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BatchBuilder, readBatch } from "../../src/core/batch";
import { encodeLabels } from "../../src/core/label-bytes";
import { type Labels, labelsOf } from "../../src/core/labels";
import { type MatchType, type Matcher, compileMatchers } from "../../src/core/matchers";
import { cutBatch, splitBatch } from "../../src/tsdb/batch-split";
import { BATCH_ID_MS, BatchIds, batchIdKey } from "../../src/tsdb/batch-ids";
import { STALE_BYTES } from "../../src/core/stale";
import { Cache, CacheLedger } from "../../src/tsdb/cache-ledger";
import { hashBytes, jumpHash } from "../../src/tsdb/label-hash";
import { DAY_MS, HOUR_MS } from "../../src/tsdb/manifest";
import { matchSeries } from "../../src/tsdb/match";
import { DEFAULT_LIMITS } from "../../src/tsdb/rejections";
import { SeriesTable } from "../../src/tsdb/series-table";
import { Shard } from "../../src/tsdb/shard";
import { MemoryStorage } from "./memory-storage";
import { readEverything } from "./scenario";

const START = 1_700_000_000_000;

function samples(list: readonly (readonly [Labels, number, number])[], id = ""): Uint8Array {
  const b = new BatchBuilder(id);
  for (const [labels, time, value] of list) b.sample(b.series(labels), time, value);
  return b.finish();
}

function append(shard: Shard, batch: Uint8Array, now: number) {
  const [outcome] = shard.append([batch], now).results;
  if (outcome?.ok !== true) throw new Error("refused");
  return outcome.result;
}

const drain = (shard: Shard, now: number): void => {
  while (shard.maintain(now, 1_000_000));
};

describe("bad input", () => {
  it("is refused by name, and leaves no series behind", () => {
    const shard = new Shard(new MemoryStorage());
    const b = new BatchBuilder();
    const raw = (labels: readonly string[]): Uint8Array => encodeLabels(labels);
    const bad = [
      raw([]),
      raw(["b", "1", "a", "2"]),
      raw(["__name__", "x", "a", "1", "a", "2"]),
      raw(["__name__", "x", "", "v"]),
      raw(["__name__", "x", "a", ""]),
      raw(["a", "1"]),
      raw(["__name__", "x".repeat(70_000)]),
      Uint8Array.of(0x0a, 5, 1, 2),
      Uint8Array.of(0x0a, 7, 0x0a, 1, 0x61, 0x12, 2, 0xc3, 0x28),
    ];
    for (const l of bad) b.sample(b.seriesBytes(l), START, 1);
    const good = raw(["__name__", "größe.gesamt", "härte", "✓"]);
    b.sample(b.seriesBytes(good), START, 1);
    b.sample(b.seriesBytes(good), NaN, 1);
    const r = append(shard, b.finish(), START);
    expect(r.accepted).toBe(1);
    expect(r.rejected.map((x) => [x.reason, x.count])).toEqual([
      ["invalid_labels", bad.length],
      ["too_old", 1],
    ]);
    expect(shard.status().activeSeries).toBe(1);
  });

  it("stops at the series limit, which it names, while known series go on", () => {
    const shard = new Shard(new MemoryStorage(), { limits: { ...DEFAULT_LIMITS, maxSeries: 2 } });
    const r = append(
      shard,
      samples(["a", "b", "c", "a"].map((n, i) => [labelsOf({ __name__: n }), START + i, 1])),
      START,
    );
    expect(r.accepted).toBe(3);
    expect(r.rejected).toEqual([
      {
        reason: "series_limit",
        count: 1,
        example: expect.stringMatching(/^c.*limit is 2 active series/),
      },
    ]);
  });

  it("does not fold again and again for want of room", () => {
    const storage = new MemoryStorage();
    const shard = new Shard(storage, { limits: { ...DEFAULT_LIMITS, maxSeries: 1 } });
    for (let i = 0; i < 50; i++)
      append(
        shard,
        samples([[labelsOf({ __name__: i % 2 ? "b" : "a" }), START + i, 1]]),
        START + i,
      );
    expect(storage.rowsWritten()).toBeLessThan(60);
  });

  it("counts by name what a sample at the edges of time is", () => {
    const shard = new Shard(new MemoryStorage());
    const l = labelsOf({ __name__: "m" });
    const times = [
      START - DEFAULT_LIMITS.outOfOrderMs - 1,
      START - DEFAULT_LIMITS.outOfOrderMs,
      START + DEFAULT_LIMITS.futureMs,
      START + DEFAULT_LIMITS.futureMs + 1,
      0,
      4e12,
    ];
    const r = append(shard, samples(times.map((t) => [l, t, 1])), START);
    expect(r.accepted).toBe(2);
    expect(r.rejected.map((x) => [x.reason, x.count])).toEqual([
      ["too_old", 2],
      ["too_far_in_future", 2],
    ]);
  });
});

describe("a shard over days", () => {
  it("forgets series that only cut blocks hold, still answers for them, and takes them up again", () => {
    const storage = new MemoryStorage();
    let shard = new Shard(storage);
    let now = START;
    const churn = (pod: number): Labels => labelsOf({ __name__: "pod_up", pod: `p${pod}` });
    for (let pod = 0; pod < 3000; pod++) {
      now += 10_000;
      append(
        shard,
        samples([
          [churn(pod), now, 1],
          [labelsOf({ __name__: "steady" }), now, pod],
        ]),
        now,
      );
      if (pod % 100 === 0) drain(shard, now);
    }
    now += 12 * HOUR_MS;
    append(shard, samples([[labelsOf({ __name__: "steady" }), now, 1]]), now);
    drain(shard, now);
    shard.foldNow(now);
    expect(shard.status().activeSeries).toBeLessThan(3);
    shard = new Shard(storage);
    expect(
      shard.series(
        {
          matchers: [[{ type: "=", name: "__name__", value: "pod_up" }]],
          startMs: START,
          endMs: now,
        },
        10_000,
      ),
    ).toHaveLength(3000);
    expect(Object.keys(readEverything(shard))).toHaveLength(3001);
    append(shard, samples([[churn(7), now, 2]]), now);
    const seven = Object.entries(readEverything(shard)).find(([k]) => k.endsWith("pod p7"));
    expect(seven?.[1]).toHaveLength(2);
  });

  it("deletes blocks that are older than what is kept, and only those", () => {
    const shard = new Shard(new MemoryStorage());
    const l = labelsOf({ __name__: "m" });
    for (let day = 0; day < 5; day++) {
      const now = START + day * DAY_MS;
      append(shard, samples([[l, now, day]]), now);
      drain(shard, now);
    }
    drain(shard, START + 6 * DAY_MS);
    expect(shard.retain(START + 2 * DAY_MS)).toBeGreaterThan(0);
    const [times] = Object.values(readEverything(shard));
    expect(times?.map(([t]) => (t - START) / DAY_MS)).toEqual([2, 3, 4]);
    expect(shard.retain(START + 2 * DAY_MS)).toBe(0);
  });

  it("remembers batch ids for a day over folds and restarts, then lets them go", () => {
    const storage = new MemoryStorage();
    let shard = new Shard(storage);
    const hit = (): Uint8Array => {
      const b = new BatchBuilder("the-same");
      b.increment(b.series(labelsOf({ __name__: "hits" })), now, 1);
      return b.finish();
    };
    let now = START;
    expect(append(shard, hit(), now).accepted).toBe(1);
    shard.foldNow(now);
    for (let h = 1; h < 24; h++) {
      now = START + h * HOUR_MS;
      shard = new Shard(storage);
      expect(append(shard, hit(), now)).toEqual({ accepted: 0, duplicates: 1, rejected: [] });
      shard.foldNow(now);
    }
    now = START + BATCH_ID_MS + 2 * HOUR_MS;
    shard.foldNow(now);
    shard = new Shard(storage);
    expect(append(shard, hit(), now).accepted).toBe(1);
  });

  it("does not take a batch for a repeat of which it took nothing", () => {
    const storage = new MemoryStorage();
    const limits = { ...DEFAULT_LIMITS, maxSeries: 1 };
    const full = new Shard(storage, { limits });
    append(full, samples([[labelsOf({ __name__: "a" }), START, 1]]), START);
    const b = new BatchBuilder("id-1");
    b.increment(b.series(labelsOf({ __name__: "hits_total" })), START, 1);
    const batch = b.finish();
    expect(append(full, batch, START).rejected[0]?.reason).toBe("series_limit");
    const roomy = new Shard(storage);
    expect(append(roomy, batch, START + 1)).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
    expect(append(roomy, batch, START + 2)).toEqual({ accepted: 0, duplicates: 1, rejected: [] });
  });

  it("remembers only so many batch ids, the newest", () => {
    const ids = new BatchIds(3);
    for (let i = 0; i < 5; i++) ids.add(batchIdKey(`id-${i}`, START + i));
    expect([0, 1, 2, 3, 4].map((i) => ids.has(batchIdKey(`id-${i}`, 0), START + 5))).toEqual([
      false,
      false,
      true,
      true,
      true,
    ]);
    expect(ids.oldestMs).toBe(START + 2);
    ids.expire(START + 3 + BATCH_ID_MS);
    expect(ids.size).toBe(1);
  });

  it("nudges the groups whose selectors a new or known series meets, after a restart too", () => {
    const storage = new MemoryStorage();
    let shard = new Shard(storage);
    const up: Matcher[] = [{ type: "=", name: "__name__", value: "up" }];
    append(shard, samples([[labelsOf({ __name__: "up", job: "old" }), START, 1]]), START);
    const down: Matcher[] = [{ type: "=", name: "__name__", value: "gone" }];
    shard.registerSelectors("ns/a", 2, [down, up]);
    shard.registerSelectors("ns/b", 1, [[{ type: "=~", name: "job", value: "n.*" }]]);
    shard.registerSelectors("ns/a", 1, []);
    const touched = (labels: Record<string, string>, at: number) =>
      shard
        .append([samples([[labelsOf(labels), START + at, 1]])], START + at)
        .touched.map((t) => `${t.group} ${t.selectors.join()}`)
        .sort();
    for (const base of [10, 20]) {
      expect(touched({ __name__: "up", job: "old" }, base)).toEqual(["ns/a 1"]);
      expect(touched({ __name__: "up", job: `new${base}` }, base)).toEqual(["ns/a 1", "ns/b 0"]);
      expect(touched({ __name__: "down", job: "x" }, base)).toEqual([]);
      shard.foldNow(START + base);
      shard = new Shard(storage);
    }
    const rows = storage.rowsWritten();
    shard.registerSelectors("ns/a", 3, [down, up]);
    expect(storage.rowsWritten()).toBe(rows);
    shard.unregisterSelectors("ns/a");
    expect(touched({ __name__: "up", job: "old" }, 30)).toEqual([]);
  });

  it("keeps every row under the limit and the log under its bound", () => {
    const storage = new MemoryStorage();
    const shard = new Shard(storage);
    const b = new BatchBuilder();
    for (let i = 0; i < 30_000; i++)
      b.sample(b.series(labelsOf({ __name__: "wide", id: `${i}-${"x".repeat(100)}` })), START, i);
    append(shard, b.finish(), START);
    for (let i = 0; i < 600; i++)
      append(shard, samples([[labelsOf({ __name__: "m" }), START + i, i]]), START);
    expect(storage.readLog().length).toBeLessThan(512);
    expect(storage.largest()).toBeLessThan(2_000_000);
    expect(new Shard(storage).status().activeSeries).toBe(30_001);
  });
});

describe("a disk that refuses", () => {
  it("loses nothing that was acknowledged before", () => {
    const storage = new MemoryStorage();
    let shard = new Shard(storage);
    const l = labelsOf({ __name__: "m" });
    append(shard, samples([[l, START, 1]]), START);
    const put = storage.put.bind(storage);
    let left = 2;
    storage.put = (id, data) => {
      if (left-- === 0) throw new Error("disk full");
      put(id, data);
    };
    expect(() => shard.foldNow(START)).toThrow("disk full");
    storage.put = put;
    shard = new Shard(storage);
    expect(Object.values(readEverything(shard))).toEqual([[[START, "3ff0000000000000"]]]);
    shard.foldNow(START);
    expect(Object.values(readEverything(new Shard(storage)))).toEqual([
      [[START, "3ff0000000000000"]],
    ]);
  });
});

describe("matching in the series table", () => {
  it("agrees with the matchers themselves", () => {
    const labels = fc
      .record({
        __name__: fc.constantFrom("up", "down", "rate"),
        job: fc.constantFrom("", "a", "b", "api"),
        path: fc.constantFrom("", "/", "/x", "/x/y"),
      })
      .map((r) => labelsOf(r));
    const matcher: fc.Arbitrary<Matcher> = fc.record({
      type: fc.constantFrom<MatchType>("=", "!=", "=~", "!~"),
      name: fc.constantFrom("__name__", "job", "path", "other"),
      value: fc.constantFrom("", "up", "a", "b", "a|b", ".*", ".+", "/x.*", "api", "u."),
    });
    fc.assert(
      fc.property(
        fc.array(labels, { maxLength: 40 }),
        fc.array(matcher, { maxLength: 4 }),
        (sets, matchers) => {
          const table = new SeriesTable();
          const unique = new Map(sets.map((l) => [l.join("\0"), l]));
          const refs = [...unique.values()].map((l) => {
            const b = encodeLabels(l);
            return table.add(b, 0, b.length);
          });
          const accepts = compileMatchers(matchers);
          const expected = refs.filter((ref) => accepts(table.labelsOf(ref)));
          expect(matchSeries(table, matchers).sort((a, b) => a - b)).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("a batch in any order", () => {
  it("costs about the same, as one shard serves a whole project", () => {
    const n = 60_000;
    const shard = new Shard(new MemoryStorage());
    const name = labelsOf({ __name__: "x" });
    // 60,000 samples of one series, newest first: each is looked for among those before it.
    const reversed = Array.from({ length: n }, (_, i) => [name, START - i * 10, i] as const);
    const begun = performance.now();
    expect(append(shard, samples(reversed), START).accepted).toBe(n);
    expect(append(shard, samples([...reversed].reverse()), START).duplicates).toBe(n);
    const other = reversed.map(([l, t, v]) => [l, t, v + 1] as const);
    expect(append(shard, samples(other), START).rejected[0]?.count).toBe(n);
    // Walked each, this takes 20 s and more.
    expect(performance.now() - begun).toBeLessThan(8_000);
    const both = samples([...reversed.slice(0, 100), ...other.slice(0, 100)]);
    const fresh = append(new Shard(new MemoryStorage()), both, START);
    expect([fresh.accepted, fresh.rejected[0]?.count]).toEqual([100, 100]);
  });
});

describe("sharding", () => {
  it("moves a series only to the new shard when the number grows", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 63 }), (text, n) => {
        const b = new TextEncoder().encode(text);
        const hash = hashBytes(b, 0, b.length);
        const before = jumpHash(hash, n);
        const after = jumpHash(hash, n + 1);
        expect(before).toBeLessThan(n);
        expect(after === before || after === n).toBe(true);
      }),
    );
  });

  it("spreads series evenly", () => {
    const counts = Array.from({ length: 16 }, () => 0);
    for (let i = 0; i < 16_000; i++) {
      const b = encodeLabels(labelsOf({ __name__: "m", pod: `pod-${i}` }));
      (counts[jumpHash(hashBytes(b, 0, b.length), 16)] as number)++;
    }
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1150);
  });

  it("splits a batch without losing anything", () => {
    const b = new BatchBuilder("id");
    for (let i = 0; i < 100; i++) {
      const ref = b.series(labelsOf({ __name__: "m", i: String(i) }));
      b.sample(ref, START + i, i);
      b.increment(ref, START, 1);
    }
    b.metadata({ name: "m", type: "gauge", help: "", unit: "" });
    const parts = splitBatch(readBatch(b.finish()), 4);
    expect(parts.size).toBe(4);
    const views = [...parts.values()].map((p) => readBatch(p));
    expect(views.every((v) => v.batchId === "id")).toBe(true);
    expect(views.flatMap((v) => [...v.sampleValues]).sort((x, y) => x - y)).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    );
    expect(views.reduce((n, v) => n + v.incrementSeries.length, 0)).toBe(100);
    expect(views.flatMap((v) => v.metadata)).toHaveLength(1);
  });

  it("cuts a large batch into pieces without losing anything, and a repeat at the same places", () => {
    const b = new BatchBuilder("id");
    const refs = Array.from({ length: 100 }, (_, i) =>
      b.series(labelsOf({ __name__: "m", i: String(i) })),
    );
    for (const i of [3, 1, 0, 2])
      for (const ref of refs) {
        if (i === 0) b.sampleBytes(ref, START, STALE_BYTES, 0);
        else b.sample(ref, START + i, ref);
        b.increment(ref, START, 1);
      }
    b.metadata({ name: "m", type: "gauge", help: "", unit: "" });
    const whole = b.finish();
    const pieces = [...cutBatch(readBatch(whole), 2_000)];
    expect(pieces.length).toBeGreaterThan(5);
    expect(Math.max(...pieces.map((p) => p.length))).toBeLessThan(2_200);
    const views = pieces.map((p) => readBatch(p));
    expect(views.flatMap((v) => v.metadata)).toHaveLength(1);
    expect(new Set(views.map((v) => v.batchId)).size).toBe(pieces.length);
    const one = new Shard(new MemoryStorage());
    const cut = new Shard(new MemoryStorage());
    append(one, whole, START + 5);
    for (const p of pieces) append(cut, p, START + 5);
    expect(readEverything(cut)).toEqual(readEverything(one));
    const again = [...cutBatch(readBatch(whole), 2_000)].map((p) => append(cut, p, START + 6));
    expect(again.map((r) => r.accepted)).toEqual(pieces.map(() => 0));
    expect(again.reduce((n, r) => n + r.duplicates, 0)).toBe(800);
    expect([...cutBatch(readBatch(whole), 1_000_000)]).toEqual([whole]);
  });
});

describe("the cache ledger", () => {
  it("lets the least recently used go, across owners", () => {
    const ledger = new CacheLedger(100);
    const a = new Cache<string>(ledger, "a");
    const b = new Cache<string>(ledger, "b");
    let loads = 0;
    const load = (value: string) => () => {
      loads++;
      return { value, bytes: 40 };
    };
    a.get(1, load("x"));
    b.get(1, load("y"));
    a.get(1, load("x"));
    expect(loads).toBe(2);
    b.get(2, load("z"));
    expect(ledger.usedBytes).toBe(80);
    a.get(1, load("x"));
    expect(loads).toBe(3);
    b.get(1, load("y"));
    expect(loads).toBe(4);
    a.clear();
    b.clear();
    expect(ledger.usedBytes).toBe(0);
  });
});
