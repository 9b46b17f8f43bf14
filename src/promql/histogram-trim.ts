import type { Histogram } from "../core/histogram";
import { KahanSum } from "./columns";
import { compacted, indexesOf, upperBound, usesCustomBuckets } from "./histogram-buckets";
import { effectiveBounds, shareBelow } from "./histogram-estimates";

/**
 * `h </ x` (`keepBelow`) and `h >/ x`: the histogram without the observations above, or below, a
 * value (https://prometheus.io/docs/prometheus/latest/querying/operators/#histogram-trim-operators).
 * What stays of a bucket that the value cuts is interpolated; the sum is estimated anew where anything went.
 */
export function trimmed(h: Histogram, x: number, keepBelow: boolean): Histogram {
  const custom = usesCustomBuckets(h);
  const count = new KahanSum();
  const sum = new KahanSum();
  let changed = false;
  const keep = (lower: number, upper: number, observed: number): number => {
    const part = retained(h, lower, upper, x, keepBelow);
    const kept = observed * part.share;
    if (kept !== observed) changed = true;
    count.add(kept);
    if (kept !== 0) sum.add(kept * middleOf(part.lower, part.upper, custom));
    return kept;
  };
  const negativeBuckets = h.negativeBuckets.slice();
  indexesOf(h.negativeSpans).forEach((index, i) => {
    const upper = Math.min(-upperBound(h, index - 1), -h.zeroThreshold);
    negativeBuckets[i] = keep(-upperBound(h, index), upper, h.negativeBuckets[i] as number);
  });
  let { zeroCount } = h;
  if (zeroCount !== 0) {
    const zero = effectiveBounds(
      { lower: -h.zeroThreshold, upper: h.zeroThreshold, count: zeroCount },
      h,
    );
    zeroCount = keep(zero.lower, zero.upper, zeroCount);
  }
  const positiveBuckets = h.positiveBuckets.slice();
  indexesOf(h.positiveSpans).forEach((index, i) => {
    const edge = upperBound(h, index - 1);
    const lower = custom ? edge : Math.max(edge, h.zeroThreshold);
    positiveBuckets[i] = keep(lower, upperBound(h, index), h.positiveBuckets[i] as number);
  });
  if (!changed) return h;
  return compacted({
    ...h,
    zeroCount,
    count: count.total,
    sum: sum.total,
    positiveBuckets,
    negativeBuckets,
  });
}

/** Which share of a bucket stays, and between which bounds that lies. */
function retained(
  h: Histogram,
  lower: number,
  upper: number,
  x: number,
  keepBelow: boolean,
): { share: number; lower: number; upper: number } {
  if (keepBelow ? upper <= x : lower >= x) return { share: 1, lower, upper };
  if (!(lower < x && x < upper)) return { share: 0, lower, upper };
  const under = shareUnder(h, lower, upper, x);
  if (under === undefined) return { share: 0, lower, upper };
  return keepBelow ? { share: under, lower, upper: x } : { share: 1 - under, lower: x, upper };
}

/**
 * As `shareBelow`, but observations in a bucket without an end are taken to lie at that infinity;
 * the lowest custom bucket begins at 0 where it ends above. Undefined where nothing is known.
 */
function shareUnder(h: Histogram, lower: number, upper: number, x: number): number | undefined {
  if (lower === -Infinity) {
    if (upper <= 0) return 1;
    return upper === Infinity || x < 0 ? undefined : x / upper;
  }
  return upper === Infinity ? 0 : shareBelow(x, lower, upper, h);
}

function middleOf(lower: number, upper: number, custom: boolean): number {
  if (lower === -Infinity) return upper === Infinity ? 0 : upper > 0 ? upper / 2 : upper;
  if (upper === Infinity) return lower;
  if (custom || (lower <= 0 && upper >= 0)) return (lower + upper) / 2;
  const geometric = Math.sqrt(Math.abs(lower * upper));
  return upper < 0 || lower < 0 ? -geometric : geometric;
}
