import { ByteReader, CorruptBytesError } from "../core/byte-reader";
import { ByteWriter } from "../core/byte-writer";

/** Rows hold many series side by side, up to this many bytes. */
export const PAGE_BYTES = 128 * 1024;
/** A page is closed when the next chunk might push it over the limit. */
const CLOSE_AT = PAGE_BYTES - 8 * 1024;

/** One chunk with what a reader must know to skip it. */
export interface ChunkEntry {
  readonly minMs: number;
  readonly maxMs: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/**
 * Lays chunks out in pages, series after series. A page is a table (series
 * numbers, times, counts, lengths) and then the chunks (docs/formats/segment-block.md).
 * A series with many chunks goes on in the next page.
 */
export class PageWriter {
  private readonly table = new ByteWriter(8192);
  private readonly data = new ByteWriter(PAGE_BYTES);
  private readonly entry = new ByteWriter(1024);
  private entryChunks = 0;
  private entries = 0;
  private current = 0;
  private lastSeries = 0;
  private first = 0;
  private base = 0;
  private minMs = Infinity;
  private maxMs = -Infinity;

  constructor(private readonly emit: (page: FinishedPage) => void) {}

  get isEmpty(): boolean {
    return this.entries === 0 && this.entryChunks === 0;
  }

  /** Series numbers must not fall; chunks of one series rise in time. */
  add(series: number, chunks: readonly ChunkEntry[]): void {
    for (const c of chunks) {
      if (
        !this.isEmpty &&
        this.table.length + this.entry.length + this.data.length + c.bytes.length > CLOSE_AT
      ) {
        this.closeEntry();
        this.close();
      }
      if (this.isEmpty) {
        this.first = series;
        this.lastSeries = series;
        this.base = c.minMs;
      }
      if (this.entryChunks > 0 && this.current !== series) this.closeEntry();
      this.current = series;
      this.entry.zigzag(c.minMs - this.base);
      this.entry.varint(c.maxMs - c.minMs);
      this.entry.varint(c.count);
      this.entry.varint(c.bytes.length);
      this.entryChunks++;
      this.data.put(c.bytes);
      if (c.minMs < this.minMs) this.minMs = c.minMs;
      if (c.maxMs > this.maxMs) this.maxMs = c.maxMs;
    }
    this.closeEntry();
  }

  /** Closes the page under way, if there is one. */
  close(): void {
    this.closeEntry();
    if (this.entries === 0) return;
    const w = new ByteWriter(this.table.length + this.data.length + 24);
    w.varint(this.entries);
    w.varint(this.first);
    w.zigzag(this.base);
    w.block(this.table.view());
    w.put(this.data.view());
    this.emit({ firstSeries: this.first, minMs: this.minMs, maxMs: this.maxMs, bytes: w.view() });
    this.table.clear();
    this.data.clear();
    this.entries = 0;
    this.minMs = Infinity;
    this.maxMs = -Infinity;
  }

  private closeEntry(): void {
    if (this.entryChunks === 0) return;
    this.table.varint(this.current - this.lastSeries);
    this.table.varint(this.entryChunks);
    this.table.put(this.entry.view());
    this.lastSeries = this.current;
    this.entries++;
    this.entry.clear();
    this.entryChunks = 0;
  }
}

export interface FinishedPage {
  readonly firstSeries: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly bytes: Uint8Array;
}

/** Takes a chunk: bytes `from`..`end` of `page`. */
export type ChunkVisitor = (
  series: number,
  minMs: number,
  maxMs: number,
  count: number,
  page: Uint8Array,
  from: number,
  end: number,
) => void;

/** Where a page's entries are, so that a reader of one series need not go through all before it. */
interface PageDirectory {
  readonly base: number;
  readonly series: Uint32Array;
  /** Of each entry: where its part of the table begins, and where its chunks do. */
  readonly tableAt: Uint32Array;
  readonly dataAt: Uint32Array;
  readonly tableEnd: number;
}

/** Lives as long as the page does in its cache; a thirtieth of its bytes. */
const directories = new WeakMap<Uint8Array, PageDirectory>();

/**
 * Visits the chunks of the `wanted` series (rising) of a page that overlap after < t ≤ to.
 * @throws CorruptBytesError
 */
export function readPage(
  page: Uint8Array,
  wanted: ArrayLike<number>,
  after: number,
  to: number,
  visit: ChunkVisitor,
): void {
  let directory = directories.get(page);
  if (directory === undefined) {
    directory = readDirectory(page);
    directories.set(page, directory);
  }
  const { base, series, tableAt, dataAt, tableEnd } = directory;
  const table = new ByteReader(page, 0, tableEnd);
  let next = series.length === 0 ? wanted.length : firstNotBelow(wanted, series[0] as number);
  for (let entry = 0; entry < series.length; entry++) {
    const number = series[entry] as number;
    while (next < wanted.length && (wanted[next] as number) < number) next++;
    if (next === wanted.length) return;
    if (wanted[next] !== number) continue;
    table.at = tableAt[entry] as number;
    let data = dataAt[entry] as number;
    const chunks = table.varint();
    for (let k = 0; k < chunks; k++) {
      const minMs = base + table.zigzag();
      const maxMs = minMs + table.varint();
      const count = table.varint();
      const len = table.varint();
      if (maxMs > after && minMs <= to) visit(number, minMs, maxMs, count, page, data, data + len);
      data += len;
    }
  }
}

function readDirectory(page: Uint8Array): PageDirectory {
  const r = new ByteReader(page);
  const entries = r.varint();
  let number = r.varint();
  const base = r.zigzag();
  const tableBytes = r.varint();
  // Each entry takes more than a byte of the table, so that broken bytes cannot ask for more room than they are.
  if (r.at + tableBytes > page.length || entries > tableBytes)
    throw new CorruptBytesError("a page's table is cut off");
  const table = new ByteReader(page, r.at, r.at + tableBytes);
  const series = new Uint32Array(entries);
  const tableAt = new Uint32Array(entries);
  const dataAt = new Uint32Array(entries);
  let data = table.end;
  for (let i = 0; i < entries; i++) {
    number += table.varint();
    series[i] = number;
    tableAt[i] = table.at;
    dataAt[i] = data;
    for (let chunks = table.varint(); chunks > 0; chunks--) {
      table.varint();
      table.varint();
      table.varint();
      data += table.varint();
    }
  }
  return { base, series, tableAt, dataAt, tableEnd: table.end };
}

function firstNotBelow(wanted: ArrayLike<number>, series: number): number {
  let lo = 0;
  let hi = wanted.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if ((wanted[mid] as number) < series) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}
