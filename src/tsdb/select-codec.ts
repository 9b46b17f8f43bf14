import type { SelectRequest } from "../core/metric-store";
import { type Labels, labelsKey } from "../core/labels";
import type { Series } from "../core/series";
import { bitsOf } from "../core/stale";
import { ByteReader, CorruptBytesError } from "./byte-reader";
import { ByteWriter } from "./byte-writer";
import { chunkCount, decodeChunk } from "./chunk";
import { sortAndDedupe } from "./sort-samples";
import { Symbols } from "./symbols";

/**
 * The answer of one shard to a select: a symbol table, then for each request
 * its series, each with label symbols and chunks (docs/formats/select.md). Chunks are
 * passed on as they are stored; the reader decodes, merges and trims.
 */
const VERSION = 1;

/** Beyond this an answer goes as a stream; one RPC value stops at 32 MiB. */
export const STREAM_BYTES = 8 * 1024 * 1024;
const PIECE_BYTES = 1024 * 1024;

export class SelectBuilder {
  readonly symbols = new Symbols();
  private readonly pieces: Uint8Array[] = [];
  private body = new ByteWriter(65_536);
  private request = new ByteWriter(65_536);
  private requests = 0;
  private series = 0;

  /** Adds a series of the current request; `labels` are numbers in {@link symbols}. */
  add(labels: readonly number[] | Uint32Array, chunks: readonly Uint8Array[]): void {
    const w = this.request;
    w.varint(labels.length);
    for (const id of labels) w.varint(id);
    w.varint(chunks.length);
    for (const c of chunks) w.block(c);
    this.series++;
  }

  /** Closes the current request; `repeats` says that a label set may stand in it more than once. */
  endRequest(repeats: boolean): void {
    this.requests++;
    this.body.u8(repeats ? 1 : 0);
    this.body.varint(this.series);
    this.body.put(this.request.view());
    this.request.clear();
    this.series = 0;
    if (this.body.length > PIECE_BYTES) {
      this.pieces.push(this.body.view());
      this.body = new ByteWriter(65_536);
    }
  }

  /** The answer, cut where it is convenient. */
  finish(): readonly Uint8Array[] {
    const head = new ByteWriter(4096);
    head.u8(VERSION);
    head.varint(this.symbols.size);
    for (let i = 0; i < this.symbols.size; i++) head.block(this.symbols.bytesOf(i));
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
  return requests.map((request) => {
    const parts = readers.map((r) => r.next());
    const found = parts.flatMap((p) => p.series);
    const merged = parts.length > 1 || parts[0]?.repeats === true ? mergeEqual(found) : found;
    const out: Series[] = [];
    let total = 0;
    for (const s of merged) for (const c of s.chunks) total += chunkCount(c);
    const times = new Float64Array(total);
    const values = new Float64Array(total);
    const bits = bitsOf(values);
    let at = 0;
    for (const s of merged) {
      const from = at;
      let rising = true;
      for (const c of s.chunks) {
        const n = decodeChunk(c, times, values, bits, at);
        if (at > from && n > 0 && (times[at] as number) <= (times[at - 1] as number))
          rising = false;
        at += n;
      }
      const end = rising ? at : sortAndDedupe(times, bits, from, at);
      const lo = firstAfter(times, from, end, request.startMs);
      const hi = firstAfter(times, lo, end, request.endMs);
      if (hi > lo)
        out.push({
          labels: s.labels,
          timestamps: times.subarray(lo, hi),
          values: values.subarray(lo, hi),
        });
    }
    return out;
  });
}

interface FoundSeries {
  readonly labels: Labels;
  readonly chunks: Uint8Array[];
}

function openAnswer(
  bytes: Uint8Array,
  expected: number,
): { next(): { readonly series: FoundSeries[]; readonly repeats: boolean } } {
  const r = new ByteReader(bytes);
  const version = r.u8();
  if (version !== VERSION) throw new CorruptBytesError(`select version ${version} is not known`);
  const symbols: string[] = [];
  const count = r.varint();
  const decoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
  for (let i = 0; i < count; i++) symbols.push(decoder.decode(r.block()));
  if (r.varint() !== expected) throw new CorruptBytesError("an answer to other requests");
  return {
    next() {
      const series: FoundSeries[] = [];
      const repeats = r.u8() === 1;
      const n = r.varint();
      for (let i = 0; i < n; i++) {
        const len = r.varint();
        const labels: string[] = [];
        for (let k = 0; k < len; k++) labels.push(symbols[r.varint()] as string);
        const chunkN = r.varint();
        const chunks: Uint8Array[] = [];
        for (let k = 0; k < chunkN; k++) chunks.push(r.block());
        series.push({ labels, chunks });
      }
      return { series, repeats };
    },
  };
}

/** Unites equal label sets: one series may come from several shards, and from a block and the head. */
function mergeEqual(found: readonly FoundSeries[]): readonly FoundSeries[] {
  const byKey = new Map<string, FoundSeries>();
  for (const s of found) {
    const key = labelsKey(s.labels);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, s);
    else known.chunks.push(...s.chunks);
  }
  return byKey.size === found.length ? found : [...byKey.values()];
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
