import { CUSTOM_BUCKETS, type Histogram, type Span, isExponentialSchema } from "../core/histogram";
import { MAX_BUCKETS } from "../core/histogram-bytes";

/**
 * Why a histogram may not be stored; undefined where it may
 * (https://prometheus.io/docs/specs/native_histograms/#data-model).
 */
export function checkHistogram(h: Histogram): string | undefined {
  const custom = h.schema === CUSTOM_BUCKETS;
  if (!custom && !isExponentialSchema(h.schema))
    return `schema ${h.schema} is not supported (−4 to 8, or ${CUSTOM_BUCKETS} for custom buckets)`;
  if (h.positiveBuckets.length + h.negativeBuckets.length > MAX_BUCKETS)
    return `it has more than ${MAX_BUCKETS} buckets`;
  const spans =
    checkSpans("positive", h.positiveSpans, h.positiveBuckets.length) ??
    checkSpans("negative", h.negativeSpans, h.negativeBuckets.length);
  if (spans !== undefined) return spans;
  if (custom) {
    const bounds = checkCustom(h);
    if (bounds !== undefined) return bounds;
  } else {
    if (h.customValues.length > 0) return "custom bounds stand beside an exponential schema";
    if (!(h.zeroThreshold >= 0)) return `zero threshold ${h.zeroThreshold} is below 0`;
  }
  if (!(h.zeroCount >= 0)) return `the zero bucket's count is ${h.zeroCount}`;
  let total = h.zeroCount;
  for (const buckets of [h.positiveBuckets, h.negativeBuckets]) {
    for (const b of buckets) {
      if (!(b >= 0)) return `a bucket's count is ${b}`;
      total += b;
    }
  }
  if (!(h.count >= 0)) return `the count is ${h.count}`;
  // Observations of NaN are counted and lie in no bucket; floats may differ in their last digits.
  const slack = Math.max(1, h.count) * 1e-9;
  if (total > h.count + slack) return `${total} observations in buckets, but a count of ${h.count}`;
  if (!Number.isNaN(h.sum) && total < h.count - slack)
    return `${total} observations in buckets, but a count of ${h.count} and a sum that is a number`;
  return undefined;
}

function checkSpans(side: string, spans: readonly Span[], buckets: number): string | undefined {
  let total = 0;
  for (const [i, s] of spans.entries()) {
    if (i > 0 && s.offset < 0)
      return `${side} span ${i + 1} begins before the end of the one before`;
    if (!Number.isInteger(s.offset) || !(s.length >= 0)) return `${side} span ${i + 1} is broken`;
    total += s.length;
  }
  return total === buckets
    ? undefined
    : `the ${side} spans name ${total} buckets, but there are ${buckets}`;
}

function checkCustom(h: Histogram): string | undefined {
  if (h.zeroCount !== 0 || h.zeroThreshold !== 0)
    return "a histogram of custom buckets has no zero bucket";
  if (h.negativeSpans.length > 0 || h.negativeBuckets.length > 0)
    return "a histogram of custom buckets has no negative buckets";
  for (let i = 0; i < h.customValues.length; i++) {
    const bound = h.customValues[i] as number;
    if (Number.isNaN(bound) || bound === Infinity) return `custom bound ${bound} is no bound`;
    if (i > 0 && bound <= (h.customValues[i - 1] as number)) return "custom bounds do not rise";
  }
  let index = 0;
  for (const s of h.positiveSpans) {
    index += s.offset;
    if (index < 0) return "a bucket lies before the first custom bound";
    index += s.length;
  }
  // One bucket more than there are bounds: the last one runs to +Inf.
  return index > h.customValues.length + 1 ? "a bucket lies beyond the custom bounds" : undefined;
}
