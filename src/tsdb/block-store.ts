import {
  type BlockIndex,
  type BlockPages,
  type BlockSeries,
  type PageMark,
  type SegmentRefs,
  decodeIndex,
  encodeIndex,
  pagesOf,
} from "./block-index";
import type { BlockLabels } from "./block-labels";
import { Cache, type CacheLedger } from "./cache-ledger";
import { type BlockLevel, type BlockMeta, DOWNSAMPLED } from "./manifest";
import { type ChunkEntry, type ChunkVisitor, PAGE_BYTES, PageWriter, readPage } from "./page";
import { passOver } from "./pass-over";
import {
  type BlobStorage,
  FIRST_BLOCK_SPACE,
  MAX_BLOB_BYTES,
  blobId,
  concatBytes,
} from "./storage-port";
import type { Hidden, Tombstones } from "./tombstones";

/** Index rows of a block start at 0, its pages here. */
const FIRST_PAGE = 65_536;

/** Reads and writes blocks. Indexes and pages are cached against the ledger. */
export class BlockStore {
  private readonly indexes: Cache<BlockSeries>;
  private readonly charged = new Map<number, number>();
  private readonly marks: Cache<BlockPages>;
  private readonly pages: Cache<Uint8Array>;
  /** Samples older than this are no longer kept: {@link read} passes over them. */
  horizonMs = -Infinity;

  constructor(
    private readonly storage: BlobStorage,
    ledger: CacheLedger,
    owner: string,
    /** What was deleted: {@link read} passes over it. */
    private readonly tombstones: Tombstones,
  ) {
    this.indexes = new Cache(ledger, `${owner}/index`);
    this.marks = new Cache(ledger, `${owner}/marks`);
    this.pages = new Cache(ledger, `${owner}/page`);
  }

  /** The series of a block. */
  series(block: BlockMeta): BlockSeries {
    const found = this.indexes.get(block.id, () => {
      const value = this.load(block).series;
      this.charged.set(block.id, value.footprint);
      return { value, bytes: value.footprint };
    });
    // Postings are made when they are asked for.
    if (this.charged.get(block.id) !== found.footprint) {
      this.charged.set(block.id, found.footprint);
      this.indexes.resize(block.id, found.footprint);
    }
    return found;
  }

  /** The series of a segment. */
  refs(block: BlockMeta): SegmentRefs {
    const series = this.series(block);
    if (series.kind !== "refs") throw new Error(`block ${block.id} is no segment`);
    return series;
  }

  /** The series of a cut block. */
  labels(block: BlockMeta): BlockLabels {
    const series = this.series(block);
    if (series.kind !== "labels") throw new Error(`block ${block.id} has no labels`);
    return series;
  }

  /** Whether a series may have samples in startMs..endMs that are not deleted. */
  holds(block: BlockMeta, series: number, startMs: number, endMs: number): boolean {
    if (block.minMs >= this.horizonMs && this.hiddenIn(block)?.get(series) === undefined)
      return true;
    let found = false;
    this.read(block, [series], startMs - 1, endMs, () => (found = true));
    return found;
  }

  /**
   * Visits the chunks of the given series (numbers within the block, rising) that overlap after < t ≤ to.
   * Of a chunk that is deleted in part the rest is packed anew, as one of its own.
   */
  read(
    block: BlockMeta,
    wanted: ArrayLike<number>,
    after: number,
    to: number,
    visit: ChunkVisitor,
  ): void {
    if (wanted.length === 0) return;
    const hidden = this.hiddenIn(block);
    const whole = hidden === undefined && block.minMs >= this.horizonMs;
    if (whole) return this.readAll(block, wanted, after, to, visit);
    // A downsampled block has numbers beyond its series: what is hidden of a series is so of its aggregates.
    const series = block.level === DOWNSAMPLED ? block.series : Infinity;
    this.readAll(block, wanted, after, to, passOver(hidden, series, this.horizonMs, visit));
  }

  /** Small, and asked for with every read, so that it outlives the series in the cache. */
  private pagesOf(block: BlockMeta): BlockPages {
    return this.marks.get(block.id, () => {
      const value = this.load(block);
      return { value: { pages: value.pages, inlinePage: value.inlinePage }, bytes: bytesOf(value) };
    });
  }

  /** Reads a block's index; the part that was not asked for is kept too. */
  private load(block: BlockMeta): BlockIndex {
    const rows = this.storage.range(rowId(block.id, 0), rowId(block.id, block.indexRows));
    const index = decodeIndex(concatBytes(rows.map((r) => r.data)));
    this.marks.put(block.id, { pages: index.pages, inlinePage: index.inlinePage }, bytesOf(index));
    return index;
  }

  private hiddenIn(block: BlockMeta): Hidden | undefined {
    return this.tombstones.hiddenIn(block, () => this.series(block));
  }

  private readAll(
    block: BlockMeta,
    wanted: ArrayLike<number>,
    after: number,
    to: number,
    visit: ChunkVisitor,
  ): void {
    const index = this.pagesOf(block);
    if (index.inlinePage !== undefined) return readPage(index.inlinePage, wanted, after, to, visit);
    let page = -1;
    for (let i = 0; i < wanted.length; i++) {
      const series = wanted[i] as number;
      const span = pagesOf(index.pages, series);
      for (let p = Math.max(span.from, page + 1); p < span.to; p++) {
        page = p;
        const mark = index.pages[p] as PageMark;
        if (mark.maxMs <= after || mark.minMs > to) continue;
        readPage(this.page(block, p), wanted, after, to, visit);
      }
    }
  }

