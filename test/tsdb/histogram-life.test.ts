import { describe, expect, it } from "vitest";
import { BatchBuilder } from "../../src/core/batch";
import type { Histogram } from "../../src/core/histogram";
import { type Labels, labelValue, labelsOf } from "../../src/core/labels";
import type { AppendResult } from "../../src/core/metric-store";
import { SampleBudgetError } from "../../src/core/metric-store";
import type { Series } from "../../src/core/series";
import { MAX_EXEMPLARS } from "../../src/tsdb/exemplars";
import { HISTOGRAM_WORD } from "../../src/tsdb/histogram-mark";
import { HOUR_MS } from "../../src/tsdb/manifest";
import { decodeSelect } from "../../src/tsdb/select-codec";
import { Shard } from "../../src/tsdb/shard";
import { concatBytes } from "../../src/tsdb/storage-port";
import { MemoryStorage } from "./memory-storage";

const START = Date.UTC(2026, 0, 15, 12);
const SERIES = labelsOf({ __name__: "latency_seconds", pod: "a" });

function histogram(n: number, over: Partial<Histogram> = {}): Histogram {
  return {
    schema: 2,
    resetHint: 0,
    zeroThreshold: 1e-9,
    zeroCount: n,
    count: 6 * n,
    sum: 1.25 * n,
    positiveSpans: [
      { offset: -1, length: 1 },
      { offset: 3, length: 1 },
    ],
    positiveBuckets: Float64Array.of(2 * n, 3 * n),
    negativeSpans: [],
    negativeBuckets: new Float64Array(0),
    customValues: new Float64Array(0),
    ...over,
  };
}

type Row = readonly [labels: Labels, timeMs: number, value: number | Histogram];

function append(shard: Shard, rows: readonly Row[], now: number): AppendResult {
  const b = new BatchBuilder();
  for (const [labels, time, value] of rows) {
    if (typeof value === "number") b.sample(b.series(labels), time, value);
    else b.histogram(b.series(labels), time, value);
  }
  return appendBatch(shard, b, now);
}

function appendBatch(shard: Shard, b: BatchBuilder, now: number): AppendResult {
  const [outcome] = shard.append([b.finish()], now).results;
  if (outcome?.ok !== true) throw new Error("refused");
  return outcome.result;
}

function read(shard: Shard, name: string, endMs = START + 100 * HOUR_MS): readonly Series[] {
  const request = {
    matchers: [{ type: "=" as const, name: "__name__", value: name }],
    startMs: 0,
    endMs,
  };
  return decodeSelect([concatBytes(shard.select([request], 1e6))], [request])[0] ?? [];
}

/** A series' samples as pairs of time and value, in order. */
function rowsOf(series: Series | undefined): readonly (readonly [number, number | Histogram])[] {
  if (series === undefined) return [];
  return [...series.timestamps].map((t, i) => [
    t,
    series.histograms?.[i] ?? (series.values[i] as number),
  ]);
}

