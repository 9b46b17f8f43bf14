import { CUSTOM_BUCKETS, type Histogram, type Span } from "../core/histogram";

/** One bucket with its bounds. Of equal bounds to a zero bucket's, the nearer to zero is open. */
export interface Bucket {
  lower: number;
  upper: number;
  count: number;
}

export function usesCustomBuckets(h: Histogram): boolean {
  return h.schema === CUSTOM_BUCKETS;
}

/**
 * The upper bound of positive bucket `index` (of its mirror image, negated) of an exponential schema:
 * (2^(2^−schema))^index, never above the largest finite number short of the bucket of +Inf
 * (https://prometheus.io/docs/specs/native_histograms/#standard-schemas).
 */
export function exponentialBound(index: number, schema: number): number {
  const exponent = index * 2 ** -schema;
  // The last bucket of finite values ends at the largest of them; the one beyond holds the infinities.
  if (exponent === 1024) return Number.MAX_VALUE;
  if (Number.isInteger(exponent)) return 2 ** exponent;
  // The fraction by itself, so that bounds a power of two apart have the same digits.
  const whole = Math.floor(exponent);
  return 2 ** (exponent - whole) * 2 ** whole;
}

/** The upper bound of bucket `index`; the lower one is that of `index − 1`. */
export function upperBound(h: Histogram, index: number): number {
  if (!usesCustomBuckets(h)) return exponentialBound(index, h.schema);
  const bounds = h.customValues;
  if (index < 0) return -Infinity;
  return index < bounds.length ? (bounds[index] as number) : Infinity;
}

/** The index of every bucket that the spans name. */
export function indexesOf(spans: readonly Span[]): number[] {
  const out: number[] = [];
  let index = 0;
  for (const s of spans) {
    index += s.offset;
    for (let n = s.length; n > 0; n--) out.push(index++);
  }
  return out;
}

/** Spans that name exactly these indexes, which rise. */
export function spansOf(indexes: readonly number[]): Span[] {
  const out: Span[] = [];
  let next = 0;
  let start = 0;
  for (let i = 1; i <= indexes.length; i++) {
    const first = indexes[start] as number;
    if (i < indexes.length && indexes[i] === first + (i - start)) continue;
    out.push({ offset: first - next, length: i - start });
    next = first + (i - start);
    start = i;
  }
  return out;
}

/**
 * All buckets, the lowest first, the zero bucket among them where it is populated. Where a regular
 * bucket overlaps the zero bucket, it begins where that ends.
 */
export function allBuckets(h: Histogram): Bucket[] {
  const out: Bucket[] = [];
  const custom = usesCustomBuckets(h);
  const negative = indexesOf(h.negativeSpans);
  for (let i = negative.length - 1; i >= 0; i--) {
    const index = negative[i] as number;
    out.push({
      lower: -upperBound(h, index),
      upper: Math.min(-upperBound(h, index - 1), -h.zeroThreshold),
      count: h.negativeBuckets[i] as number,
    });
  }
  if (h.zeroCount > 0)
    out.push({ lower: -h.zeroThreshold, upper: h.zeroThreshold, count: h.zeroCount });
  indexesOf(h.positiveSpans).forEach((index, i) => {
    const lower = upperBound(h, index - 1);
    out.push({
      lower: custom ? lower : Math.max(lower, h.zeroThreshold),
      upper: upperBound(h, index),
      count: h.positiveBuckets[i] as number,
    });
  });
  return out;
}

/** Without the empty buckets; spans that follow each other are one. */
export function compacted(h: Histogram): Histogram {
  const positive = compactSide(h.positiveSpans, h.positiveBuckets);
  const negative = compactSide(h.negativeSpans, h.negativeBuckets);
  if (positive === undefined && negative === undefined) return h;
  return {
    ...h,
    positiveSpans: positive?.spans ?? h.positiveSpans,
    positiveBuckets: positive?.buckets ?? h.positiveBuckets,
    negativeSpans: negative?.spans ?? h.negativeSpans,
    negativeBuckets: negative?.buckets ?? h.negativeBuckets,
  };
}

function compactSide(
  spans: readonly Span[],
  buckets: Float64Array,
): { spans: Span[]; buckets: Float64Array } | undefined {
  const tight = spans.every((s, i) => s.length > 0 && (i === 0 || s.offset > 0));
  if (tight && !buckets.includes(0)) return undefined;
  const indexes = indexesOf(spans).filter((_, i) => buckets[i] !== 0);
  return { spans: spansOf(indexes), buckets: buckets.filter((c) => c !== 0) };
}
