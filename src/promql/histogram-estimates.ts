import type { Histogram } from "../core/histogram";
import { KahanSum } from "./columns";
import { type Bucket, allBuckets, usesCustomBuckets } from "./histogram-buckets";

/** What is to be said of an estimate: NaN observations are in no bucket, so that they distort it. */
export type NanNote = "none" | "result is NaN" | "result is skewed higher" | "excluded";

export interface Estimate {
  readonly value: number;
  readonly note: NanNote;
}

const plain = (value: number): Estimate => ({ value, note: "none" });

/**
 * The φ-quantile: linear within the zero bucket and custom buckets, exponential within others
 * (https://prometheus.io/docs/specs/native_histograms/#interpolation-within-a-bucket).
 */
export function histogramQuantile(q: number, h: Histogram): Estimate {
  if (q < 0) return plain(-Infinity);
  if (q > 1) return plain(Infinity);
  if (h.count === 0 || q !== q) return plain(Number.NaN);
  const buckets = allBuckets(h);
  // NaN observations are counted as if they stood behind all buckets, so that those are walked forward.
  const forward = h.sum !== h.sum || q < 0.5;
  const ordered = forward ? buckets : buckets.toReversed();
  const rank = (forward ? q : 1 - q) * h.count;
  let seen = 0;
  let bucket: Bucket = { lower: 0, upper: 0, count: 0 };
  for (const b of ordered) {
    if (b.count === 0) continue;
    bucket = b;
    seen += b.count;
    if (seen >= rank) break;
  }
  const { lower, upper } = effectiveBounds(bucket, h);
  if (usesCustomBuckets(h)) {
    if (lower === -Infinity) return plain(upper);
    if (upper === Infinity) return plain(lower);
  }
  seen = Math.min(seen, h.count);
  if (seen < rank) {
    return h.sum !== h.sum ? { value: Number.NaN, note: "result is NaN" } : plain(upper);
  }
  const within = forward ? rank - (seen - bucket.count) : seen - rank;
  const share = within / bucket.count;
  const note: NanNote = hasNanObservations(h, buckets) ? "result is skewed higher" : "none";
  if (usesCustomBuckets(h) || (lower <= 0 && upper >= 0))
    return { value: lower + (upper - lower) * share, note };
  const logLower = Math.log2(Math.abs(lower));
  const logUpper = Math.log2(Math.abs(upper));
  const value =
    lower > 0
      ? 2 ** (logLower + (logUpper - logLower) * share)
      : -(2 ** (logUpper + (logLower - logUpper) * (1 - share)));
  return { value, note };
}

function hasNanObservations(h: Histogram, buckets: readonly Bucket[]): boolean {
  return h.sum !== h.sum && buckets.reduce((n, b) => n + b.count, 0) < h.count;
}

/**
 * Where a bucket's observations are taken to lie: the zero bucket on the side of the only populated
 * regular buckets, the lowest custom bucket from 0 where it ends above.
 */
export function effectiveBounds(b: Bucket, h: Histogram): { lower: number; upper: number } {
  const { lower, upper } = b;
  if (usesCustomBuckets(h)) return { lower: lower === -Infinity && upper > 0 ? 0 : lower, upper };
  if (lower < 0 && upper > 0) {
    const negative = h.negativeBuckets.some((c) => c !== 0);
    const positive = h.positiveBuckets.some((c) => c !== 0);
    if (positive && !negative) return { lower: 0, upper };
    if (negative && !positive) return { lower, upper: 0 };
  }
  return { lower, upper };
}

/** The estimated share of observations between two values. */
export function histogramFraction(lower: number, upper: number, h: Histogram): Estimate {
  if (h.count === 0 || lower !== lower || upper !== upper) return plain(Number.NaN);
  if (lower >= upper) return plain(0);
  const buckets = allBuckets(h);
  const nans = hasNanObservations(h, buckets);
  const count = h.sum === h.sum ? h.count : buckets.reduce((n, b) => n + b.count, 0);
  const below = (x: number): number => Math.min(rankOf(x, h, buckets, count), count);
  return { value: (below(upper) - below(lower)) / h.count, note: nans ? "excluded" : "none" };
}

/** How many observations lie below a value. */
function rankOf(x: number, h: Histogram, buckets: readonly Bucket[], count: number): number {
  let rank = 0;
  for (const b of buckets) {
    const { lower, upper } = effectiveBounds(b, h);
    if (lower >= x) return rank;
    if (upper > x) {
      // Nothing can be interpolated in a bucket without an end: the lowest counts as a whole.
      if (lower === -Infinity) return b.count;
      return rank + b.count * shareBelow(x, lower, upper, h);
    }
    rank += b.count;
  }
  return count;
}

/** The share of a bucket's observations below `x`, which lies within. */
export function shareBelow(x: number, lower: number, upper: number, h: Histogram): number {
  if (usesCustomBuckets(h) || (lower <= 0 && upper >= 0)) return (x - lower) / (upper - lower);
  const logLower = Math.log2(Math.abs(lower));
  const logUpper = Math.log2(Math.abs(upper));
  const logX = Math.log2(Math.abs(x));
  return x > 0
    ? (logX - logLower) / (logUpper - logLower)
    : 1 - (logX - logUpper) / (logLower - logUpper);
}

const spread = new KahanSum();

/** The estimated variance; a bucket's observations stand at the mean of its bounds, geometric where they are exponential. */
export function histogramVariance(h: Histogram): number {
  const mean = h.sum / h.count;
  spread.reset();
  for (const b of allBuckets(h)) {
    if (b.count === 0) continue;
    const delta = middle(b, h) - mean;
    spread.add(b.count * delta * delta);
  }
  return spread.total / h.count;
}

function middle({ lower, upper }: Bucket, h: Histogram): number {
  if (usesCustomBuckets(h)) return (upper + lower) / 2;
  if (lower <= 0 && upper >= 0) return 0;
  const geometric = Math.sqrt(upper * lower);
  return upper < 0 ? -geometric : geometric;
}
