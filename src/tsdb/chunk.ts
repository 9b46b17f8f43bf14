import { ByteReader, CorruptBytesError } from "../core/byte-reader";
import { ByteWriter } from "../core/byte-writer";
import { INT_LIMIT, type IntMode, cheaperMode, getInts, isIntColumn, putInts } from "./int-column";
import type { Histogram } from "../core/histogram";
import { countBuckets, putHistograms, readHistograms } from "./histogram-column";
import { isHistogramAt } from "./histogram-mark";
import { type SampleColumns, histogramAt, setHistogram } from "./sample-columns";
import { decodeXor, encodeXor } from "./xor-column";

/**
 * One series' samples over a stretch of time, as bytes: a tag, the count, the
 * times, the values (docs/formats/chunk.md). The tag's high half names how times
 * are kept, its low half how values are; numbers not listed are free for later encodings.
 */
const TIMES = { raw: 0, dod: 1, offsets: 2 } as const;
/**
 * `histogram`: native histograms (histogram-column.ts), and no float among them.
 * `weighted`: a column of weights, then a byte that names one of the others, then that.
 */
const VALUES = { raw: 0, dod: 1, delta: 2, xor: 3, histogram: 8, weighted: 12 } as const;

/** Samples of one chunk at most: a reader of one minute decodes no more than this around it. */
export const CHUNK_SAMPLES = 240;

/** Value decimals tried before a column counts as floats. */
const SCALES = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

const scratch = new ByteWriter(4096);
let scaled = new Float64Array(CHUNK_SAMPLES);

/** Packs samples `from`..`to` of the columns (times strictly rising, ms): floats alone, or histograms alone. */
export function encodeChunk(columns: SampleColumns, from: number, to: number): Uint8Array {
  const { times, values, bits } = columns;
  const w = scratch;
  w.clear();
  w.u8(0);
  w.varint(to - from);
  let timeTag: number = TIMES.raw;
  if (isIntColumn(times, from, to)) {
    timeTag = TIMES.dod;
    putInts(w, times, from, to, "dod");
  } else w.put(bytesOf(times, from, to));
  if (isHistogramAt(bits, from)) {
    putHistograms(w, histogramsOf(columns, from, to));
    const packed = w.finish();
    packed[0] = (timeTag << 4) | VALUES.histogram;
    return packed;
  }
  const { weights } = columns;
  const isWeighted = weights?.subarray(from, to).some((n) => n > 0) === true;
  const tagAt = isWeighted ? putWeights(w, weights as Float64Array, from, to) : 0;
  const valueTag = putValues(w, values, bits, from, to);
  const out = w.finish();
  out[tagAt] = valueTag;
  out[0] = (timeTag << 4) | (tagAt === 0 ? valueTag : VALUES.weighted);
  return out;
}

function histogramsOf(columns: SampleColumns, from: number, to: number): Histogram[] {
  const out: Histogram[] = [];
  for (let i = from; i < to; i++) {
    const h = histogramAt(columns, i);
    if (h === undefined) throw new Error("a float among the histograms of a chunk");
    out.push(h);
  }
  return out;
}

/** Gives where the values' own tag goes. */
function putWeights(w: ByteWriter, weights: Float64Array, from: number, to: number): number {
  putInts(w, weights, from, to, "delta");
  const at = w.length;
  w.u8(0);
  return at;
}

/** Bytes of a chunk that {@link putOffsetsChunk} writes. */
export function offsetsChunkBytes(count: number): number {
  let size = 1 + 1 + 8 + 12 * count;
  for (let rest = count; rest > 127; rest = rest >>> 7) size++;
  return size;
}

/**
 * Packs samples without compressing them, for an answer that is read at once: a base time, then
 * 32-bit offsets from it, then floats. Both columns come as bytes.
 */
export function putOffsetsChunk(
  w: ByteWriter,
  base: number,
  offsets: Uint8Array,
  values: Uint8Array,
  from: number,
  to: number,
): void {
  w.u8((TIMES.offsets << 4) | VALUES.raw);
  w.varint(to - from);
  w.f64(base);
  w.putRange(offsets, 4 * from, 4 * to);
  w.putRange(values, 8 * from, 8 * to);
}

function putValues(
  w: ByteWriter,
  values: Float64Array,
  bits: Uint32Array,
  from: number,
  to: number,
): number {
  const scale = scaleOf(values, from, to);
  if (scale >= 0) {
    let column = values;
    let a = from;
    let b = to;
    if (scale > 0) {
      if (scaled.length < to - from) scaled = new Float64Array(to - from);
      const factor = SCALES[scale] as number;
      for (let i = from; i < to; i++) scaled[i - from] = Math.round((values[i] as number) * factor);
      column = scaled;
      a = 0;
      b = to - from;
    }
    const mode = cheaperMode(column, a, b);
    w.u8(scale);
    putInts(w, column, a, b, mode);
    return VALUES[mode];
  }
  const packed = encodeXor(bits, from, to);
  if (packed.length < 8 * (to - from)) {
    w.put(packed);
    return VALUES.xor;
  }
  w.put(bytesOf(values, from, to));
  return VALUES.raw;
}

