import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CUSTOM_BUCKETS,
  GAUGE,
  type Histogram,
  NOT_RESET,
  NO_BUCKETS,
  RESET,
  RESET_UNKNOWN,
} from "../../src/core/histogram";
import {
  added,
  combined,
  divided,
  equalHistograms,
  isReset,
  scaled,
  subtracted,
} from "../../src/promql/histogram-arithmetic";
import {
  allBuckets,
  compacted,
  exponentialBound,
  spansOf,
} from "../../src/promql/histogram-buckets";
import { histogramFraction, histogramQuantile } from "../../src/promql/histogram-estimates";
import { HistogramSum } from "../../src/promql/histogram-sum";
import { trimmed } from "../../src/promql/histogram-trim";

type Side = ReadonlyMap<number, number>;

const sideOf: fc.Arbitrary<Side> = fc
  .array(fc.tuple(fc.integer({ min: -12, max: 12 }), fc.integer({ min: 0, max: 50 })), {
    maxLength: 8,
  })
  .map((entries) => new Map(entries));

/** Counts add up to the count of observations, and the sum lies within the buckets. */
function histogramOf(
  schema: number,
  positive: Side,
  negative: Side,
  zero: number,
  w = 0,
): Histogram {
  const p = [...positive].filter(([i]) => exponentialBound(i - 1, schema) >= w).sort(byIndex);
  const n = [...negative].filter(([i]) => exponentialBound(i - 1, schema) >= w).sort(byIndex);
  const total = [...p, ...n].reduce((sum, [, c]) => sum + c, zero);
  return {
    schema,
    resetHint: RESET_UNKNOWN,
    zeroThreshold: w,
    zeroCount: zero,
    count: total,
    sum: [...p, ...n].length,
    positiveSpans: spansOf(p.map(([i]) => i)),
    positiveBuckets: Float64Array.from(p, ([, c]) => c),
    negativeSpans: spansOf(n.map(([i]) => i)),
    negativeBuckets: Float64Array.from(n, ([, c]) => c),
    customValues: NO_BUCKETS,
  };
}

const byIndex = ([a]: readonly [number, number], [b]: readonly [number, number]): number => a - b;

const exponential: fc.Arbitrary<Histogram> = fc
  .tuple(
    fc.integer({ min: -4, max: 8 }),
    sideOf,
    sideOf,
    fc.integer({ min: 0, max: 20 }),
    fc.constantFrom(0, 0.001, 0.3, 1),
  )
  .map((parts) => histogramOf(...parts));

const custom: fc.Arbitrary<Histogram> = fc
  .uniqueArray(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 6 })
  .chain((bounds) =>
    fc
      .array(fc.integer({ min: 0, max: 30 }), {
        minLength: bounds.length + 1,
        maxLength: bounds.length + 1,
      })
      .map((counts): Histogram => ({
        ...histogramOf(0, new Map(counts.map((c, i) => [i, c])), new Map(), 0),
        schema: CUSTOM_BUCKETS,
        customValues: Float64Array.from(bounds.toSorted((a, b) => a - b)),
      })),
  );

const pair = fc.oneof(fc.tuple(exponential, exponential), fc.tuple(custom, custom));
const any = fc.oneof(exponential, custom);

const inBuckets = (h: Histogram): number => allBuckets(h).reduce((n, b) => n + b.count, 0);