  /** @param written the pages that stand on the disk already, of a writer that was closed with them */
  writer(id: number, level: BlockLevel, written?: WrittenPages): BlockWriter {
    return new BlockWriter(this.storage, id, level, written);
  }

  /** Deletes what follows the given pages of a block under way. */
  dropAfter(id: number, pages: number): void {
    this.storage.deleteRange(rowId(id, 0), rowId(id, FIRST_PAGE));
    this.storage.deleteRange(rowId(id, FIRST_PAGE + pages), rowId(id + 1, 0));
  }

  /** Deletes a block's rows; gives how many. */
  drop(block: BlockMeta): number {
    this.indexes.delete(block.id);
    this.charged.delete(block.id);
    this.marks.delete(block.id);
    for (let p = 0; p < block.pageRows; p++) this.pages.delete(rowId(block.id, FIRST_PAGE + p));
    return this.dropRows(block.id);
  }

  dropRows(id: number): number {
    return this.storage.deleteRange(rowId(id, 0), rowId(id + 1, 0));
  }

  /** Gives back what it holds of the ledger. */
  close(): void {
    this.indexes.clear();
    this.charged.clear();
    this.marks.clear();
    this.pages.clear();
  }

  private page(block: BlockMeta, n: number): Uint8Array {
    const id = rowId(block.id, FIRST_PAGE + n);
    return this.pages.get(id, () => {
      const value = this.storage.get(id);
      if (value === undefined) throw new Error(`page ${n} of block ${block.id} is missing`);
      return { value, bytes: value.length };
    });
  }
}

/** What a block says of itself; what was added where nothing else is said. */
export interface BlockCounts {
  readonly samples: number;
  readonly series: number;
}

/** What a {@link BlockWriter} has put on the disk. */
export interface WrittenPages extends BlockCounts {
  readonly marks: readonly PageMark[];
  readonly bytes: number;
  readonly minMs: number;
  readonly maxMs: number;
}

const NO_PAGES: WrittenPages = {
  marks: [],
  bytes: 0,
  samples: 0,
  series: 0,
  minMs: Infinity,
  maxMs: -Infinity,
};

/** Writes one block: chunks of each series in order, then the index. Pages go to the disk as they fill. */
export class BlockWriter {
  private readonly marks: PageMark[];
  private held: Uint8Array | undefined;
  private readonly pages: PageWriter;
  private bytes: number;
  samples: number;
  series: number;
  private minMs: number;
  private maxMs: number;

  constructor(
    private readonly storage: BlobStorage,
    readonly id: number,
    private readonly level: BlockLevel,
    written: WrittenPages = NO_PAGES,
  ) {
    this.marks = [...written.marks];
    ({
      bytes: this.bytes,
      samples: this.samples,
      series: this.series,
      minMs: this.minMs,
      maxMs: this.maxMs,
    } = written);
    this.pages = new PageWriter((page) => {
      this.flushHeld();
      this.marks.push({ firstSeries: page.firstSeries, minMs: page.minMs, maxMs: page.maxMs });
      this.held = page.bytes;
    });
  }

  /** Series numbers 0, 1, 2 … in turn, each with at least one chunk. */
  add(series: number, chunks: readonly ChunkEntry[]): void {
    this.pages.add(series, chunks);
    this.series++;
    for (const c of chunks) {
      this.samples += c.count;
      if (c.minMs < this.minMs) this.minMs = c.minMs;
      if (c.maxMs > this.maxMs) this.maxMs = c.maxMs;
    }
  }

  /** Puts on the disk what was added, the last page as it is. */
  close(): WrittenPages {
    this.pages.close();
    this.flushHeld();
    const { bytes, samples, series, minMs, maxMs } = this;
    return { marks: [...this.marks], bytes, samples, series, minMs, maxMs };
  }

  /** Closes the pages and writes the index; `series` is its series part. Undefined where nothing was added. */
  finish(series: Uint8Array, counts: BlockCounts = this): BlockMeta | undefined {
    if (this.series === 0) return undefined;
    this.pages.close();
    const inline =
      this.marks.length === 1 && (this.held?.length ?? 0) + series.length < PAGE_BYTES
        ? this.held
        : undefined;
    if (inline === undefined) this.flushHeld();
    const index = encodeIndex(series, this.marks, inline);
    let rows = 0;
    for (let at = 0; at < index.length; at += MAX_BLOB_BYTES)
      this.storage.put(rowId(this.id, rows++), index.subarray(at, at + MAX_BLOB_BYTES));
    return {
      id: this.id,
      level: this.level,
      minMs: this.minMs,
      maxMs: this.maxMs,
      samples: counts.samples,
      series: counts.series,
      indexRows: rows,
      pageRows: inline === undefined ? this.marks.length : 0,
      bytes: this.bytes + index.length,
    };
  }

  private flushHeld(): void {
    if (this.held === undefined) return;
    this.storage.put(rowId(this.id, FIRST_PAGE + this.marks.length - 1), this.held);
    this.bytes += this.held.length;
    this.held = undefined;
  }
}

function bytesOf({ pages, inlinePage }: BlockPages): number {
  return 64 + pages.length * 48 + (inlinePage?.length ?? 0);
}

function rowId(block: number, n: number): number {
  return blobId(FIRST_BLOCK_SPACE + block, n);
}
