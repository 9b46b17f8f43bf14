import type { SelectRequest } from "../core/metric-store";
import { type Labels, labelsKey } from "../core/labels";
import type { Series } from "../core/series";
import { ByteReader, CorruptBytesError } from "../core/byte-reader";
import { ByteWriter } from "../core/byte-writer";
import { chunkCount, decodeChunk } from "./chunk";
import type { Histogram } from "../core/histogram";
import { SampleColumns, histogramAt, sortAndDedupe } from "./sample-columns";
import { Symbols, readSymbolTexts } from "./symbols";

/**
 * The answer of one shard to a select: a symbol table, then for each request
 * chunks, each under the number of its series, and the series' labels (docs/formats/select.md).
 * Chunks are passed on as they are stored; the reader decodes, merges and trims.
 */
const VERSION = 1;

/** Beyond this an answer goes as a stream; one RPC value stops at 32 MiB. */
export const STREAM_BYTES = 8 * 1024 * 1024;
const PIECE_BYTES = 1024 * 1024;

export class SelectBuilder {
  readonly symbols = new Symbols();
  private readonly pieces: Uint8Array[] = [];
  private body = new ByteWriter(65_536);
  private readonly labels = new ByteWriter(16_384);
  private requests = 0;
  private count = 0;

  /** Takes up a series of the current request by its labels, as numbers in {@link symbols}; gives its number. */
  series(labels: Uint32Array): number {
    this.labels.varint(labels.length);
    for (let i = 0; i < labels.length; i++) this.labels.varint(labels[i] as number);
    return this.count++;
  }

  /** Adds bytes `from`..`end` as a chunk of a series. Chunks of one series should rise in time. */
  chunk(series: number, bytes: Uint8Array, from: number, end: number): void {
    this.chunkOf(series, end - from).putRange(bytes, from, end);
  }

  /** Begins a chunk of `size` bytes, which the caller writes at once. */
  chunkOf(series: number, size: number): ByteWriter {
    if (this.body.length > PIECE_BYTES) {
      this.pieces.push(this.body.view());
      this.body = new ByteWriter(PIECE_BYTES + 65_536);
    }
    this.body.varint(series + 1);
    this.body.varint(size);
    return this.body;
  }

  /** Closes the current request; `repeats` says that a label set may stand in it more than once. */
  endRequest(repeats: boolean): void {
    const w = this.body;
    w.varint(0);
    w.u8(repeats ? 1 : 0);
    w.varint(this.count);
    w.put(this.labels.view());
    this.labels.clear();
    this.count = 0;
    this.requests++;
  }

  /** The answer, cut where it is convenient. */
  finish(): readonly Uint8Array[] {
    const head = new ByteWriter(4096);
    head.u8(VERSION);
    this.symbols.write(head);
    head.varint(this.requests);
    return [head.view(), ...this.pieces, this.body.view()];
  }
}

/**
 * Decodes the answers of all shards: per request every series once, chunks
 * joined, trimmed to start < t ≤ end; series without a sample in range are left out.
 * @throws CorruptBytesError
 */
export function decodeSelect(
  answers: readonly Uint8Array[],
  requests: readonly SelectRequest[],
): Series[][] {
  const readers = answers.map((a) => openAnswer(a, requests.length));
  return requests.map((request) => decodeRequest(readers.map(readRequest), request));
}

interface Answer {
  readonly r: ByteReader;
  readonly symbols: readonly string[];
}

/** One request's part of one answer: chunks as flat columns, and the labels by series number. */
interface AnswerPart {
  readonly bytes: Uint8Array;
  readonly chunkSeries: readonly number[];
  readonly chunkFrom: readonly number[];
  readonly chunkEnd: readonly number[];
  readonly repeats: boolean;
  readonly labels: readonly Labels[];
}

function openAnswer(bytes: Uint8Array, expected: number): Answer {
  const r = new ByteReader(bytes);
  const version = r.u8();
  if (version !== VERSION) throw new CorruptBytesError(`select version ${version} is not known`);
  const symbols = readSymbolTexts(r);
  if (r.varint() !== expected) throw new CorruptBytesError("an answer to other requests");
  return { r, symbols };
}