describe("a shard with native histograms", () => {
  it("gives them back among floats, from the log, segments and blocks", () => {
    const storage = new MemoryStorage();
    let shard = new Shard(storage);
    const expected: (readonly [number, number | Histogram])[] = [];
    let now = START;
    // Thirty hours, so that days are cut; floats and histograms of one series take turns.
    for (let m = 0; m < 30 * 60; m += 5) {
      now = START + m * 60_000;
      const value = m % 60 === 0 ? m : histogram(m + 1, m > 900 ? { schema: 1 } : {});
      expected.push([now, value]);
      expect(append(shard, [[SERIES, now, value]], now).accepted).toBe(1);
      if (m % 100 === 0) while (shard.maintain(now, 1_000));
      if (m % 240 === 0) shard = new Shard(storage);
    }
    expect(shard.blocks.some((b) => b.level === 2)).toBe(true);
    expect(shard.blocks.some((b) => b.level === 0) || shard.status().headSamples > 0).toBe(true);
    const [series] = read(shard, "latency_seconds");
    expect(rowsOf(series)).toEqual(expected);
    expect(rowsOf(read(new Shard(storage), "latency_seconds")[0])).toEqual(expected);
  });

  it("tells repeats from contradictions by content, in the head and in segments", () => {
    const shard = new Shard(new MemoryStorage());
    const now = START + 60_000;
    const rows: Row[] = [
      [SERIES, START, histogram(1)],
      [SERIES, START + 1_000, 5],
      [SERIES, now, histogram(2)],
    ];
    expect(append(shard, rows, now)).toEqual({
      accepted: 3,
      duplicates: 0,
      histograms: 2,
      rejected: [],
    });
    for (const place of ["head", "segment"]) {
      expect(append(shard, rows, now), place).toMatchObject({ accepted: 0, duplicates: 3 });
      const other = append(
        shard,
        [
          [SERIES, START, histogram(3)],
          [SERIES, START, 1],
          [SERIES, START + 1_000, histogram(5)],
        ],
        now,
      );
      expect(other, place).toMatchObject({
        accepted: 0,
        rejected: [{ reason: "duplicate_timestamp", count: 3 }],
      });
      shard.foldNow(now);
    }
    // Out of order, and new.
    expect(append(shard, [[SERIES, START + 500, histogram(9)]], now).accepted).toBe(1);
    expect(rowsOf(read(shard, "latency_seconds")[0]).map(([t]) => t - START)).toEqual([
      0, 500, 1_000, 60_000,
    ]);
  });

  it("refuses a broken one by name and keeps its neighbours", () => {
    const shard = new Shard(new MemoryStorage());
    const r = append(
      shard,
      [
        [SERIES, START, histogram(1, { count: 2 })],
        [SERIES, START, histogram(1)],
      ],
      START,
    );
    expect(r.accepted).toBe(1);
    expect(r.rejected[0]).toMatchObject({ reason: "invalid_histogram", count: 1 });
    expect(r.rejected[0]?.example).toContain('latency_seconds{pod="a"}');
    expect(r.rejected[0]?.example).toContain("6 observations in buckets, but a count of 2");
  });

  it("takes no NaN that a sender chose for a histogram", () => {
    const storage = new MemoryStorage();
    const shard = new Shard(storage);
    const bits = new Uint32Array([0, HISTOGRAM_WORD]);
    const b = new BatchBuilder();
    b.sampleBytes(b.series(SERIES), START, new Uint8Array(bits.buffer), 0);
    expect(appendBatch(shard, b, START).accepted).toBe(1);
    for (const s of [shard, new Shard(storage)])
      expect(rowsOf(read(s, "latency_seconds")[0])).toEqual([[START, NaN]]);
  });

  it("counts a histogram's buckets towards a query's budget", () => {
    const shard = new Shard(new MemoryStorage());
    const wide = histogram(1, {
      count: 2_001,
      zeroCount: 1,
      positiveSpans: [{ offset: 0, length: 2_000 }],
      positiveBuckets: Float64Array.from({ length: 2_000 }, () => 1),
    });
    append(shard, [[SERIES, START, wide]], START);
    const request = {
      matchers: [{ type: "=" as const, name: "pod", value: "a" }],
      startMs: 0,
      endMs: START,
    };
    expect(() => shard.select([request], 500)).toThrow(SampleBudgetError);
    expect(() => shard.select([request], 5_000)).not.toThrow();
  });

  it("counts buckets that do not change, and so take no room at rest, all the same", () => {
    const shard = new Shard(new MemoryStorage());
    const buckets = Float64Array.from({ length: 2_000 }, () => 1);
    const spans = [{ offset: 0, length: 2_000 }];
    const same = histogram(1, {
      count: 2_001,
      zeroCount: 1,
      positiveSpans: spans,
      positiveBuckets: buckets,
    });
    for (let i = 0; i < 100; i++)
      append(shard, [[SERIES, START + i * 1_000, same]], START + i * 1_000);
    for (const place of ["head", "segment"]) {
      const request = {
        matchers: [{ type: "=" as const, name: "pod", value: "a" }],
        startMs: 0,
        endMs: START + HOUR_MS,
      };
      expect(() => shard.select([request], 90_000), place).toThrow(SampleBudgetError);
      expect(() => shard.select([request], 110_000), place).not.toThrow();
      shard.foldNow(START + 100_000);
    }
  });
});

