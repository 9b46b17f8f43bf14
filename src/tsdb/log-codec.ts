import type { MetricMetadata } from "../core/series";
import type { AccumulatorState } from "./accumulators";
import { ByteReader, CorruptBytesError } from "../core/byte-reader";
import { ByteWriter } from "../core/byte-writer";
import { type StoredExemplar, putExemplar, readExemplar } from "./exemplars";
import { markHistogram } from "./histogram-mark";
import { MAX_BLOB_BYTES, concatBytes } from "./storage-port";

const MARK = new Uint32Array(2);

/**
 * One commit of the log: what was decided, not what was asked. Replay puts the
 * effects back without judging anything again, so that a changed limit or clock
 * cannot lose an acknowledged sample (docs/formats/log.md).
 */
export interface LogRecord {
  readonly series: readonly { readonly ref: number; readonly labels: Uint8Array }[];
  readonly refs: Uint32Array;
  readonly times: Float64Array;
  /** Values as 32-bit words, low first. */
  readonly bits: Uint32Array;
  readonly accumulators: readonly AccumulatorState[];
  readonly batchIds: readonly BatchIdEntry[];
  readonly metadata: readonly MetricMetadata[];
  /** As bytes; a sample that is a histogram (histogram-mark.ts) has its number in this list. */
  readonly histograms: readonly Uint8Array[];
  readonly exemplars: readonly StoredExemplar[];
}

export interface BatchIdEntry {
  /** 64 bits of the id's hash, as two words. */
  readonly hi: number;
  readonly lo: number;
  readonly seenMs: number;
}

/** Version 2 ends with histograms and exemplars; version 1, which has none, is still read. */
const LOG_VERSION = 2;

/** Collects the effects of one commit. */
export class LogBuilder {
  readonly series: { ref: number; labels: Uint8Array }[] = [];
  readonly accumulators = new Map<number, AccumulatorState>();
  readonly batchIds: BatchIdEntry[] = [];
  readonly metadata: MetricMetadata[] = [];
  readonly exemplars: StoredExemplar[] = [];
  private readonly histograms: Uint8Array[] = [];
  private readonly refs = new ByteWriter(4096);
  private readonly times = new ByteWriter(4096);
  private bits = new Uint32Array(1024);
  private lastRef = 0;
  private lastTime = 0;
  samples = 0;

  sample(ref: number, time: number, from: Uint32Array, i: number): void {
    this.refs.zigzag(ref - this.lastRef);
    this.times.zigzag(time - this.lastTime);
    this.lastRef = ref;
    this.lastTime = time;
    const at = 2 * this.samples++;
    if (at === this.bits.length) {
      const next = new Uint32Array(2 * at);
      next.set(this.bits);
      this.bits = next;
    }
    this.bits[at] = from[2 * i] as number;
    this.bits[at + 1] = from[2 * i + 1] as number;
  }

  histogram(ref: number, time: number, bytes: Uint8Array): void {
    markHistogram(MARK, 0, this.histograms.push(bytes) - 1);
    this.sample(ref, time, MARK, 0);
  }

  get isEmpty(): boolean {
    return (
      this.exemplars.length +
        this.samples +
        this.series.length +
        this.accumulators.size +
        this.batchIds.length +
        this.metadata.length ===
      0
    );
  }

  finish(): Uint8Array {
    const w = new ByteWriter(
      64 + 12 * this.samples + this.series.reduce((n, s) => n + s.labels.length + 8, 0),
    );
    w.u8(LOG_VERSION);
    w.varint(this.series.length);
    for (const s of this.series) {
      w.varint(s.ref);
      w.block(s.labels);
    }
    w.varint(this.samples);
    w.block(this.refs.view());
    w.block(this.times.view());
    w.put(new Uint8Array(this.bits.buffer, 0, 8 * this.samples));
    w.varint(this.accumulators.size);
    for (const a of this.accumulators.values()) putAccumulator(w, a);
    w.varint(this.batchIds.length);
    for (const b of this.batchIds) putBatchId(w, b);
    w.text(this.metadata.length === 0 ? "" : JSON.stringify(this.metadata));
    w.varint(this.histograms.length);
    for (const h of this.histograms) w.block(h);
    w.varint(this.exemplars.length);
    for (const e of this.exemplars) putExemplar(w, e);
    return w.view();
  }
}

