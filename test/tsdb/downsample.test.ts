import { describe, expect, it } from "vitest";
import { BatchBuilder } from "../../src/core/batch";
import { labelsOf } from "../../src/core/labels";
import type { SelectHints } from "../../src/core/metric-store";
import type { Series } from "../../src/core/series";
import { STALE_BYTES, bitsOf, isStaleAt } from "../../src/core/stale";
import { DAY_MS, DOWNSAMPLED } from "../../src/tsdb/manifest";
import { decodeSelect } from "../../src/tsdb/select-codec";
import { Shard } from "../../src/tsdb/shard";
import { concatBytes } from "../../src/tsdb/storage-port";
import { MemoryStorage } from "./memory-storage";

const NOW = Date.UTC(2026, 1, 20, 12);
const DAY = Math.floor(NOW / DAY_MS - 20) * DAY_MS;
const STEP = 15_000;
const COUNT = (2 * DAY_MS) / STEP;

const timeOf = (i: number): number => DAY + 1_234 + i * STEP;
const gauge = (i: number): number => Math.sin(i / 50) * 100;
/** Restarts every 1,111 samples. */
const counter = (i: number): number => (i % 1_111) * 3;

function batch(from: number, to: number): Uint8Array {
  const b = new BatchBuilder();
  const g = b.series(labelsOf({ __name__: "gauge" }));
  const c = b.series(labelsOf({ __name__: "counter" }));
  const s = b.series(labelsOf({ __name__: "stale" }));
  for (let i = from; i < to; i++) {
    b.sample(g, timeOf(i), gauge(i));
    b.sample(c, timeOf(i), counter(i));
    if (i % 7 === 0) b.sampleBytes(s, timeOf(i), STALE_BYTES, 0);
  }
  return b.finish();
}

function filled(): MemoryStorage {
  const storage = new MemoryStorage();
  const shard = new Shard(storage);
  for (let from = 0; from < COUNT; from += 1_000)
    shard.importSamples(batch(from, Math.min(COUNT, from + 1_000)), NOW);
  while (shard.maintain(NOW, 100_000));
  return storage;
}

function downsampled(): { storage: MemoryStorage; shard: Shard } {
  const storage = filled();
  const shard = new Shard(storage);
  shard.retain(NOW - 395 * DAY_MS, NOW - 15 * DAY_MS);
  while (shard.maintain(NOW, 10_000));
  return { storage, shard };
}

function ask(shard: Shard, name: string, startMs: number, endMs: number, func = ""): Series {
  const hints: SelectHints = { func, rangeMs: endMs - startMs, stepMs: 0 };
  const requests = [
    { matchers: [{ type: "=" as const, name: "__name__", value: name }], startMs, endMs, hints },
  ];
  const [found] = decodeSelect([concatBytes(shard.select(requests, Infinity))], requests);
  expect(found).toHaveLength(1);
  return found?.[0] as Series;
}

const sum = (a: Iterable<number>): number => [...a].reduce((x, y) => x + y, 0);
const increase = (s: Series): number => {
  let total = 0;
  for (let i = 1; i < s.values.length; i++) {
    const [a, b] = [s.values[i - 1] as number, s.values[i] as number];
    total += b < a ? b : b - a;
  }
  return total;
};

