import { type ByteReader, CorruptBytesError } from "../core/byte-reader";
import type { ByteWriter } from "../core/byte-writer";
import {
  CUSTOM_BUCKETS,
  type Histogram,
  NO_BUCKETS,
  type ResetHint,
  type Span,
  isExponentialSchema,
} from "../core/histogram";
import { MAX_BUCKETS } from "../core/histogram-bytes";

/** The low two bits of a sample's first byte are the counter reset hint; these follow (docs/formats/chunk.md). */
const NEW_LAYOUT = 4;
const FLOAT_COUNTS = 8;
const SAME_SUM = 16;
/** Only the buckets that changed, each after the number of those passed over. */
const SPARSE = 32;
const KNOWN_FLAGS = 63;
/** Integers beyond this are kept as floats. */
const MAX_COUNT = 2 ** 50;

/** What a sample is told apart by from the one before. */
interface Before {
  layout: Histogram | undefined;
  sum: number;
  zeroCount: number;
  count: number;
  buckets: Float64Array;
}

function nothingBefore(): Before {
  return { layout: undefined, sum: NaN, zeroCount: 0, count: 0, buckets: NO_BUCKETS };
}

/** Packs histograms one after the other: the layout where it changes, counts as differences from the sample before. */
export function putHistograms(w: ByteWriter, histograms: readonly Histogram[]): void {
  const before = nothingBefore();
  for (const h of histograms) {
    const fresh = before.layout === undefined || !sameLayout(before.layout, h);
    const buckets = joined(h);
    const float = !isWhole(h.zeroCount) || !isWhole(h.count) || !buckets.every(isWhole);
    if (fresh) {
      before.zeroCount = before.count = 0;
      before.buckets = new Float64Array(buckets.length);
    }
    let changed = 0;
    for (let i = 0; i < buckets.length; i++) if (buckets[i] !== before.buckets[i]) changed++;
    const sparse = !float && 2 * changed + 1 < buckets.length;
    const sameSum = Object.is(h.sum, before.sum);
    w.u8(
      h.resetHint |
        (fresh ? NEW_LAYOUT : 0) |
        (float ? FLOAT_COUNTS : 0) |
        (sameSum ? SAME_SUM : 0) |
        (sparse ? SPARSE : 0),
    );
    if (fresh) putLayout(w, h);
    if (!sameSum) w.f64(h.sum);
    if (float) {
      w.f64(h.zeroCount);
      w.f64(h.count);
      for (const b of buckets) w.f64(b);
      // The next one's differences are counted from zero again, as they must be of integers.
      before.zeroCount = before.count = 0;
      before.buckets = new Float64Array(buckets.length);
    } else {
      w.zigzag(h.zeroCount - before.zeroCount);
      w.zigzag(h.count - before.count);
      if (sparse) putSparse(w, buckets, before.buckets, changed);
      else
        for (let i = 0; i < buckets.length; i++)
          w.zigzag((buckets[i] as number) - (before.buckets[i] as number));
      before.zeroCount = h.zeroCount;
      before.count = h.count;
      before.buckets = buckets;
    }
    before.layout = h;
    before.sum = h.sum;
  }
}

/** @throws CorruptBytesError for bytes that {@link putHistograms} does not write */
export function readHistograms(r: ByteReader, count: number, take: (h: Histogram) => void): void {
  const before = nothingBefore();
  for (let n = 0; n < count; n++) {
    const flags = r.u8();
    if (flags > KNOWN_FLAGS) throw new CorruptBytesError("unknown flags of a histogram");
    if ((flags & NEW_LAYOUT) !== 0) {
      before.layout = readLayout(r);
      before.zeroCount = before.count = 0;
      before.buckets = new Float64Array(bucketsOf(before.layout));
    }
    const { layout } = before;
    if (layout === undefined) throw new CorruptBytesError("a histogram without a layout");
    if ((flags & SAME_SUM) === 0) before.sum = r.f64();
    const buckets = new Float64Array(before.buckets.length);
    let zeroCount: number;
    let total: number;
    if ((flags & FLOAT_COUNTS) !== 0) {
      zeroCount = r.f64();
      total = r.f64();
      for (let i = 0; i < buckets.length; i++) buckets[i] = r.f64();
      before.zeroCount = before.count = 0;
      before.buckets = new Float64Array(buckets.length);
    } else {
      zeroCount = before.zeroCount += r.zigzag();
      total = before.count += r.zigzag();
      if ((flags & SPARSE) !== 0) readSparse(r, buckets, before.buckets);
      else
        for (let i = 0; i < buckets.length; i++)
          buckets[i] = (before.buckets[i] as number) + r.zigzag();
      before.buckets = buckets;
    }
    const positive = lengthOf(layout.positiveSpans);
    take({
      ...layout,
      // The low two bits are 0 to 3.
      resetHint: (flags & 3) as ResetHint,
      zeroCount,
      count: total,
      sum: before.sum,
      positiveBuckets: buckets.subarray(0, positive),
      negativeBuckets: buckets.subarray(positive),
    });
  }
}

