import { ByteReader, CorruptBytesError } from "./byte-reader";
import { ByteWriter } from "./byte-writer";
import {
  CUSTOM_BUCKETS,
  type Histogram,
  NO_BUCKETS,
  type ResetHint,
  type Span,
  isExponentialSchema,
} from "./histogram";

/** Counts are integers and stand as zigzag differences, else as eight bytes each. */
const INTEGER_COUNTS = 0x80;
/** A histogram with more buckets than this is no histogram (the widest exponential one has 2 × 2^12). */
export const MAX_BUCKETS = 16_384;
const MAX_SAFE = 2 ** 51;

/**
 * One histogram as bytes, drawn in docs/formats/histogram.md: what a batch, the log and a select answer carry.
 * The sum keeps a NaN's bits only as far as `f64` does; stale markers are float samples (stale.ts).
 */
export function putHistogram(w: ByteWriter, h: Histogram): void {
  const integers =
    isCount(h.zeroCount) &&
    isCount(h.count) &&
    h.positiveBuckets.every(isCount) &&
    h.negativeBuckets.every(isCount);
  w.u8(h.resetHint | (integers ? INTEGER_COUNTS : 0));
  w.zigzag(h.schema);
  w.f64(h.zeroThreshold);
  w.f64(h.sum);
  if (integers) {
    w.varint(h.zeroCount);
    w.varint(h.count);
  } else {
    w.f64(h.zeroCount);
    w.f64(h.count);
  }
  putSide(w, h.positiveSpans, h.positiveBuckets, integers);
  putSide(w, h.negativeSpans, h.negativeBuckets, integers);
  if (h.schema === CUSTOM_BUCKETS) {
    w.varint(h.customValues.length);
    for (const v of h.customValues) w.f64(v);
  }
}

export function encodeHistogram(h: Histogram): Uint8Array {
  const w = new ByteWriter(128);
  putHistogram(w, h);
  return w.finish();
}

/** @throws CorruptBytesError for bytes that {@link putHistogram} does not write */
export function readHistogram(r: ByteReader): Histogram {
  const head = r.u8();
  const integers = (head & INTEGER_COUNTS) !== 0;
  const hint = head & 0x7f;
  if (hint > 3) throw new CorruptBytesError("unknown counter reset hint");
  const schema = r.zigzag();
  if (schema !== CUSTOM_BUCKETS && !isExponentialSchema(schema))
    throw new CorruptBytesError(`unknown histogram schema ${schema}`);
  const zeroThreshold = r.f64();
  const sum = r.f64();
  const zeroCount = integers ? r.varint() : r.f64();
  const count = integers ? r.varint() : r.f64();
  const positive = readSide(r, integers);
  const negative = readSide(r, integers);
  let customValues = NO_BUCKETS;
  if (schema === CUSTOM_BUCKETS) {
    const n = checkedLength(r.varint());
    customValues = new Float64Array(n);
    for (let i = 0; i < n; i++) customValues[i] = r.f64();
  }
  return {
    schema,
    // Checked above to be 0 to 3.
    resetHint: hint as ResetHint,
    zeroThreshold,
    zeroCount,
    count,
    sum,
    positiveSpans: positive.spans,
    positiveBuckets: positive.buckets,
    negativeSpans: negative.spans,
    negativeBuckets: negative.buckets,
    customValues,
  };
}

/** @throws CorruptBytesError also for bytes left over */
export function decodeHistogram(bytes: Uint8Array): Histogram {
  const r = new ByteReader(bytes);
  const h = readHistogram(r);
  if (!r.done) throw new CorruptBytesError("bytes left over after a histogram");
  return h;
}

function putSide(
  w: ByteWriter,
  spans: readonly Span[],
  buckets: Float64Array,
  integers: boolean,
): void {
  w.varint(spans.length);
  for (const s of spans) {
    w.zigzag(s.offset);
    w.varint(s.length);
  }
  let last = 0;
  for (const b of buckets) {
    if (integers) {
      w.zigzag(b - last);
      last = b;
    } else w.f64(b);
  }
}

function readSide(r: ByteReader, integers: boolean): { spans: Span[]; buckets: Float64Array } {
  const spans: Span[] = [];
  let total = 0;
  for (let n = checkedLength(r.varint()); n > 0; n--) {
    const offset = r.zigzag();
    const length = r.varint();
    total = checkedLength(total + length);
    spans.push({ offset, length });
  }
  const buckets = new Float64Array(total);
  let last = 0;
  for (let i = 0; i < total; i++) {
    last = integers ? last + r.zigzag() : r.f64();
    buckets[i] = last;
  }
  return { spans, buckets };
}

function checkedLength(n: number): number {
  if (n > MAX_BUCKETS)
    throw new CorruptBytesError(`a histogram of more than ${MAX_BUCKETS} buckets`);
  return n;
}

function isCount(n: number): boolean {
  return Number.isInteger(n) && n >= 0 && n < MAX_SAFE && !Object.is(n, -0);
}
