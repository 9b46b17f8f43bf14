import { ByteReader, CorruptBytesError } from "../core/byte-reader";
import { ByteWriter } from "../core/byte-writer";
import { BlockLabels } from "./block-labels";
import { type Symbols, readSymbols } from "./symbols";

/**
 * What stands beside a block's pages: which series it holds, in page order, and
 * where each page begins. A segment names series by the shard's numbers; a cut
 * block carries its label sets, so that series long gone need no memory.
 */
export interface PageMark {
  readonly firstSeries: number;
  readonly minMs: number;
  readonly maxMs: number;
}

export interface SegmentRefs {
  readonly kind: "refs";
  readonly refs: Uint32Array;
  /** Number within the block by shard number; −1 where absent. */
  readonly localOf: Int32Array;
  /** Bytes held. */
  readonly footprint: number;
}

export type BlockSeries = SegmentRefs | BlockLabels;

/** Where the pages of a block begin. */
export interface BlockPages {
  readonly pages: readonly PageMark[];
  /** The only page of a small block, which then needs one row in all. */
  readonly inlinePage: Uint8Array | undefined;
}

export interface BlockIndex extends BlockPages {
  readonly series: BlockSeries;
}

const VERSION = 1;
const KIND_REFS = 0;
const KIND_LABELS = 1;

export function encodeRefs(refs: ArrayLike<number>): Uint8Array {
  const w = new ByteWriter(refs.length * 2 + 16);
  w.u8(VERSION);
  w.u8(KIND_REFS);
  w.varint(refs.length);
  let last = 0;
  for (let i = 0; i < refs.length; i++) {
    const ref = refs[i] as number;
    w.zigzag(ref - last);
    last = ref;
  }
  return w.finish();
}

export function encodeLabelSets(symbols: Symbols, sets: readonly Uint32Array[]): Uint8Array {
  const w = new ByteWriter(sets.length * 24 + 1024);
  w.u8(VERSION);
  w.u8(KIND_LABELS);
  w.varint(sets.length);
  symbols.write(w);
  for (const set of sets) {
    w.varint(set.length);
    for (const id of set) w.varint(id);
  }
  return w.finish();
}

/** The series part (of {@link encodeRefs} or {@link encodeLabelSets}), the page marks and perhaps the only page. */
export function encodeIndex(
  series: Uint8Array,
  pages: readonly PageMark[],
  inlinePage: Uint8Array | undefined,
): Uint8Array {
  const w = new ByteWriter(series.length + 16 * pages.length + 16 + (inlinePage?.length ?? 0));
  w.put(series);
  w.varint(pages.length);
  let lastSeries = 0;
  let lastMs = 0;
  for (const p of pages) {
    w.varint(p.firstSeries - lastSeries);
    w.zigzag(p.minMs - lastMs);
    w.varint(p.maxMs - p.minMs);
    lastSeries = p.firstSeries;
    lastMs = p.minMs;
  }
  if (inlinePage !== undefined) w.put(inlinePage);
  return w.finish();
}

/** @throws CorruptBytesError */
export function decodeIndex(bytes: Uint8Array): BlockIndex {
  const r = new ByteReader(bytes);
  const version = r.u8();
  if (version !== VERSION)
    throw new CorruptBytesError(`block index version ${version} is not known`);
  const kind = r.u8();
  const seriesCount = r.varint();
  const series = kind === KIND_REFS ? decodeRefs(r, seriesCount) : decodeLabelSets(r, seriesCount);
  const pages: PageMark[] = [];
  const pageCount = r.varint();
  let firstSeries = 0;
  let minMs = 0;
  for (let i = 0; i < pageCount; i++) {
    firstSeries += r.varint();
    minMs += r.zigzag();
    pages.push({ firstSeries, minMs, maxMs: minMs + r.varint() });
  }
  // A copy: it is kept longer than the bytes around it.
  const inlinePage = r.done ? undefined : r.take(r.end - r.at).slice();
  return { series, pages, inlinePage };
}

function decodeRefs(r: ByteReader, count: number): BlockSeries {
  const refs = new Uint32Array(count);
  let ref = 0;
  let max = -1;
  for (let i = 0; i < count; i++) {
    refs[i] = ref += r.zigzag();
    if (ref > max) max = ref;
  }
  const localOf = new Int32Array(max + 1).fill(-1);
  for (let i = 0; i < count; i++) localOf[refs[i] as number] = i;
  const footprint = refs.byteLength + localOf.byteLength;
  return { kind: "refs", refs, localOf, footprint };
}

function decodeLabelSets(r: ByteReader, count: number): BlockSeries {
  const symbols = readSymbols(r);
  const starts = new Uint32Array(count + 1);
  let ids = new Uint32Array(count * 16 + 16);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const n = r.varint();
    if (at + n > ids.length) {
      const next = new Uint32Array(Math.max(ids.length * 2, at + n));
      next.set(ids);
      ids = next;
    }
    for (let k = 0; k < n; k++) ids[at++] = r.varint();
    starts[i + 1] = at;
  }
  return new BlockLabels(symbols, ids.slice(0, at), starts);
}

/** Pages that may hold the series: a series goes on in the next page where that begins with it. */
export function pagesOf(
  pages: readonly PageMark[],
  series: number,
): { readonly from: number; readonly to: number } {
  let lo = 0;
  let hi = pages.length;
  // First page that begins after the series.
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if ((pages[mid] as PageMark).firstSeries <= series) lo = mid + 1;
    else hi = mid;
  }
  let from = Math.max(0, lo - 1);
  while (from > 0 && (pages[from] as PageMark).firstSeries === series) from--;
  return { from, to: lo };
}
