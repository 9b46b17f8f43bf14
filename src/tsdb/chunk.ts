import { ByteReader, CorruptBytesError } from "./byte-reader";
import { ByteWriter } from "./byte-writer";
import { type IntMode, cheaperMode, getInts, isIntColumn, putInts } from "./int-column";
import { decodeXor, encodeXor } from "./xor-column";

/**
 * One series' samples over a stretch of time, as bytes: a tag, the count, the
 * times, the values (docs/formats/chunk.md). The tag's high half names how times
 * are kept, its low half how values are; numbers not listed are free for later encodings.
 */
const TIMES = { raw: 0, dod: 1, offsets: 2 } as const;
const VALUES = { raw: 0, dod: 1, delta: 2, xor: 3 } as const;

/** Samples of one chunk at most: a reader of one minute decodes no more than this around it. */
export const CHUNK_SAMPLES = 240;

/** Value decimals tried before a column counts as floats. */
const SCALES = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];

const scratch = new ByteWriter(4096);
let scaled = new Float64Array(CHUNK_SAMPLES);

/** Packs samples `from`..`to` (times strictly rising, ms). `bits` is the 32-bit view of `values`. */
export function encodeChunk(
  times: Float64Array,
  values: Float64Array,
  bits: Uint32Array,
  from: number,
  to: number,
): Uint8Array {
  const w = scratch;
  w.clear();
  w.u8(0);
  w.varint(to - from);
  let timeTag: number = TIMES.raw;
  if (isIntColumn(times, from, to)) {
    timeTag = TIMES.dod;
    putInts(w, times, from, to, "dod");
  } else w.put(bytesOf(times, from, to));
  const valueTag = putValues(w, values, bits, from, to);
  const out = w.finish();
  out[0] = (timeTag << 4) | valueTag;
  return out;
}

/**
 * Packs samples without compressing them, for an answer that is read at once: a base time, then
 * 32-bit offsets from it, then floats.
 */
export function encodeOffsetsChunk(
  base: number,
  offsets: Int32Array,
  values: Float64Array,
  count: number,
): Uint8Array {
  const w = new ByteWriter(32 + 12 * count);
  w.u8((TIMES.offsets << 4) | VALUES.raw);
  w.varint(count);
  w.f64(base);
  w.put(new Uint8Array(offsets.buffer, offsets.byteOffset, 4 * count));
  w.put(new Uint8Array(values.buffer, values.byteOffset, 8 * count));
  return w.view();
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
  for (let i = from; i < to; i++) {
    const v = values[i] as number;
    // Beyond 2^40 a rounded product may not come back; NaN and infinities fail this too.
    if (!(v > -1.1e12 && v < 1.1e12)) return isIntColumn(values, from, to) ? 0 : -1;
    if (v === 0 && 1 / v < 0) return -1;
    for (;;) {
      const factor = SCALES[scale] as number;
      const n = Math.round(v * factor);
      if (n / factor === v && n >= -(2 ** 50) && n <= 2 ** 50 && !(n === 0 && v < 0)) break;
      if (++scale === SCALES.length) return -1;
    }
  }
  // A larger scale found late may push an early value over the column's limit.
  const factor = SCALES[scale] as number;
  for (let i = from; i < to; i++) {
    const n = Math.round((values[i] as number) * factor);
    if (n / factor !== values[i] || n > 2 ** 50 || n < -(2 ** 50)) return -1;
  }
  return scale;
}

function bytesOf(a: Float64Array, from: number, to: number): Uint8Array {
  return new Uint8Array(a.buffer, a.byteOffset + 8 * from, 8 * (to - from));
}

export function chunkCount(chunk: Uint8Array): number {
  return new ByteReader(chunk, 1).varint();
}

/**
 * Reads a chunk into columns at element `at`; `bits` is the 32-bit view of `values`. Gives the count.
 * @throws CorruptBytesError for an encoding this code does not know or bytes that end early
 */
export function decodeChunk(
  chunk: Uint8Array,
  times: Float64Array,
  values: Float64Array,
  bits: Uint32Array,
  at: number,
): number {
  const r = new ByteReader(chunk);
  const tag = r.u8();
  const count = r.varint();
  readTimes(r, tag >> 4, count, times, at);
  switch (tag & 15) {
    case VALUES.raw:
      new Uint8Array(values.buffer, values.byteOffset + 8 * at, 8 * count).set(r.take(8 * count));
      break;
    case VALUES.dod:
    case VALUES.delta: {
      const scale = SCALES[r.u8()];
      if (scale === undefined) throw new CorruptBytesError("unknown value scale");
      const mode: IntMode = (tag & 15) === VALUES.dod ? "dod" : "delta";
      getInts(r, count, mode, values, at, scale);
      break;
    }
    case VALUES.xor:
      decodeXor(chunk, r.at, r.end, count, bits, at);
      break;
    default:
      throw new CorruptBytesError(`unknown value encoding ${tag & 15}`);
  }
  return count;
}

/** Reads only the times. Gives the count. */
export function decodeTimes(chunk: Uint8Array, times: Float64Array, at: number): number {
  const r = new ByteReader(chunk);
  const tag = r.u8();
  const count = r.varint();
  readTimes(r, tag >> 4, count, times, at);
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
      new Uint8Array(times.buffer, times.byteOffset + 8 * at, 8 * count).set(r.take(8 * count));
      return;
    case TIMES.dod:
      getInts(r, count, "dod", times, at, 1);
      return;
    case TIMES.offsets: {
      const base = r.f64();
      const raw = r.take(4 * count).slice();
      const offsets = new Int32Array(raw.buffer);
      for (let i = 0; i < count; i++) times[at + i] = base + (offsets[i] as number);
      return;
    }
    default:
      throw new CorruptBytesError(`unknown time encoding ${kind}`);
  }
}
