import { describe, expect, it } from "vitest";
import type { Series } from "../../src/core/series";
import { bitsOf, setStaleAt } from "../../src/core/stale";
import { bucketQuantile, exactIncrease } from "../../src/reports/exact-increase";

const series = (...points: readonly (readonly [number, number | "stale"])[]): Series => {
  const values = Float64Array.from(points, ([, v]) => (v === "stale" ? 0 : v));
  const bits = bitsOf(values);
  points.forEach(([, v], i) => {
    if (v === "stale") setStaleAt(bits, i);
  });
  return { labels: [], timestamps: Float64Array.from(points, ([t]) => t), values };
};

describe("what a counter counted", () => {
  it.each([
    ["between two samples of the range", series([10, 0], [20, 7]), 7],
    ["from the sample before the range", series([-5, 100], [10, 103], [30, 110]), 10],
    ["not beyond its end", series([0, 0], [50, 5], [101, 50]), 5],
    ["across a reset, which begins again at 0", series([0, 10], [10, 3], [20, 5]), 5],
    ["across a stale marker", series([0, 10], [10, 12], [15, "stale"], [20, 15]), 5],
    ["nothing by its first sample alone", series([10, 42]), 0],
    ["nothing without samples", series(), 0],
  ])("%s", (_, s, expected) => {
    expect(exactIncrease(s, 0, 100)).toBe(expected);
  });
});

describe("a quantile of bucket counts", () => {
  it.each([
    [
      0.5,
      [
        [1, 10],
        [2, 20],
        [Number.POSITIVE_INFINITY, 20],
      ],
      1,
    ],
    [
      0.75,
      [
        [1, 10],
        [2, 20],
        [Number.POSITIVE_INFINITY, 20],
      ],
      1.5,
    ],
    [
      0.99,
      [
        [1, 10],
        [Number.POSITIVE_INFINITY, 20],
      ],
      1,
    ],
    [0.5, [[Number.POSITIVE_INFINITY, 0]], null],
    [0.5, [], null],
  ] as const)("%d", (q, buckets, expected) => {
    expect(bucketQuantile(q, new Map(buckets))).toBe(expected);
  });
});
