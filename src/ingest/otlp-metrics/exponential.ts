import type { ExponentialPoint } from "./model";

/**
 * Exponential histograms as classic ones. Their own buckets move as the data spreads, which
 * classic series cannot follow: increments must always reach the same set of bounds. So
 * they are read at fixed powers of two, chosen by unit. A power of two is a bucket border
 * at every scale ≥ 0, so that the counts there are exact.
 */
const BOUNDS_BY_UNIT: ReadonlyMap<string, readonly [from: number, to: number]> = new Map([
  ["s", [-10, 7]], // 1 ms to 2 min
  ["ms", [-1, 17]],
  ["us", [0, 27]],
  ["ns", [9, 37]],
  ["By", [6, 32]],
  ["1", [-10, 7]],
]);
const ANY: readonly [number, number] = [-10, 20];

export function boundsForUnit(unit: string): readonly number[] {
  const [from, to] = BOUNDS_BY_UNIT.get(unit) ?? ANY;
  return Array.from({ length: to - from + 1 }, (_, i) => 2 ** (from + i));
}

/** Counts per bucket of `bounds` (positive, rising), and one more for what lies above. */
export function toClassicCounts(point: ExponentialPoint, bounds: readonly number[]): number[] {
  const counts = Array.from({ length: bounds.length + 1 }, () => 0);
  const add = (i: number, n: number): void => {
    counts[i] = (counts[i] as number) + n;
  };
  // Zero and below lie under every bound.
  add(0, Number(point.zeroCount));
  for (const n of point.negative?.bucketCounts ?? []) add(0, Number(n));
  const first = Math.log2(bounds[0] as number);
  (point.positive?.bucketCounts ?? []).forEach((n, i) => {
    if (n === 0n) return;
    // Bucket k holds (base^k, base^(k+1)] with base = 2^(2^-scale): its upper border as a power of two.
    const upper = (i + (point.positive?.offset ?? 0) + 1) * 2 ** -point.scale;
    add(Math.min(Math.max(Math.ceil(upper - first), 0), bounds.length), Number(n));
  });
  return counts;
}
