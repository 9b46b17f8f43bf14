import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseHistogram } from "../../src/core/histogram-notation";
import type { Histogram } from "../../src/core/histogram";
import {
  allBuckets,
  compacted,
  exponentialBound,
  indexesOf,
  spansOf,
} from "../../src/promql/histogram-buckets";
import { histogramText } from "../../src/promql/histogram-text";

function histogram(text: string): Histogram {
  const h = parseHistogram(text);
  if (!h.ok) throw new Error(h.error);
  return h.value;
}

describe("exponential bounds", () => {
  it.each([
    [0, 0, 1],
    [3, 0, 8],
    [-2, 0, 0.25],
    [1, 1, Math.SQRT2],
    [2, -2, 256],
    [4, 3, Math.SQRT2],
    [-1074, 0, 5e-324],
    // The last bucket of numbers, and the one of infinity.
    [1024, 0, Number.MAX_VALUE],
    [1025, 0, Infinity],
    [64, -4, Number.MAX_VALUE],
    [65, -4, Infinity],
  ])("of bucket %i at schema %i", (index, schema, bound) => {
    expect(exponentialBound(index, schema)).toBe(bound);
  });

  it("of a coarser schema are among those of a finer", () => {
    fc.assert(
      fc.property(fc.integer({ min: -500, max: 500 }), fc.integer({ min: -4, max: 7 }), (i, s) => {
        expect(exponentialBound(2 * i, s + 1)).toBe(exponentialBound(i, s));
      }),
    );
  });
});

describe("spans", () => {
  it("name the indexes they were made of", () => {
    const indexes = fc.uniqueArray(fc.integer({ min: -99, max: 99 }));
    fc.assert(
      fc.property(indexes, (is) => {
        const rising = is.toSorted((a, b) => a - b);
        expect(indexesOf(spansOf(rising))).toEqual(rising);
      }),
    );
  });

  it("lose their empty buckets", () => {
    const h = compacted(histogram("{{count:3 buckets:[0 1 0 0 2 0]}}"));
    expect(h.positiveSpans).toEqual([
      { offset: 1, length: 1 },
      { offset: 2, length: 1 },
    ]);
    expect([...h.positiveBuckets]).toEqual([1, 2]);
    expect(compacted(h)).toBe(h);
  });
});

describe("buckets", () => {
  it("stand lowest first and do not overlap the zero bucket", () => {
    const h = histogram("{{count:9 z_bucket:2 z_bucket_w:0.7 buckets:[3 1] n_buckets:[2 1]}}");
    expect(allBuckets(h)).toEqual([
      { lower: -2, upper: -1, count: 1 },
      { lower: -1, upper: -0.7, count: 2 },
      { lower: -0.7, upper: 0.7, count: 2 },
      { lower: 0.7, upper: 1, count: 3 },
      { lower: 1, upper: 2, count: 1 },
    ]);
  });

  it("of custom bounds reach to both infinities", () => {
    const h = histogram("{{schema:-53 count:6 custom_values:[1 5] buckets:[1 2 3]}}");
    expect(allBuckets(h)).toEqual([
      { lower: -Infinity, upper: 1, count: 1 },
      { lower: 1, upper: 5, count: 2 },
      { lower: 5, upper: Infinity, count: 3 },
    ]);
    expect(histogramText(h)).toBe("{count:6, sum:0, [-Inf,1]:1, (1,5]:2, (5,+Inf]:3}");
  });
});
