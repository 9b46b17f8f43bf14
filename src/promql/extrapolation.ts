import type { RangeInput, RangeSeries } from "./selectors";
import { ABSENT, FLOAT } from "./columns";

export interface RateKind {
  readonly isCounter: boolean;
  readonly perSecond: boolean;
}

/**
 * rate, increase and delta over one series for every window: the change between
 * the first and last sample, counter resets added back, stretched to the edges of
 * the window where the samples come near them
 * (https://prometheus.io/docs/prometheus/latest/querying/functions/#rate).
 * Windows are found by two advancing cursors; whether a window holds a reset is
 * read off a running count, so that its samples are walked only when it does.
 */
export function extrapolatedColumn(
  s: RangeSeries,
  input: RangeInput,
  kind: RateKind,
  kinds: Uint8Array,
  out: Float64Array,
): void {
  const ts = s.timestamps;
  const vs = s.values;
  const n = ts.length;
  const { startMs, stepMs, steps } = input.ends;
  const { rangeMs } = input;
  const rangeSeconds = rangeMs / 1000;
  const resets = kind.isCounter ? runningResets(vs) : undefined;
  let lo = 0;
  let hi = 0;
  for (let i = 0; i < steps; i++) {
    const end = startMs + i * stepMs;
    const start = end - rangeMs;
    while (hi < n && (ts[hi] as number) <= end) hi++;
    while (lo < hi && (ts[lo] as number) <= start) lo++;
    const count = hi - lo;
    if (count < 2) {
      kinds[i] = ABSENT;
      continue;
    }
    const first = vs[lo] as number;
    let change = (vs[hi - 1] as number) - first;
    if (resets !== undefined && resets[hi - 1] !== resets[lo]) {
      for (let j = lo + 1; j < hi; j++) {
        const before = vs[j - 1] as number;
        if ((vs[j] as number) < before) change += before;
      }
    }
    const firstMs = ts[lo] as number;
    const lastMs = ts[hi - 1] as number;
    const sampled = (lastMs - firstMs) / 1000;
    const average = sampled / (count - 1);
    const threshold = average * 1.1;
    let toStart = (firstMs - start) / 1000;
    let toEnd = (end - lastMs) / 1000;
    if (toStart >= threshold) toStart = average / 2;
    if (kind.isCounter && change > 0 && first >= 0) {
      // A counter cannot have been below zero before its first sample.
      const toZero = sampled * (first / change);
      if (toZero < toStart) toStart = toZero;
    }
    if (toEnd >= threshold) toEnd = average / 2;
    let factor = (sampled + toStart + toEnd) / sampled;
    if (kind.perSecond) factor /= rangeSeconds;
    kinds[i] = FLOAT;
    out[i] = change * factor;
  }
}

/** Up to each sample, how many times the counter fell; absent where it never did. */
function runningResets(vs: Float64Array): Uint32Array | undefined {
  let total = 0;
  for (let j = 1; j < vs.length; j++) if ((vs[j] as number) < (vs[j - 1] as number)) total++;
  if (total === 0) return undefined;
  const counts = new Uint32Array(vs.length);
  for (let j = 1; j < vs.length; j++) {
    counts[j] = (counts[j - 1] as number) + ((vs[j] as number) < (vs[j - 1] as number) ? 1 : 0);
  }
  return counts;
}
