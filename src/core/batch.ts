import {
  type BatchCreated,
  type BatchExemplar,
  type BatchHistogram,
  ExtrasBuilder,
  readExtras,
} from "./batch-extras";
import { CorruptBytesError } from "./byte-reader";
import type { Histogram } from "./histogram";
import { encodeLabels } from "./label-bytes";
import { type Labels, labelsKey } from "./labels";
import type { MetricMetadata } from "./series";

/**
 * A packed metric batch: what every metrics dialect is turned into, and what
 * crosses the RPC to a shard, as one byte array. Columns of fixed width, so that
 * the shard reads them through typed arrays. Drawn in docs/formats/batch.md.
 */
export const BATCH_MAGIC = 0x42564544; // "DEVB" read as little-endian
/** Version 2 has extras (batch-extras.ts) at the end; version 1, which has none, is still read. */
export const BATCH_VERSION = 2;
// Made once: in workerd making one costs more than using it.
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const HEADER = 40;

export interface BatchView {
  /** Makes increments idempotent; "" where the batch is its own (design, principle 4). */
  readonly batchId: string;
  /** Label bytes of series `i`: `labelBytes.subarray(labelOffsets[i], labelOffsets[i + 1])`. */
  readonly labelOffsets: Uint32Array;
  readonly labelBytes: Uint8Array;
  /** Samples, three columns: series number, ms since the epoch, value (bits kept, stale markers included). */
  readonly sampleSeries: Uint32Array;
  readonly sampleTimes: Float64Array;
  readonly sampleValues: Float64Array;
  /** Increments to the shard's accumulators, three columns: series number, ms since the epoch, amount. */
  readonly incrementSeries: Uint32Array;
  readonly incrementTimes: Float64Array;
  readonly incrementAmounts: Float64Array;
  readonly metadata: readonly MetricMetadata[];
  readonly histograms: readonly BatchHistogram[];
  readonly exemplars: readonly BatchExemplar[];
  readonly created: readonly BatchCreated[];
}

/** Collects samples and increments and packs them. Amortised O(1) a sample. */
export class BatchBuilder {
  private readonly refs = new Map<string, number>();
  private readonly labels: Uint8Array[] = [];
  private readonly samples = new Columns();
  private readonly increments = new Columns();
  private readonly meta = new Map<string, MetricMetadata>();
  private readonly extras = new ExtrasBuilder();

  constructor(private readonly batchId = "") {}

  /** The number of a series within this batch; the same label set gives the same number. */
  series(labels: Labels): number {
    const key = labelsKey(labels);
    const known = this.refs.get(key);
    if (known !== undefined) return known;
    const ref = this.seriesBytes(encodeLabels(labels));
    this.refs.set(key, ref);
    return ref;
  }

  /** As {@link series}, from label bytes (label-bytes.ts) that are kept by reference and not looked up. */
  seriesBytes(bytes: Uint8Array): number {
    return this.labels.push(bytes) - 1;
  }

  sample(ref: number, timeMs: number, value: number): void {
    this.samples.push(ref, timeMs, value);
  }

  /** As {@link sample} with the value's eight little-endian bytes, which keeps a NaN's bits (stale markers). */
  sampleBytes(ref: number, timeMs: number, from: Uint8Array, at: number): void {
    this.samples.pushBytes(ref, timeMs, from, at);
  }

  /** Adds `amount` to the shard's accumulator of that series (a delta counter). */
  increment(ref: number, timeMs: number, amount: number): void {
    this.increments.push(ref, timeMs, amount);
  }

  histogram(ref: number, timeMs: number, histogram: Histogram): void {
    this.extras.histogram(ref, timeMs, histogram);
  }

  exemplar(ref: number, timeMs: number, value: number, labels: Labels): void {
    this.extras.exemplar(ref, timeMs, value, labels);
  }

  /** As {@link exemplar}, from label bytes. */
  exemplarBytes(ref: number, timeMs: number, value: number, labelBytes: Uint8Array): void {
    this.extras.exemplarBytes(ref, timeMs, value, labelBytes);
  }