function readRequest({ r, symbols }: Answer): AnswerPart {
  const chunkSeries: number[] = [];
  const chunkFrom: number[] = [];
  const chunkEnd: number[] = [];
  for (;;) {
    const series = r.varint();
    if (series === 0) break;
    const size = r.varint();
    const from = r.skip(size);
    chunkSeries.push(series - 1);
    chunkFrom.push(from);
    chunkEnd.push(from + size);
  }
  const repeats = r.u8() === 1;
  const count = r.varint();
  const labels: Labels[] = [];
  for (let i = 0; i < count; i++) {
    const set: string[] = [];
    for (let n = r.varint(); n > 0; n--) set.push(symbols[r.varint()] as string);
    labels.push(set);
  }
  return { bytes: r.bytes, chunkSeries, chunkFrom, chunkEnd, repeats, labels };
}

function decodeRequest(parts: readonly AnswerPart[], request: SelectRequest): Series[] {
  const { labels, numbers } = uniteSeries(parts);
  // Where each series' samples begin in the columns, then how far they are filled.
  const starts = new Uint32Array(labels.length + 1);
  parts.forEach((part, p) => {
    for (let i = 0; i < part.chunkSeries.length; i++) {
      const series = numbers(p, part.chunkSeries[i] as number);
      (starts[series + 1] as number) += chunkCount(
        part.bytes,
        part.chunkFrom[i] as number,
        part.chunkEnd[i] as number,
      );
    }
  });
  for (let s = 0; s < labels.length; s++) (starts[s + 1] as number) += starts[s] as number;
  const columns = new SampleColumns(starts[labels.length] as number);
  const { times, values } = columns;
  const filled = starts.slice();
  const unsorted = new Uint8Array(labels.length);
  parts.forEach((part, p) => {
    for (let i = 0; i < part.chunkSeries.length; i++) {
      const series = numbers(p, part.chunkSeries[i] as number);
      const at = filled[series] as number;
      const n = decodeChunk(
        part.bytes,
        part.chunkFrom[i] as number,
        part.chunkEnd[i] as number,
        columns,
        at,
      );
      if (at > (starts[series] as number) && (times[at] as number) <= (times[at - 1] as number))
        unsorted[series] = 1;
      filled[series] = at + n;
    }
  });
  const out: Series[] = [];
  for (let s = 0; s < labels.length; s++) {
    const from = starts[s] as number;
    const end =
      unsorted[s] === 1 ? sortAndDedupe(columns, from, filled[s] as number) : (filled[s] as number);
    const lo = firstAfter(times, from, end, request.startMs);
    const hi = firstAfter(times, lo, end, request.endMs);
    if (hi > lo)
      out.push({
        labels: labels[s] as Labels,
        timestamps: times.subarray(lo, hi),
        values: values.subarray(lo, hi),
        ...weightsOf(columns.weights, lo, hi),
        ...histogramsOf(columns, lo, hi),
      });
  }
  return out;
}

/** Only where the series has some in range. */
function histogramsOf(
  columns: SampleColumns,
  from: number,
  to: number,
): { readonly histograms: readonly (Histogram | undefined)[] } | undefined {
  if (columns.histograms.length === 0) return undefined;
  let found = false;
  const histograms: (Histogram | undefined)[] = [];
  for (let i = from; i < to; i++) {
    const h = histogramAt(columns, i);
    if (h !== undefined) found = true;
    histograms.push(h);
  }
  return found ? { histograms } : undefined;
}

/** Raw samples beside downsampled ones count as one each. */
function weightsOf(
  weights: Float64Array | undefined,
  from: number,
  to: number,
): { readonly weights: Float64Array } | undefined {
  const own = weights?.subarray(from, to);
  return own?.some((w) => w > 0) === true ? { weights: own.map((w) => Math.max(1, w)) } : undefined;
}

/** Equal label sets under one number: a series may come from several shards, and from a block and the head. */
function uniteSeries(parts: readonly AnswerPart[]): {
  readonly labels: readonly Labels[];
  numbers(part: number, series: number): number;
} {
  const only = parts[0];
  if (only !== undefined && parts.length === 1 && !only.repeats)
    return { labels: only.labels, numbers: (_, series) => series };
  const byKey = new Map<string, number>();
  const labels: Labels[] = [];
  const tables = parts.map((part) =>
    part.labels.map((set) => {
      const key = labelsKey(set);
      let n = byKey.get(key);
      if (n === undefined) {
        n = labels.push(set) - 1;
        byKey.set(key, n);
      }
      return n;
    }),
  );
  return { labels, numbers: (part, series) => (tables[part] as number[])[series] as number };
}

/** First element of from..to with a time later than `t`. */
function firstAfter(times: Float64Array, from: number, to: number, t: number): number {
  let lo = from;
  let hi = to;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if ((times[mid] as number) <= t) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}
