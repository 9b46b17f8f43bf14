import type { SelectHints } from "../core/metric-store";
import { isStaleAt } from "../core/stale";
import { isHistogramAt } from "./histogram-mark";
import { type SampleColumns, copyRow } from "./sample-columns";

/** Samples with k × 5 min < t ≤ (k + 1) × 5 min make one bucket, as a range that ends on its bound takes them in. */
export const BUCKET_MS = 300_000;
const MAX_GAP_MS = BUCKET_MS / 2;

/**
 * What a downsampled block holds of each series. `samples` are raw ones: the last of each bucket and what else a
 * counter's increase or an instant needs. The others have a sample a bucket, at the time of its last one: the mean,
 * with how many samples it stands for, the least, the largest. Aggregate a of series i of n is numbered a × n + i.
 */
export const AGGREGATES = ["samples", "mean", "min", "max"] as const;
export type Aggregate = 0 | 1 | 2 | 3;
export const SAMPLES: Aggregate = 0;
export const MEAN: Aggregate = 1;

const BY_FUNCTION: ReadonlyMap<string, Aggregate> = new Map([
  ["avg_over_time", 1],
  ["sum_over_time", 1],
  ["count_over_time", 1],
  ["stddev_over_time", 1],
  ["stdvar_over_time", 1],
  ["min_over_time", 2],
  ["max_over_time", 3],
]);

/** Which aggregate answers a select; without a hint that says it, the samples. */
export function aggregateFor(hints: SelectHints | undefined): Aggregate {
  return BY_FUNCTION.get(hints?.func ?? "") ?? SAMPLES;
}

export function bucketOf(timeMs: number): number {
  return Math.ceil(timeMs / BUCKET_MS) - 1;
}

/** Reduces the first `count` samples (rising, no time twice) to what the aggregate keeps; gives how many are left. */
export function downsample(columns: SampleColumns, count: number, aggregate: Aggregate): number {
  return aggregate === SAMPLES ? thin(columns, count) : bucketed(columns, count, aggregate);
}

/**
 * Keeps the last sample of each bucket, both sides of each fall (a counter's reset), stale markers and what comes
 * after one, the first, and as many more as leave no gap of over 2.5 min: a rate over 5 min, which dashboards ask
 * for, finds two samples, and an instant one. A series that
 * falls every third time is no counter, and its falls are nothing to be kept.
 */
function thin(columns: SampleColumns, count: number): number {
  const { times, values, bits } = columns;
  let falls = 0;
  for (let i = 1; i < count; i++) if ((values[i] as number) < (values[i - 1] as number)) falls++;
  const isCounter = falls * 3 <= count;
  let kept = 0;
  let lastKept = -Infinity;
  let lastStale = true;
  let lastValue = NaN;
  for (let i = 0; i < count; i++) {
    const time = times[i] as number;
    const value = values[i] as number;
    const stale = isStaleAt(bits, i);
    const next = i + 1 < count ? (times[i + 1] as number) : Infinity;
    const keep =
      stale ||
      lastStale ||
      (isCounter && value < lastValue) ||
      bucketOf(next) !== bucketOf(time) ||
      next - lastKept > MAX_GAP_MS ||
      (isCounter && i + 1 < count && (values[i + 1] as number) < value);
    lastStale = stale;
    lastValue = value;
    if (!keep) continue;
    copyRow(columns, i, kept++);
    lastKept = time;
  }
  return kept;
}

/** One sample a bucket; stale markers are none. */
function bucketed(columns: SampleColumns, count: number, aggregate: Aggregate): number {
  const { times, values, bits } = columns;
  const weights = columns.weigh();
  let made = 0;
  let bucket = NaN;
  for (let i = 0; i < count; i++) {
    if (isStaleAt(bits, i)) continue;
    const time = times[i] as number;
    if (isHistogramAt(bits, i)) {
      // Of histograms the last of a bucket stands for it: their means are no histograms.
      const again = made > 0 && bucketOf(time) === bucket && isHistogramAt(bits, made - 1);
      if (again) made--;
      copyRow(columns, i, made);
      weights[made++] = 0;
      bucket = bucketOf(time);
      continue;
    }
    const value = values[i] as number;
    const weight = Math.max(1, weights[i] as number);
    if (bucketOf(time) !== bucket || isHistogramAt(bits, made - 1)) {
      bucket = bucketOf(time);
      times[made] = time;
      values[made] = value;
      weights[made] = weight;
      made++;
      continue;
    }
    const at = made - 1;
    times[at] = time;
    values[at] = joined(values[at] as number, weights[at] as number, value, weight, aggregate);
    (weights[at] as number) += weight;
  }
  if (aggregate !== MEAN) weights.fill(0, 0, made);
  return made;
}

function joined(
  a: number,
  weightA: number,
  b: number,
  weightB: number,
  aggregate: Aggregate,
): number {
  if (aggregate === MEAN) {
    if (!Number.isFinite(a) || !Number.isFinite(b)) return a + b;
    // The mean moves, so that no sum leaves the range of floats.
    return a + ((b - a) * weightB) / (weightA + weightB);
  }
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) ? b : a;
  return aggregate === 2 ? Math.min(a, b) : Math.max(a, b);
}
