import type { Series } from "../core/series";
import { bitsOf, isStaleAt } from "../core/stale";

/**
 * What a counter counted in (startMs, endMs], exactly: PromQL's increase() extrapolates to
 * the range's ends, which a report must not. The sample before the range is the base; a
 * series that begins inside it counts from its first sample, or from 0 where that is the
 * accumulator's explicit 0. A fall is a reset: the counter began again at 0.
 * @param series samples from at least one look-back before startMs
 */
export function exactIncrease(series: Series, startMs: number, endMs: number): number {
  const { timestamps, values } = series;
  const bits = bitsOf(values);
  let last: number | undefined;
  let total = 0;
  for (let i = 0; i < timestamps.length; i++) {
    const t = timestamps[i] as number;
    if (t > endMs) break;
    if (isStaleAt(bits, i)) continue;
    const v = values[i] as number;
    if (t > startMs && last !== undefined) total += v >= last ? v - last : v;
    last = v;
  }
  return total;
}

/** The sum over several series. */
export function sumIncrease(series: readonly Series[], startMs: number, endMs: number): number {
  return series.reduce((n, s) => n + exactIncrease(s, startMs, endMs), 0);
}

/**
 * A quantile from the increases of classic histogram buckets, linear within a bucket, as
 * histogram_quantile does (https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile).
 * @param buckets upper bound → observations at or below it; one bound is +Inf
 * @returns null without observations
 */
export function bucketQuantile(q: number, buckets: ReadonlyMap<number, number>): number | null {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const total = sorted.at(-1)?.[1] ?? 0;
  if (total === 0) return null;
  const rank = q * total;
  const at = sorted.findIndex(([, n]) => n >= rank);
  const [bound, count] = sorted[at] ?? [Number.POSITIVE_INFINITY, total];
  const [lower, below] = at > 0 ? (sorted[at - 1] as [number, number]) : [0, 0];
  if (bound === Number.POSITIVE_INFINITY) return lower;
  return lower + (bound - lower) * ((rank - below) / (count - below));
}