  /** That the series stood at 0 at `createdMs`; see {@link BatchCreated}. */
  created(ref: number, createdMs: number, histogram = false): void {
    this.extras.zero(ref, createdMs, histogram);
  }

  metadata(m: MetricMetadata): void {
    this.meta.set(m.name, m);
  }

  get histogramCount(): number {
    return this.extras.histogramCount;
  }

  get exemplarCount(): number {
    return this.extras.exemplarCount;
  }

  get sampleCount(): number {
    return this.samples.length;
  }

  get incrementCount(): number {
    return this.increments.length;
  }

  get isEmpty(): boolean {
    return this.sampleCount + this.incrementCount + this.meta.size === 0 && this.extras.isEmpty;
  }

  finish(): Uint8Array {
    const id = encoder.encode(this.batchId);
    const meta =
      this.meta.size === 0
        ? new Uint8Array()
        : encoder.encode(JSON.stringify([...this.meta.values()]));
    const extras = this.extras.finish();
    const labelLen = this.labels.reduce((n, l) => n + l.length, 0);
    const s = this.samples.length;
    const n = this.increments.length;
    const size =
      HEADER +
      16 * (s + n) +
      4 * (s + n) +
      4 * (this.labels.length + 1) +
      labelLen +
      id.length +
      meta.length +
      extras.length;
    const out = new Uint8Array(size);
    const head = new DataView(out.buffer);
    head.setUint32(0, BATCH_MAGIC, true);
    head.setUint32(4, BATCH_VERSION, true);
    head.setUint32(8, this.labels.length, true);
    head.setUint32(12, s, true);
    head.setUint32(16, n, true);
    head.setUint32(20, labelLen, true);
    head.setUint32(24, id.length, true);
    head.setUint32(28, meta.length, true);
    head.setUint32(32, extras.length, true);
    let at = HEADER;
    const put = (bytes: Uint8Array): void => {
      out.set(bytes, at);
      at += bytes.length;
    };
    for (const c of [this.samples, this.increments]) {
      put(c.valueBytes());
      put(c.timeBytes());
    }
    for (const c of [this.samples, this.increments]) put(c.refBytes());
    let offset = 0;
    const offsets = new Uint32Array(this.labels.length + 1);
    this.labels.forEach((l, i) => {
      offset += l.length;
      offsets[i + 1] = offset;
    });
    put(new Uint8Array(offsets.buffer));
    at = putLabels(head, at, this.labels);
    put(id);
    put(meta);
    put(extras);
    return out;
  }
}

/** Thrown by {@link readBatch}: the bytes are no batch of a version this code knows. */
export class BatchFormatError extends Error {
  override readonly name = "BatchFormatError";
}

/**
 * A view over a packed batch. Columns alias `bytes` where its offset is a multiple of 8, else a copy.
 * @throws BatchFormatError when magic, version or lengths do not fit
 */