/** The decimals (0 to 6) with which every value becomes an integer and comes back bit for bit; −1 where there are none. */
function scaleOf(values: Float64Array, from: number, to: number): number {
  let scale = 0;
  let max = 0;
  for (let i = from; i < to; i++) {
    const v = values[i] as number;
    const size = v < 0 ? -v : v;
    // NaN and infinities fail here; minus zero has no integer that comes back as it.
    if (!(size <= INT_LIMIT) || (v === 0 && 1 / v < 0)) return -1;
    if (size > max) max = size;
    if (scale === 0 && v === Math.floor(v)) continue;
    while (!survives(v, SCALES[scale] as number)) if (++scale === SCALES.length) return -1;
  }
  if (scale === 0) return 0;
  const factor = SCALES[scale] as number;
  // Beyond 2^50 a product is not exact; and a scale found late must hold for the earlier values too.
  if (max * factor > INT_LIMIT) return -1;
  for (let i = from; i < to; i++) if (!survives(values[i] as number, factor)) return -1;
  return scale;
}

function survives(v: number, factor: number): boolean {
  const n = Math.round(v * factor);
  return n / factor === v && (n !== 0 || v === 0);
}

function bytesOf(a: Float64Array, from: number, to: number): Uint8Array {
  return new Uint8Array(a.buffer, a.byteOffset + 8 * from, 8 * (to - from));
}

/**
 * What the `count` samples of the chunk at byte `from` count for in a query's budget: one each, and a histogram
 * as many as its memory holds samples of 16 bytes, as Prometheus has it.
 * @throws CorruptBytesError
 */
export function chunkWeight(bytes: Uint8Array, from: number, end: number, count: number): number {
  const tag = bytes[from] as number;
  if ((tag & 15) !== VALUES.histogram) return count;
  const r = new ByteReader(bytes, from + 1, end);
  r.varint();
  readTimes(r, tag >> 4, count, new Float64Array(count), 0);
  return count * HISTOGRAM_SAMPLES + Math.ceil(countBuckets(r, count) / 2);
}

/** A histogram without its buckets takes about this many times 16 bytes. */
const HISTOGRAM_SAMPLES = 10;

/** One reader for every chunk: decoding is not re-entrant. */
const reader = new ByteReader(new Uint8Array());

/** Samples of the chunk at bytes `from`..`end`. */
export function chunkCount(bytes: Uint8Array, from: number, end: number): number {
  reader.reset(bytes, from + 1, end);
  return reader.varint();
}

/**
 * Reads the chunk at bytes `from`..`end` into the columns at element `at`. Gives the count.
 * @throws CorruptBytesError for an encoding this code does not know or bytes that end early
 */
export function decodeChunk(
  bytes: Uint8Array,
  from: number,
  end: number,
  out: SampleColumns,
  at: number,
): number {
  const r = reader;
  r.reset(bytes, from, end);
  const tag = r.u8();
  const count = r.varint();
  if (at + count > out.times.length)
    throw new CorruptBytesError("a chunk has more samples than was said");
  readTimes(r, tag >> 4, count, out.times, at);
  let kind = tag & 15;
  if (kind === VALUES.weighted) {
    getInts(r, count, "delta", out.weigh(), at, 1);
    kind = r.u8();
  } else out.weights?.fill(0, at, at + count);
  switch (kind) {
    case VALUES.raw:
      copyBytes(bytes, r.skip(8 * count), 8 * count, out.bytes, 8 * at);
      break;
    case VALUES.dod:
    case VALUES.delta: {
      const scale = SCALES[r.u8()];
      if (scale === undefined) throw new CorruptBytesError("unknown value scale");
      const mode: IntMode = kind === VALUES.dod ? "dod" : "delta";
      getInts(r, count, mode, out.values, at, scale);
      break;
    }
    case VALUES.xor:
      decodeXor(bytes, r.at, end, count, out.bits, at);
      break;
    case VALUES.histogram: {
      let row = at;
      readHistograms(r, count, (h) => setHistogram(out, row++, h));
      break;
    }
    default:
      throw new CorruptBytesError(`unknown value encoding ${kind}`);
  }
  return count;
}

function readTimes(
  r: ByteReader,
  kind: number,
  count: number,
  times: Float64Array,
  at: number,
): void {
  switch (kind) {
    case TIMES.raw:
      copyBytes(
        r.bytes,
        r.skip(8 * count),
        8 * count,
        new Uint8Array(times.buffer, times.byteOffset),
        8 * at,
      );
      return;
    case TIMES.dod:
      getInts(r, count, "dod", times, at, 1);
      return;
    case TIMES.offsets: {
      const base = r.f64();
      const b = r.bytes;
      let i = r.skip(4 * count);
      for (let k = at; k < at + count; k++, i += 4) {
        times[k] =
          base +
          ((b[i] as number) |
            ((b[i + 1] as number) << 8) |
            ((b[i + 2] as number) << 16) |
            ((b[i + 3] as number) << 24));
      }
      return;
    }
    default:
      throw new CorruptBytesError(`unknown time encoding ${kind}`);
  }
}

function copyBytes(from: Uint8Array, at: number, n: number, to: Uint8Array, toAt: number): void {
  if (n > 256) to.set(from.subarray(at, at + n), toAt);
  else for (let i = 0; i < n; i++) to[toAt + i] = from[at + i] as number;
}