/** @throws CorruptBytesError */
export function readLogRecord(bytes: Uint8Array): LogRecord {
  const r = new ByteReader(bytes);
  const version = r.u8();
  if (version !== 1 && version !== LOG_VERSION)
    throw new CorruptBytesError(`log version ${version} is not known`);
  const series = list(r, () => ({ ref: r.varint(), labels: r.block() }));
  const samples = r.varint();
  const refs = new Uint32Array(samples);
  const times = new Float64Array(samples);
  readSums(r.block(), refs);
  readSums(r.block(), times);
  const bits = new Uint32Array(r.take(8 * samples).slice().buffer);
  const accumulators = list(r, () => getAccumulator(r));
  const batchIds = list(r, () => getBatchId(r));
  // The writer is finish() above, so the shape is known.
  const text = r.done ? "" : r.text();
  const metadata = text === "" ? [] : (JSON.parse(text) as MetricMetadata[]);
  const histograms = version === 1 ? [] : list(r, () => r.block());
  const exemplars = version === 1 ? [] : list(r, () => readExemplar(r));
  return { series, refs, times, bits, accumulators, batchIds, metadata, histograms, exemplars };
}

/** Running sums of zigzag differences. Most take one byte, and waking waits for this loop. */
function readSums(b: Uint8Array, out: Uint32Array | Float64Array): void {
  let value = 0;
  let at = 0;
  const r = new ByteReader(b);
  for (let i = 0; i < out.length; i++) {
    const c = at < b.length ? (b[at] as number) : 128;
    if (c < 128) {
      value += c & 1 ? -((c + 1) >> 1) : c >> 1;
      at++;
    } else {
      r.at = at;
      value += r.zigzag();
      at = r.at;
    }
    out[i] = value;
  }
}

export function putAccumulator(w: ByteWriter, a: AccumulatorState): void {
  w.varint(a.ref);
  w.f64(a.total);
  w.f64(a.emitted);
  w.varint(a.emittedMs);
  w.varint(a.incrementedMs);
}

export function getAccumulator(r: ByteReader): AccumulatorState {
  return {
    ref: r.varint(),
    total: r.f64(),
    emitted: r.f64(),
    emittedMs: r.varint(),
    incrementedMs: r.varint(),
  };
}

export function putBatchId(w: ByteWriter, b: BatchIdEntry): void {
  w.varint(b.hi);
  w.varint(b.lo);
  w.varint(b.seenMs);
}

export function getBatchId(r: ByteReader): BatchIdEntry {
  return { hi: r.varint(), lo: r.varint(), seenMs: r.varint() };
}

function list<T>(r: ByteReader, read: () => T): T[] {
  const n = r.varint();
  const out: T[] = [];
  for (let i = 0; i < n; i++) out.push(read());
  return out;
}

/** A log row starts with a byte: 1 where its record goes on in the next row. */
export function cutRows(record: Uint8Array): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (let at = 0; at < record.length; at += MAX_BLOB_BYTES) {
    const part = record.subarray(at, at + MAX_BLOB_BYTES);
    const row = new Uint8Array(part.length + 1);
    row[0] = at + part.length < record.length ? 1 : 0;
    row.set(part, 1);
    out.push(row);
  }
  return out;
}

/** Puts records together again that {@link cutRows} cut. */
export function* joinRows(rows: readonly Uint8Array[]): Iterable<Uint8Array> {
  let parts: Uint8Array[] = [];
  for (const row of rows) {
    parts.push(row.subarray(1));
    if (row[0] === 1) continue;
    yield concatBytes(parts);
    parts = [];
  }
}
