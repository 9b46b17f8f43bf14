import { describe, expect, it } from "vitest";
import { BatchBuilder } from "../../src/core/batch";
import type { Histogram } from "../../src/core/histogram";
import { encodeLabels } from "../../src/core/label-bytes";
import { labelsOf } from "../../src/core/labels";
import type { Matcher } from "../../src/core/matchers";
import { DAY_MS, HOUR_MS } from "../../src/tsdb/manifest";
import { DEFAULT_LIMITS } from "../../src/tsdb/rejections";
import { decodeSelect } from "../../src/tsdb/select-codec";
import { Shard } from "../../src/tsdb/shard";
import { concatBytes } from "../../src/tsdb/storage-port";
import { MemoryStorage } from "./memory-storage";
import { readEverything } from "./scenario";

const NOW = Date.UTC(2026, 0, 20, 12);
const MINUTE = 60_000;

type Rows = readonly (readonly [name: string, timeMs: number, value: number])[];

function batchOf(rows: Rows): Uint8Array {
  const b = new BatchBuilder();
  for (const [name, time, value] of rows)
    b.sample(b.series(labelsOf({ __name__: name, host: "a" })), time, value);
  return b.finish();
}

const count = (shard: Shard, name: string): number =>
  readEverything(shard)[`__name__ ${name} host a`]?.length ?? 0;
const every = (name: string, from: number, to: number, step: number): Rows =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => [name, from + i * step, i]);
const named = (value: string): Matcher[] => [{ type: "=", name: "__name__", value }];
const settle = (shard: Shard): void => {
  while (shard.maintain(NOW, 100_000));
};

describe("importing samples of any age", () => {
  it("writes them to blocks that outlive a restart, and again changes nothing", () => {
    const storage = new MemoryStorage();
    const rows = every("old", NOW - 5 * DAY_MS, NOW - HOUR_MS, 5 * MINUTE);
    const first = new Shard(storage).importSamples(batchOf(rows), NOW);
    expect(first).toEqual({ accepted: rows.length, duplicates: 0, rejected: [] });
    const shard = new Shard(storage);
    expect(count(shard, "old")).toBe(rows.length);
    const before = shard.blocks.length;
    expect(shard.importSamples(batchOf(rows), NOW)).toEqual({
      accepted: 0,
      duplicates: rows.length,
      rejected: [],
    });
    expect(shard.blocks.length).toBeLessThanOrEqual(before + 1);
    settle(shard);
    expect(count(shard, "old")).toBe(rows.length);
    expect(shard.importSamples(batchOf(rows), NOW).duplicates).toBe(rows.length);
  });

  it("keeps what is stored where another value comes, whether it lies in head, segment or block", () => {
    const shard = new Shard(new MemoryStorage());
    const start = NOW - 6 * HOUR_MS;
    const rows = every("x", start, NOW, MINUTE);
    for (const [name, time, value] of rows) shard.append([batchOf([[name, time, value]])], time);
    shard.maintain(NOW, 1);
    const other = rows.map(([name, time, value]) => [name, time, value + 0.5] as const);
    const result = shard.importSamples(batchOf(other), NOW);
    expect(result.accepted).toBe(0);
    expect(result.rejected).toMatchObject([{ reason: "duplicate_timestamp", count: rows.length }]);
    expect(shard.importSamples(batchOf(rows), NOW).duplicates).toBe(rows.length);
  });

  it("merges with the samples between which it falls", () => {
    const storage = new MemoryStorage();
    const shard = new Shard(storage);
    const start = NOW - 30 * HOUR_MS;
    for (const row of every("x", start, NOW, 10 * MINUTE)) {
      shard.append([batchOf([row])], row[1]);
      while (shard.maintain(row[1], 1_000));
    }
    const own = count(shard, "x");
    for (let i = 0; i < 20; i++)
      shard.importSamples(
        batchOf(every("x", start + MINUTE + i, NOW - 3 * HOUR_MS, 10 * MINUTE)),
        NOW,
      );
    const all = own + 20 * every("x", start + MINUTE, NOW - 3 * HOUR_MS, 10 * MINUTE).length;
    expect(count(shard, "x")).toBe(all);
    settle(shard);
    expect(count(shard, "x")).toBe(all);
    expect(count(new Shard(storage), "x")).toBe(all);
    expect(shard.blocks.length).toBeLessThan(40);
  });

  it("takes a series that stands twice in a batch for one", () => {
    const storage = new MemoryStorage();
    const shard = new Shard(storage);
    const bytes = encodeLabels(labelsOf({ __name__: "x", host: "a" }));
    const start = NOW - 5 * DAY_MS;
    const twice = (a: number, b: number, value: number): Uint8Array => {
      const batch = new BatchBuilder();
      const [one, two] = [batch.seriesBytes(bytes), batch.seriesBytes(bytes)];
      batch.sample(one, start + a, value);
      batch.sample(two, start + b, value);
      return batch.finish();
    };
    expect(shard.importSamples(twice(1, 2, 7), NOW).accepted).toBe(2);
    expect(shard.importSamples(twice(3, 3, 7), NOW)).toMatchObject({ accepted: 1, duplicates: 1 });
    expect(shard.importSamples(twice(1, 2, 8), NOW)).toMatchObject({
      accepted: 0,
      rejected: [{ reason: "duplicate_timestamp", count: 2 }],
    });
    for (let i = 10; i < 20; i++) shard.importSamples(twice(2 * i, 2 * i + 1, i), NOW);
    settle(shard);
    expect(count(shard, "x")).toBe(23);
    expect(shard.series({ matchers: [], startMs: 0, endMs: NOW }, 10)).toHaveLength(1);
  });

  it("refuses by name what is older than the retention, in the future, or beyond the series limit", () => {
    const shard = new Shard(new MemoryStorage(), { limits: { ...DEFAULT_LIMITS, maxSeries: 3 } });
    shard.retain(NOW - 10 * DAY_MS);
    const result = shard.importSamples(
      batchOf([
        ["a", NOW - 11 * DAY_MS, 1],
        ["a", NOW + HOUR_MS, 1],
        ["a", NOW - 9 * DAY_MS, 1],
        ["b", NOW - 9 * DAY_MS, 1],
        ["c", NOW - 9 * DAY_MS, 1],
        ["d", NOW - 9 * DAY_MS, 1],
      ]),
      NOW,
    );
    expect(result.accepted).toBe(3);
    expect(result.rejected.map((r) => [r.reason, r.count])).toEqual([
      ["too_old", 1],
      ["too_far_in_future", 1],
      ["series_limit", 1],
    ]);
  });
});