export function readBatch(bytes: Uint8Array): BatchView {
  const b = bytes.byteOffset % 8 === 0 ? bytes : bytes.slice();
  if (b.length < HEADER) throw new BatchFormatError("a batch is shorter than its header");
  const head = new DataView(b.buffer, b.byteOffset, HEADER);
  if (head.getUint32(0, true) !== BATCH_MAGIC) throw new BatchFormatError("not a metric batch");
  const version = head.getUint32(4, true);
  if (version !== 1 && version !== BATCH_VERSION)
    throw new BatchFormatError(`batch version ${version} is not known`);
  const [series, s, n, labelLen, idLen, metaLen, extrasLen] = [8, 12, 16, 20, 24, 28, 32].map((o) =>
    head.getUint32(o, true),
  ) as [number, number, number, number, number, number, number];
  const size = HEADER + 20 * (s + n) + 4 * (series + 1) + labelLen + idLen + metaLen + extrasLen;
  if (b.length !== size)
    throw new BatchFormatError(`a batch of ${b.length} bytes should have ${size}`);
  let at = b.byteOffset + HEADER;
  const f64 = (len: number): Float64Array => {
    const out = new Float64Array(b.buffer as ArrayBuffer, at, len);
    at += 8 * len;
    return out;
  };
  const u32 = (len: number): Uint32Array => {
    const out = new Uint32Array(b.buffer as ArrayBuffer, at, len);
    at += 4 * len;
    return out;
  };
  const u8 = (len: number): Uint8Array => {
    const out = new Uint8Array(b.buffer as ArrayBuffer, at, len);
    at += len;
    return out;
  };
  const sampleValues = f64(s);
  const sampleTimes = f64(s);
  const incrementAmounts = f64(n);
  const incrementTimes = f64(n);
  const sampleSeries = u32(s);
  const incrementSeries = u32(n);
  const labelOffsets = u32(series + 1);
  const labelBytes = u8(labelLen);
  const batchId = decoder.decode(u8(idLen));
  const meta = u8(metaLen);
  const extras = extrasOf(u8(extrasLen));
  return {
    batchId,
    labelOffsets,
    labelBytes,
    sampleSeries,
    sampleTimes,
    sampleValues,
    incrementSeries,
    incrementTimes,
    incrementAmounts,
    // The writer is finish() above, so the shape is known; a foreign batch fails the length check.
    metadata: metaLen === 0 ? [] : (JSON.parse(decoder.decode(meta)) as MetricMetadata[]),
    ...extras,
  };
}

function extrasOf(bytes: Uint8Array): ReturnType<typeof readExtras> {
  try {
    return readExtras(bytes);
  } catch (e) {
    if (e instanceof CorruptBytesError)
      throw new BatchFormatError(`broken extras of a batch: ${e.message}`, { cause: e });
    throw e;
  }
}

/** Three growing columns. */
/** Copies label sets one after the other; gives where the last ends. A native copy of each costs more than its bytes do. */
function putLabels(to: DataView, start: number, labels: readonly Uint8Array[]): number {
  let at = start;
  let from = to;
  for (const l of labels) {
    if (from.buffer !== l.buffer) from = new DataView(l.buffer);
    let i = l.byteOffset;
    const end = i + l.length;
    for (; i + 4 <= end; i += 4, at += 4) to.setInt32(at, from.getInt32(i, true), true);
    for (; i < end; i++, at++) to.setUint8(at, from.getUint8(i));
  }
  return at;
}

class Columns {
  length = 0;
  private refs = new Uint32Array(64);
  private times = new Float64Array(64);
  private values = new Float64Array(64);
  private bytes = new Uint8Array(this.values.buffer);

  push(ref: number, time: number, value: number): void {
    const i = this.grow();
    this.refs[i] = ref;
    this.times[i] = time;
    this.values[i] = value;
  }

  pushBytes(ref: number, time: number, from: Uint8Array, at: number): void {
    const i = this.grow();
    this.refs[i] = ref;
    this.times[i] = time;
    const to = this.bytes;
    for (let k = 0; k < 8; k++) to[8 * i + k] = from[at + k] as number;
  }

  valueBytes(): Uint8Array {
    return new Uint8Array(this.values.buffer, 0, this.length * 8);
  }

  timeBytes(): Uint8Array {
    return new Uint8Array(this.times.buffer, 0, this.length * 8);
  }

  refBytes(): Uint8Array {
    return new Uint8Array(this.refs.buffer, 0, this.length * 4);
  }

  private grow(): number {
    const i = this.length++;
    if (i === this.refs.length) {
      const size = i * 2;
      const refs = new Uint32Array(size);
      refs.set(this.refs);
      this.refs = refs;
      const times = new Float64Array(size);
      times.set(this.times);
      this.times = times;
      // Copied as bytes: a float copy may change a NaN's bits.
      const values = new Float64Array(size);
      const bytes = new Uint8Array(values.buffer);
      bytes.set(this.bytes);
      this.values = values;
      this.bytes = bytes;
    }
    return i;
  }
}
