import { FLOAT } from "./columns";
import type { RangeInput, RangeSeries } from "./selectors";
import { quantileOf } from "./window-kernels";

/**
 * quantile_over_time over one series for every window. The window's values are kept
 * sorted while it slides: a sample that enters or leaves costs one binary search
 * and one move, where sorting each window anew would cost n log n. NaN is the smallest.
 */
export function quantileColumn(
  s: RangeSeries,
  input: RangeInput,
  qs: Float64Array,
  kinds: Uint8Array,
  out: Float64Array,
): void {
  const { timestamps: ts, values: vs } = s;
  const n = ts.length;
  const { startMs, stepMs, steps } = input.ends;
  const sorted = new Float64Array(n);
  let size = 0;
  let lo = 0;
  let hi = 0;
  for (let i = 0; i < steps; i++) {
    const end = startMs + i * stepMs;
    const start = end - input.rangeMs;
    // What would enter and leave before this step is read is passed over.
    if (size === 0) while (hi < n && (ts[hi] as number) <= start) hi++;
    if (size === 0) lo = hi;
    for (; hi < n && (ts[hi] as number) <= end; hi++) {
      const x = vs[hi] as number;
      const at = firstNotBelow(sorted, size, x);
      sorted.copyWithin(at + 1, at, size);
      sorted[at] = x;
      size++;
    }
    for (; lo < hi && (ts[lo] as number) <= start; lo++) {
      const at = firstNotBelow(sorted, size, vs[lo] as number);
      sorted.copyWithin(at, at + 1, size);
      size--;
    }
    if (size === 0) continue;
    kinds[i] = FLOAT;
    out[i] = quantileOf(qs[i] as number, sorted, size);
  }
}

/** The first place whose value is not below x. */
function firstNotBelow(sorted: Float64Array, size: number, x: number): number {
  if (x !== x) return 0;
  let lo = 0;
  let hi = size;
  while (lo < hi) {
    const mid = (lo + hi) >> 1;
    const v = sorted[mid] as number;
    if (v < x || v !== v) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}