describe("a disk that fails", () => {
  it("leaves an import or a deletion undone as a whole", () => {
    const storage = new MemoryStorage();
    const rows = every("x", NOW - 5 * DAY_MS, NOW - 4 * DAY_MS, 10 * MINUTE);
    new Shard(storage).importSamples(batchOf(rows), NOW);
    const put = storage.put.bind(storage);
    const more = batchOf(every("y", NOW - 9 * DAY_MS, NOW - 4 * DAY_MS, 10 * MINUTE));
    for (let at = 1; at <= 6; at++) {
      const dump = JSON.stringify(storage.dump());
      let left = at;
      storage.put = (id, data) => {
        if (--left === 0) throw new Error("the disk is full");
        put(id, data);
      };
      expect(() => new Shard(storage).importSamples(more, NOW)).toThrow("disk");
      expect(JSON.stringify(storage.dump())).toBe(dump);
    }
    let failing = true;
    storage.put = (id, data) => {
      if (failing) throw new Error("the disk is full");
      put(id, data);
    };
    expect(() => new Shard(storage).deleteSeries([named("x")], 0, NOW, NOW)).toThrow("disk");
    failing = false;
    expect(count(new Shard(storage), "x")).toBe(rows.length);
    expect(new Shard(storage).importSamples(more, NOW).rejected).toEqual([]);
  });
});

describe("importing native histograms", () => {
  const histogram = (count: number): Histogram => ({
    schema: 3,
    resetHint: 0,
    zeroThreshold: 1e-128,
    zeroCount: 1,
    count: count + 1,
    sum: count * 1.5,
    positiveSpans: [{ offset: 4, length: 1 }],
    positiveBuckets: Float64Array.of(count),
    negativeSpans: [],
    negativeBuckets: new Float64Array(),
    customValues: new Float64Array(),
  });
  const start = NOW - 3 * DAY_MS;
  const batch = (times: number, factor = 1): Uint8Array => {
    const b = new BatchBuilder();
    const ref = b.series(labelsOf({ __name__: "latency" }));
    for (let i = 0; i < times; i++)
      b.histogram(ref, start + i * 10 * MINUTE, histogram(i * factor));
    return b.finish();
  };
  const read = (shard: Shard): (Histogram | undefined)[] => {
    const requests = [{ matchers: named("latency"), startMs: 0, endMs: NOW }];
    const [found] = decodeSelect([concatBytes(shard.select(requests, Infinity))], requests);
    return [...(found?.[0]?.histograms ?? [])];
  };

  it("keeps them bit for bit, merged and after a restart; again they are repeats, and others refused", () => {
    const storage = new MemoryStorage();
    const shard = new Shard(storage);
    expect(shard.importSamples(batch(300), NOW)).toMatchObject({ accepted: 300, histograms: 300 });
    expect(read(shard)).toEqual(Array.from({ length: 300 }, (_, i) => histogram(i)));
    settle(shard);
    expect(read(new Shard(storage))).toEqual(Array.from({ length: 300 }, (_, i) => histogram(i)));
    expect(shard.importSamples(batch(300), NOW)).toMatchObject({ accepted: 0, duplicates: 300 });
    expect(shard.importSamples(batch(300, 2), NOW).rejected).toMatchObject([
      { reason: "duplicate_timestamp", count: 299 },
    ]);
    shard.deleteSeries([named("latency")], start, start + 10 * MINUTE, NOW);
    expect(read(shard)).toHaveLength(298);
  });
});

