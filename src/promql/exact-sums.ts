import type { Kernel } from "./window-kernels";

/**
 * sum_over_time and avg_over_time of whole numbers, from running sums: each window costs two look-ups instead
 * of all its samples. Where every sum is an integer that a float holds exactly, the compensated sum has nothing
 * to compensate, so that the result is the same to the bit. Undefined for other functions and values.
 */
export function exactKernel(func: string, values: Float64Array): Kernel | undefined {
  if (func !== "sum_over_time" && func !== "avg_over_time") return undefined;
  const sums = exactSums(values);
  if (sums === undefined) return undefined;
  const total: Kernel = (w) => (sums[w.hi] as number) - (sums[w.lo] as number);
  return func === "sum_over_time" ? total : (w, p, q) => total(w, p, q) / (w.hi - w.lo);
}

/** Sums of the first 0, 1, 2 … values; undefined where one may not be exact. */
function exactSums(values: Float64Array): Float64Array | undefined {
  const n = values.length;
  const sums = new Float64Array(n + 1);
  let sum = 0;
  let size = 0;
  for (let i = 0; i < n; i++) {
    const v = values[i] as number;
    size += Math.abs(v);
    // Not so for NaN and infinities either.
    if (!(size <= Number.MAX_SAFE_INTEGER) || v !== Math.floor(v)) return undefined;
    sums[i + 1] = sum += v;
  }
  return sums;
}
