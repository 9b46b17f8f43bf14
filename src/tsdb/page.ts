import { ByteReader } from "../core/byte-reader";
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
  const r = new ByteReader(page);
  const entries = r.varint();
  let series = r.varint();
  const base = r.zigzag();
  const tableBytes = r.varint();
  const table = new ByteReader(page, r.at, r.at + tableBytes);
  let data = table.end;
  let next = 0;
  for (let i = 0; i < entries; i++) {
    series += table.varint();
    while (next < wanted.length && (wanted[next] as number) < series) next++;
    if (next === wanted.length) return;
    const isWanted = wanted[next] === series;
    const chunks = table.varint();
    for (let k = 0; k < chunks; k++) {
      const minMs = base + table.zigzag();
      const maxMs = minMs + table.varint();
      const count = table.varint();
      const len = table.varint();
      if (isWanted && maxMs > after && minMs <= to)
        visit(series, minMs, maxMs, count, page, data, data + len);
      data += len;
    }
  }
}