describe("deleting series", () => {
  const filled = (): { storage: MemoryStorage; shard: Shard } => {
    const storage = new MemoryStorage();
    const shard = new Shard(storage);
    for (let t = NOW - 30 * HOUR_MS; t < NOW; t += 10 * MINUTE) {
      shard.append(
        [
          batchOf([
            ["x", t, 1],
            ["y", t, 2],
          ]),
        ],
        t,
      );
      while (shard.maintain(t, 1_000));
    }
    settle(shard);
    return { storage, shard };
  };
  const listed = (shard: Shard): string[] =>
    shard.labelValues("__name__", { matchers: [], startMs: 0, endMs: NOW }, 10);

  it("hides them from every read at once, after a restart too, and rewrites blocks when asked", () => {
    const { storage, shard } = filled();
    const size = storage.databaseBytes();
    const { series, samples } = shard.deleteSeries([named("x")], 0, NOW + DAY_MS, NOW);
    expect({ series, samples }).toEqual({ series: 1, samples: 180 });
    for (const s of [shard, new Shard(storage)]) {
      expect([count(s, "x"), count(s, "y")]).toEqual([0, 180]);
      expect(listed(s)).toEqual(["y"]);
      expect(s.cardinality(10, NOW).activeSeries).toBe(1);
    }
    const again = new Shard(storage);
    expect(again.needsMaintenance(NOW)).toBe(false);
    again.cleanTombstones();
    settle(again);
    expect(again.blocks.reduce((n, b) => n + b.samples, 0)).toBe(180);
    expect(storage.databaseBytes()).toBeLessThan(size * 0.8);
    expect([count(again, "x"), count(again, "y")]).toEqual([0, 180]);
  });

  it("deletes a range alone, and keeps what arrives afterwards at the same times", () => {
    const { storage, shard } = filled();
    const from = NOW - 90 * MINUTE;
    expect(shard.deleteSeries([named("x"), named("none")], from, NOW, NOW).samples).toBe(9);
    expect(count(shard, "x")).toBe(171);
    expect(shard.append([batchOf([["x", from, 7]])], NOW).results).toMatchObject([
      { ok: true, result: { accepted: 1 } },
    ]);
    expect(count(shard, "x")).toBe(172);
    const old = NOW - 20 * HOUR_MS;
    shard.deleteSeries([named("x")], old, old, NOW);
    expect(count(shard, "x")).toBe(171);
    expect(shard.importSamples(batchOf([["x", old, 7]]), NOW).accepted).toBe(1);
    expect(count(shard, "x")).toBe(172);
    settle(shard);
    while (shard.maintain(NOW + 2 * DAY_MS, 100_000));
    expect(count(new Shard(storage), "x")).toBe(172);
  });

  it("notes nothing where nothing matches, and refuses deletions without end", () => {
    const { storage, shard } = filled();
    const rows = storage.rowsWritten();
    shard.foldNow(NOW);
    const folded = storage.rowsWritten() - rows;
    expect(shard.deleteSeries([named("none")], 0, NOW, NOW)).toMatchObject({
      series: 0,
      samples: 0,
    });
    expect(storage.rowsWritten() - rows).toBe(folded);
  });
});

describe("retention", () => {
  it("hides what is older than the bound within a block that reaches over it", () => {
    const storage = new MemoryStorage();
    const shard = new Shard(storage);
    shard.importSamples(batchOf(every("x", NOW - 3 * DAY_MS, NOW - DAY_MS, 10 * MINUTE)), NOW);
    shard.importSamples(batchOf([["gone", NOW - 2.4 * DAY_MS, 1]]), NOW);
    const before = Math.floor(NOW / DAY_MS - 2) * DAY_MS + 5 * HOUR_MS + 1;
    shard.retain(before);
    for (const s of [shard, new Shard(storage)]) {
      const times = (readEverything(s)["__name__ x host a"] ?? []).map(([t]) => t);
      expect(Math.min(...times)).toBe(before - 1 + 10 * MINUTE);
      expect(s.labelValues("__name__", { matchers: [], startMs: 0, endMs: NOW }, 9)).toEqual(["x"]);
    }
  });
});