describe("downsampled blocks", () => {
  const { storage, shard } = downsampled();
  // Bounds of buckets, across both days.
  const [start, end] = [DAY + 7 * 300_000, DAY + DAY_MS + 91 * 300_000];
  const within = Array.from({ length: COUNT }, (_, i) => i).filter(
    (i) => timeOf(i) > start && timeOf(i) <= end,
  );

  it("take the place of the raw ones, and less room", () => {
    expect(shard.blocks.map((b) => b.level)).toEqual([DOWNSAMPLED, DOWNSAMPLED]);
    expect(storage.databaseBytes()).toBeLessThan(filled().databaseBytes() / 2);
    expect(new Shard(storage).blocks).toEqual(shard.blocks);
  });

  it.each(["avg_over_time", "sum_over_time", "count_over_time", "stddev_over_time"])(
    "give %s means that weigh as much as the samples they stand for",
    (func) => {
      const s = ask(shard, "gauge", start, end, func);
      const weights = s.weights as Float64Array;
      expect(s.values.length).toBe((end - start) / 300_000);
      expect(sum(weights)).toBe(within.length);
      expect(sum(s.values.map((v, i) => v * (weights[i] as number)))).toBeCloseTo(
        sum(within.map(gauge)),
        6,
      );
    },
  );

  it("give min_over_time and max_over_time the very extremes", () => {
    const all = within.map(gauge);
    const least = ask(shard, "gauge", start, end, "min_over_time");
    const largest = ask(shard, "gauge", start, end, "max_over_time");
    expect(Math.min(...least.values)).toBe(Math.min(...all));
    expect(Math.max(...largest.values)).toBe(Math.max(...all));
    expect([least.weights, largest.weights]).toEqual([undefined, undefined]);
  });

  it.each(["rate", "increase", "", "last_over_time", "quantile_over_time"])(
    "give %s raw samples, whose increase is what it was and which leave no gap for an instant",
    (func) => {
      const s = ask(shard, "counter", start, end, func);
      expect(s.weights).toBeUndefined();
      const byTime = new Map(within.map((i) => [timeOf(i), counter(i)]));
      s.timestamps.forEach((t, i) => expect(byTime.get(t)).toBe(s.values[i]));
      const [first, last] = [s.timestamps[0] as number, s.timestamps.at(-1) as number];
      const raw = within.filter((i) => timeOf(i) >= first && timeOf(i) <= last);
      expect(increase(s)).toBe(
        increase({ ...s, values: Float64Array.from(raw, counter) } satisfies Series),
      );
      for (let i = 1; i < s.timestamps.length; i++)
        expect((s.timestamps[i] as number) - (s.timestamps[i - 1] as number)).toBeLessThanOrEqual(
          150_000,
        );
    },
  );

  it("keep every stale marker, of which no mean is made", () => {
    const s = ask(shard, "stale", start, end);
    expect(s.values.length).toBe(within.filter((i) => i % 7 === 0).length);
    expect(Array.from(s.values, (_, i) => isStaleAt(bitsOf(s.values), i)).every(Boolean)).toBe(
      true,
    );
  });

  it("take an import again as a repeat, and a later one in; and forget what is deleted", () => {
    const own = downsampled();
    const again = own.shard.importSamples(batch(0, 1_000), NOW);
    expect(again).toMatchObject({ accepted: 0, duplicates: 2_000 + 143, rejected: [] });
    const late = new BatchBuilder();
    const ref = late.series(labelsOf({ __name__: "late" }));
    for (let i = 0; i < 400; i++) late.sample(ref, timeOf(i), i);
    expect(own.shard.importSamples(late.finish(), NOW).accepted).toBe(400);
    while (own.shard.maintain(NOW, 10_000));
    const s = ask(own.shard, "late", DAY, DAY + DAY_MS, "sum_over_time");
    const weights = s.weights ?? new Float64Array(s.values.length).fill(1);
    expect(sum(s.values.map((v, i) => v * (weights[i] as number)))).toBeCloseTo((399 * 400) / 2, 6);
    const matchers = [[{ type: "=" as const, name: "__name__", value: "gauge" }]];
    own.shard.deleteSeries(matchers, 0, NOW, NOW);
    own.shard.cleanTombstones();
    while (own.shard.maintain(NOW, 10_000));
    const names = (x: Shard): string[] =>
      x.labelValues("__name__", { matchers: [], startMs: 0, endMs: NOW }, 9);
    expect(names(own.shard)).toEqual(["counter", "late", "stale"]);
    expect(names(new Shard(own.storage))).toEqual(["counter", "late", "stale"]);
    expect(ask(own.shard, "counter", start, end, "max_over_time").values.length).toBeGreaterThan(
      300,
    );
  });
});