describe("histograms", () => {
  it("added to each other keep every observation, in either order", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const ab = added(a, b)?.histogram as Histogram;
        const ba = added(b, a)?.histogram as Histogram;
        expect(ab.count).toBe(a.count + b.count);
        expect(inBuckets(ab)).toBe(a.count + b.count);
        expect(equalHistograms(ab, ba)).toBe(true);
      }),
    );
  });

  it("are what they were once what was added is taken away", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const sum = added(a, b)?.histogram as Histogram;
        const back = subtracted(sum, b)?.histogram as Histogram;
        // In the layout of the sum, to which adding nothing of it brings the first.
        const nothing = scaled(sum, 0);
        const inLayout = added(a, nothing)?.histogram as Histogram;
        expect(equalHistograms(back, inLayout)).toBe(true);
        expect(back.resetHint).toBe(GAUGE);
      }),
    );
  });

  it("of a lower resolution hold the same counts", () => {
    fc.assert(
      fc.property(exponential, fc.integer({ min: 0, max: 4 }), (h, by) => {
        const sum = new HistogramSum(h);
        sum.reduceTo(Math.max(-4, h.schema - by));
        const reduced = sum.result();
        expect(reduced.schema).toBe(Math.max(-4, h.schema - by));
        const total = (x: Float64Array): number => x.reduce((n, c) => n + c, 0);
        expect(total(reduced.positiveBuckets)).toBe(total(h.positiveBuckets));
        expect(total(reduced.negativeBuckets)).toBe(total(h.negativeBuckets));
        // Every bucket lies within one of the coarser ones.
        const bounds = new Set(allBuckets({ ...reduced, zeroThreshold: 0 }).map((b) => b.upper));
        for (const b of allBuckets({ ...compacted(h), zeroThreshold: 0, zeroCount: 0 }))
          expect([...bounds].some((u) => u >= b.upper * (b.upper < 0 ? 1 + 1e-9 : 1 - 1e-9))).toBe(
            true,
          );
      }),
    );
  });

  it("have quantiles that rise with φ, and fractions that undo them", () => {
    fc.assert(
      fc.property(any, (h) => {
        fc.pre(h.count > 0);
        const qs = Array.from({ length: 41 }, (_, i) => histogramQuantile(i / 40, h).value);
        for (let i = 1; i < qs.length; i++) {
          const tolerance = Math.abs(qs[i] as number) * 1e-9 + 1e-300;
          expect(qs[i]).toBeGreaterThanOrEqual((qs[i - 1] as number) - tolerance);
        }
        expect(histogramFraction(-Infinity, Infinity, h).value).toBeCloseTo(1);
      }),
    );
  });

  it("are parted by trims into two that hold all observations", () => {
    fc.assert(
      fc.property(exponential, fc.double({ min: -40, max: 40, noNaN: true }), (h, x) => {
        // Observations of zero itself, in a zero bucket without width, are neither above nor below 0.
        fc.pre(x !== 0);
        const below = trimmed(h, x, true);
        const above = trimmed(h, x, false);
        expect(below.count + above.count).toBeCloseTo(h.count, 6);
        expect(inBuckets(below)).toBeCloseTo(below.count, 6);
        expect(below.count).toBeCloseTo(histogramFraction(-Infinity, x, h).value * h.count || 0, 6);
        expect(trimmed(h, Infinity, true)).toBe(h);
        expect(trimmed(h, Infinity, false).count).toBe(0);
      }),
    );
  });

  it("that only grew were not reset, and those that shrank were", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const grown = added(a, b)?.histogram as Histogram;
        expect(isReset(grown, a)).toBe(false);
        expect(isReset({ ...grown, resetHint: RESET }, a)).toBe(true);
        fc.pre(b.count > 0);
        expect(isReset(a, grown)).toBe(true);
        expect(isReset({ ...a, resetHint: NOT_RESET }, grown)).toBe(false);
      }),
    );
  });

  it("average to a histogram even where their sum is too large for a number", () => {
    const huge = { ...histogramOf(0, new Map([[1, 4]]), new Map(), 0), sum: 1.5e308 };
    const mean = combined([huge, huge, huge], true)?.histogram as Histogram;
    expect(mean.sum).toBeCloseTo(1.5e308, -300);
    expect([...mean.positiveBuckets]).toEqual([4]);
  });

  it("of custom buckets and exponential ones do not add", () => {
    fc.assert(
      fc.property(custom, exponential, (a, b) => {
        expect(added(a, b)).toBeUndefined();
        expect(combined([b, a], false)).toBeUndefined();
      }),
    );
  });

  it("lose no small part of a sum to a large one", () => {
    const one = histogramOf(0, new Map([[0, 1]]), new Map(), 0);
    const large = { ...one, sum: 1e100 };
    const sum = combined(
      [{ ...one, sum: 1 }, large, { ...one, sum: 1 }, { ...large, sum: -1e100 }],
      false,
    );
    expect(sum?.histogram.sum).toBe(2);
  });

  it("over zero are an infinite zero bucket", () => {
    const h = divided(histogramOf(0, new Map([[0, 1]]), new Map(), 0), 0);
    expect(h).toMatchObject({ count: Infinity, positiveSpans: [] });
    expect(h.zeroCount).toBeNaN();
  });
});