describe("created times", () => {
  const created = (at: number, first: number, isHistogram = false): BatchBuilder => {
    const b = new BatchBuilder();
    const ref = b.series(SERIES);
    b.created(ref, at, isHistogram);
    if (isHistogram) b.histogram(ref, first, histogram(4));
    else b.sample(ref, first, 40);
    return b;
  };

  it("make a zero in front of a counter's first sample, and only there", () => {
    const shard = new Shard(new MemoryStorage());
    appendBatch(shard, created(START - 5_000, START), START);
    appendBatch(shard, created(START - 5_000, START + 15_000), START + 15_000);
    // It began again.
    appendBatch(shard, created(START + 20_000, START + 30_000), START + 30_000);
    expect(rowsOf(read(shard, "latency_seconds")[0])).toEqual([
      [START - 5_000, 0],
      [START, 40],
      [START + 15_000, 40],
      [START + 20_000, 0],
      [START + 30_000, 40],
    ]);
  });

  it("make an empty histogram where the series is one", () => {
    const shard = new Shard(new MemoryStorage());
    appendBatch(shard, created(START - 5_000, START, true), START);
    const rows = rowsOf(read(shard, "latency_seconds")[0]);
    expect(rows[0]?.[1]).toMatchObject({ count: 0, sum: 0, schema: 2, positiveSpans: [] });
    expect(rows).toHaveLength(2);
  });

  it("that are too old, or not before the sample, are passed over", () => {
    const shard = new Shard(new MemoryStorage());
    appendBatch(shard, created(START - 24 * HOUR_MS, START), START);
    appendBatch(shard, created(START + 15_000, START + 15_000), START + 15_000);
    expect(rowsOf(read(shard, "latency_seconds")[0]).map(([t]) => t)).toEqual([
      START,
      START + 15_000,
    ]);
  });
});

describe("exemplars", () => {
  function exemplar(timeMs: number, trace: string, pod = "a"): BatchBuilder {
    const b = new BatchBuilder();
    const ref = b.series(labelsOf({ __name__: "hits_total", pod }));
    b.sample(ref, timeMs, timeMs);
    b.exemplar(ref, timeMs, 0.7, labelsOf({ trace_id: trace }));
    return b;
  }
  const all = { matchers: [], startMs: 0, endMs: START + 100 * HOUR_MS };
  const found = (shard: Shard): string[] =>
    shard
      .exemplars(all)
      .flatMap((s) =>
        s.exemplars.map(
          (e) => `${labelValue(s.seriesLabels, "pod")} ${labelValue(e.labels, "trace_id")}`,
        ),
      );

  it("are kept with their series, over folds and restarts", () => {
    const storage = new MemoryStorage();
    const shard = new Shard(storage);
    expect(appendBatch(shard, exemplar(START, "one"), START).exemplars).toBe(1);
    shard.foldNow(START);
    appendBatch(shard, exemplar(START + 1_000, "two", "b"), START + 1_000);
    appendBatch(shard, exemplar(START + 2_000, "three"), START + 2_000);
    const expected = ["a one", "a three", "b two"];
    expect(found(shard).sort()).toEqual(expected);
    expect(found(new Shard(storage)).sort()).toEqual(expected);
    const filter = {
      matchers: [[{ type: "=" as const, name: "pod", value: "b" }]],
      startMs: START,
      endMs: START + 1_000,
    };
    expect(shard.exemplars(filter)).toEqual([
      {
        seriesLabels: labelsOf({ __name__: "hits_total", pod: "b" }),
        exemplars: [
          { labels: labelsOf({ trace_id: "two" }), value: 0.7, timestampMs: START + 1_000 },
        ],
      },
    ]);
  });

  it("count once, never out of order, never with long labels", () => {
    const shard = new Shard(new MemoryStorage());
    expect(appendBatch(shard, exemplar(START, "one"), START).exemplars).toBe(1);
    expect(appendBatch(shard, exemplar(START, "one"), START).exemplars).toBe(1);
    expect(appendBatch(shard, exemplar(START - 1_000, "old"), START).exemplars).toBeUndefined();
    const long = exemplar(START + 1_000, "x".repeat(121));
    expect(appendBatch(shard, long, START + 1_000)).toMatchObject({ accepted: 1, rejected: [] });
    expect(found(shard)).toEqual(["a one"]);
  });

  it("give way to newer ones beyond the limit", () => {
    const shard = new Shard(new MemoryStorage());
    const b = new BatchBuilder();
    const ref = b.series(labelsOf({ __name__: "hits_total", pod: "a" }));
    b.sample(ref, START, 1);
    for (let i = 0; i < MAX_EXEMPLARS + 5; i++)
      b.exemplar(ref, START + i, 1, labelsOf({ trace_id: `t${i}` }));
    appendBatch(shard, b, START + 20_000);
    const kept = found(shard);
    expect(kept).toHaveLength(MAX_EXEMPLARS);
    expect(kept[0]).toBe("a t5");
  });
});
