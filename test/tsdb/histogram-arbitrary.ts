import fc from "fast-check";
import { CUSTOM_BUCKETS, type Histogram, NO_BUCKETS, type Span } from "../../src/core/histogram";

const spans = fc.array(fc.record({ offset: fc.nat(5), length: fc.integer({ min: 1, max: 6 }) }), {
  maxLength: 4,
});

function bucketsFor(list: readonly Span[], counts: readonly number[]): Float64Array {
  const n = list.reduce((sum, s) => sum + s.length, 0);
  return Float64Array.from({ length: n }, (_, i) => counts[i % counts.length] ?? 0);
}

/** Histograms that a shard accepts: whole or fractional counts, exponential or with custom bounds. */
export const anyHistogram: fc.Arbitrary<Histogram> = fc
  .record({
    custom: fc.boolean(),
    schema: fc.integer({ min: -4, max: 8 }),
    resetHint: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const),
    zeroThreshold: fc.constantFrom(0, 1e-128, 0.001),
    zero: fc.nat(1000),
    positiveSpans: spans,
    negativeSpans: spans,
    counts: fc.array(fc.nat(100_000), { minLength: 1, maxLength: 8 }),
    part: fc.constantFrom(1, 0.5, 0.1),
    sum: fc.oneof(fc.double(), fc.constant(NaN)),
  })
  .map((r) => {
    const positiveBuckets = bucketsFor(r.positiveSpans, r.counts).map((c) => c * r.part);
    const negativeBuckets = r.custom ? NO_BUCKETS : bucketsFor(r.negativeSpans, r.counts);
    const zeroCount = r.custom ? 0 : r.zero;
    const total = (list: Float64Array): number => list.reduce((a, b) => a + b, 0);
    const last = r.positiveSpans.reduce((n, s) => n + s.offset + s.length, 0);
    return {
      schema: r.custom ? CUSTOM_BUCKETS : r.schema,
      resetHint: r.resetHint,
      zeroThreshold: r.custom ? 0 : r.zeroThreshold,
      zeroCount,
      count: total(positiveBuckets) + total(negativeBuckets) + zeroCount,
      sum: r.sum,
      positiveSpans: r.positiveSpans,
      positiveBuckets,
      negativeSpans: r.custom ? [] : r.negativeSpans,
      negativeBuckets,
      customValues: r.custom ? Float64Array.from({ length: last }, (_, i) => i * 2.5) : NO_BUCKETS,
    };
  });
