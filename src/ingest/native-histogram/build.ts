import {
  CUSTOM_BUCKETS,
  type Histogram,
  MAX_SCHEMA,
  MIN_SCHEMA,
  NO_BUCKETS,
  type ResetHint,
  type Span,
} from "../../core/histogram";
import { MAX_BUCKETS } from "../../core/histogram-bytes";
import { type Result, err, ok } from "../../core/result";

/** One side of a native histogram as the protobuf messages carry it: integer counts as differences, float ones plain. */
export interface WireBuckets {
  readonly spans: readonly Span[];
  readonly deltas: readonly number[];
  readonly counts: readonly number[];
}

export interface WireHistogram {
  readonly schema: number;
  readonly resetHint: ResetHint;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly count: number;
  readonly sum: number;
  /** Whether the counts are floats: then `counts` of both sides hold, else `deltas`. */
  readonly floats: boolean;
  readonly positive: WireBuckets;
  readonly negative: WireBuckets;
  readonly customValues: readonly number[];
}

/** Finer schemas are legal on the wire and are merged down to {@link MAX_SCHEMA}. */
const MAX_WIRE_SCHEMA = 52;

/**
 * A checked histogram with absolute counts, or why it is none. The rules are those of Prometheus'
 * `Histogram.Validate` and `FloatHistogram.Validate`
 * (https://prometheus.io/docs/specs/native_histograms/#data-model).
 */
export function buildHistogram(w: WireHistogram): Result<Histogram, string> {
  const custom = w.schema === CUSTOM_BUCKETS;
  if (
    !custom &&
    !(Number.isInteger(w.schema) && w.schema >= MIN_SCHEMA && w.schema <= MAX_WIRE_SCHEMA)
  )
    return err(`schema ${w.schema}, which is neither ${MIN_SCHEMA} to ${MAX_SCHEMA} nor −53`);
  if (custom) {
    const wrong = customFault(w);
    if (wrong !== undefined) return err(wrong);
  } else if (w.customValues.length > 0) return err(`custom bounds at schema ${w.schema}`);
  if (!(w.zeroThreshold >= 0)) return err(`a zero threshold of ${w.zeroThreshold}`);
  if (!(w.zeroCount >= 0)) return err(`a zero count of ${w.zeroCount}`);
  if (!(w.count >= 0)) return err(`a count of ${w.count}`);
  const positive = side(w.positive, w.floats, "positive");
  if (!positive.ok) return positive;
  const negative = side(w.negative, w.floats, "negative");
  if (!negative.ok) return negative;
  if (!w.floats) {
    const inBuckets = sumOf(positive.value) + sumOf(negative.value) + w.zeroCount;
    // Observations of NaN are counted in no bucket.
    if (Number.isNaN(w.sum) ? inBuckets > w.count : inBuckets !== w.count)
      return err(`${inBuckets} observations in the buckets, but a count of ${w.count}`);
  }
  const drop = custom ? 0 : Math.max(0, w.schema - MAX_SCHEMA);
  const pos = merged(w.positive.spans, positive.value, drop);
  const neg = merged(w.negative.spans, negative.value, drop);
  return ok({
    schema: w.schema - drop,
    resetHint: w.resetHint,
    zeroThreshold: w.zeroThreshold,
    zeroCount: w.zeroCount,
    count: w.count,
    sum: w.sum,
    positiveSpans: pos.spans,
    positiveBuckets: pos.buckets,
    negativeSpans: neg.spans,
    negativeBuckets: neg.buckets,
    customValues: custom ? Float64Array.from(w.customValues) : NO_BUCKETS,
  });
}

function customFault(w: WireHistogram): string | undefined {
  if (w.zeroCount !== 0 || w.zeroThreshold !== 0) return "custom buckets with a zero bucket";
  if (w.negative.spans.length + w.negative.deltas.length + w.negative.counts.length > 0)
    return "custom buckets with negative ones";
  if (w.customValues.length > MAX_BUCKETS) return `more than ${MAX_BUCKETS} custom bounds`;
  let last = Number.NEGATIVE_INFINITY;
  for (const bound of w.customValues) {
    if (!(bound > last) || bound === Infinity) return "custom bounds that do not rise";
    last = bound;
  }
  let end = 0;
  for (const s of w.positive.spans) end += s.offset + s.length;
  return end > w.customValues.length + 1
    ? `buckets up to number ${end} of ${w.customValues.length + 1}`
    : undefined;
}

function side(w: WireBuckets, floats: boolean, which: string): Result<Float64Array, string> {
  const given = floats ? w.counts : w.deltas;
  let total = 0;
  for (const [i, s] of w.spans.entries()) {
    if (i > 0 && s.offset < 0) return err(`${which} span ${i + 1} goes back by ${-s.offset}`);
    total += s.length;
  }
  if (total !== given.length)
    return err(`${which} spans for ${total} buckets, but ${given.length} counts`);
  if (total > MAX_BUCKETS) return err(`more than ${MAX_BUCKETS} ${which} buckets`);
  const out = new Float64Array(total);
  let running = 0;
  for (let i = 0; i < total; i++) {
    running = floats ? (given[i] as number) : running + (given[i] as number);
    if (!(running >= 0)) return err(`${which} bucket ${i + 1} has a count of ${running}`);
    out[i] = running;
  }
  return ok(out);
}

function sumOf(buckets: Float64Array): number {
  let sum = 0;
  for (const n of buckets) sum += n;
  return sum;
}

interface Side {
  readonly spans: readonly Span[];
  readonly buckets: Float64Array;
}

/** Buckets of a schema finer by `drop`, put together by 2^drop: bucket i goes to ⌈i / 2^drop⌉. */
function merged(spans: readonly Span[], buckets: Float64Array, drop: number): Side {
  if (drop === 0) return { spans, buckets };
  const indices: number[] = [];
  const counts: number[] = [];
  let index = 0;
  let at = 0;
  for (const s of spans) {
    index += s.offset;
    for (let k = 0; k < s.length; k++, index++) {
      const to = Math.ceil(index / 2 ** drop);
      if (indices.at(-1) === to)
        counts[counts.length - 1] = (counts.at(-1) ?? 0) + (buckets[at] ?? 0);
      else {
        indices.push(to);
        counts.push(buckets[at] as number);
      }
      at++;
    }
  }
  return fromIndices(indices, counts);
}

/** Spans over rising bucket numbers. */
export function fromIndices(indices: readonly number[], counts: readonly number[]): Side {
  const spans: { offset: number; length: number }[] = [];
  let next = 0;
  indices.forEach((index, i) => {
    const last = spans.at(-1);
    if (last !== undefined && index === next) last.length++;
    else spans.push({ offset: i === 0 ? index : index - next, length: 1 });
    next = index + 1;
  });
  return { spans, buckets: Float64Array.from(counts) };
}