/** How many buckets the histograms have together once they are read, without reading their counts. @throws CorruptBytesError */
export function countBuckets(r: ByteReader, count: number): number {
  let buckets = 0;
  let total = 0;
  for (let n = 0; n < count; n++) {
    const flags = r.u8();
    if ((flags & NEW_LAYOUT) !== 0) buckets = bucketsOf(readLayout(r));
    total += buckets;
    if ((flags & SAME_SUM) === 0) r.skip(8);
    if ((flags & FLOAT_COUNTS) !== 0) {
      r.skip(8 * (2 + buckets));
      continue;
    }
    r.varint();
    r.varint();
    // A zigzag is one varint; of a sparse one the place stands before the difference.
    for (let left = (flags & SPARSE) !== 0 ? 2 * r.varint() : buckets; left > 0; left--) r.varint();
  }
  return total;
}

function putSparse(
  w: ByteWriter,
  buckets: Float64Array,
  before: Float64Array,
  changed: number,
): void {
  w.varint(changed);
  let passed = 0;
  for (let i = 0; i < buckets.length; i++) {
    const difference = (buckets[i] as number) - (before[i] as number);
    if (difference === 0) passed++;
    else {
      w.varint(passed);
      w.zigzag(difference);
      passed = 0;
    }
  }
}

function readSparse(r: ByteReader, buckets: Float64Array, before: Float64Array): void {
  buckets.set(before);
  let i = 0;
  for (let n = r.varint(); n > 0; n--) {
    i += r.varint();
    if (i >= buckets.length) throw new CorruptBytesError("a bucket beyond the last one");
    buckets[i] = (buckets[i] as number) + r.zigzag();
    i++;
  }
}

function putLayout(w: ByteWriter, h: Histogram): void {
  w.zigzag(h.schema);
  w.f64(h.zeroThreshold);
  for (const spans of [h.positiveSpans, h.negativeSpans]) {
    w.varint(spans.length);
    for (const s of spans) {
      w.zigzag(s.offset);
      w.varint(s.length);
    }
  }
  if (h.schema !== CUSTOM_BUCKETS) return;
  w.varint(h.customValues.length);
  for (const v of h.customValues) w.f64(v);
}

function readLayout(r: ByteReader): Histogram {
  const schema = r.zigzag();
  if (schema !== CUSTOM_BUCKETS && !isExponentialSchema(schema))
    throw new CorruptBytesError(`unknown histogram schema ${schema}`);
  const zeroThreshold = r.f64();
  const positiveSpans = readSpans(r);
  const negativeSpans = readSpans(r);
  let customValues = NO_BUCKETS;
  if (schema === CUSTOM_BUCKETS) {
    customValues = new Float64Array(checked(r.varint()));
    for (let i = 0; i < customValues.length; i++) customValues[i] = r.f64();
  }
  return {
    schema,
    resetHint: 0,
    zeroThreshold,
    zeroCount: 0,
    count: 0,
    sum: 0,
    positiveSpans,
    positiveBuckets: NO_BUCKETS,
    negativeSpans,
    negativeBuckets: NO_BUCKETS,
    customValues,
  };
}

function readSpans(r: ByteReader): Span[] {
  const spans: Span[] = [];
  let total = 0;
  for (let n = checked(r.varint()); n > 0; n--) {
    const span = { offset: r.zigzag(), length: r.varint() };
    total = checked(total + span.length);
    spans.push(span);
  }
  return spans;
}

function checked(n: number): number {
  if (n > MAX_BUCKETS)
    throw new CorruptBytesError(`a histogram of more than ${MAX_BUCKETS} buckets`);
  return n;
}

function bucketsOf(layout: Histogram): number {
  return lengthOf(layout.positiveSpans) + lengthOf(layout.negativeSpans);
}

function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((n, s) => n + s.length, 0);
}

/** Positive and then negative buckets, as one column. */
function joined(h: Histogram): Float64Array {
  const out = new Float64Array(h.positiveBuckets.length + h.negativeBuckets.length);
  out.set(h.positiveBuckets);
  out.set(h.negativeBuckets, h.positiveBuckets.length);
  return out;
}

function sameLayout(a: Histogram, b: Histogram): boolean {
  return (
    a.schema === b.schema &&
    a.zeroThreshold === b.zeroThreshold &&
    sameSpans(a.positiveSpans, b.positiveSpans) &&
    sameSpans(a.negativeSpans, b.negativeSpans) &&
    a.customValues.length === b.customValues.length &&
    a.customValues.every((v, i) => v === b.customValues[i])
  );
}

function sameSpans(a: readonly Span[], b: readonly Span[]): boolean {
  return (
    a.length === b.length &&
    a.every((s, i) => s.offset === b[i]?.offset && s.length === b[i]?.length)
  );
}

function isWhole(n: number): boolean {
  return Number.isInteger(n) && n >= 0 && n < MAX_COUNT && !Object.is(n, -0);
}
