import type { Matcher } from "../core/matchers";
import { ByteReader, CorruptBytesError } from "../core/byte-reader";
import { ByteWriter } from "../core/byte-writer";
import type { BlockSeries } from "./block-index";
import { Cache, type CacheLedger } from "./cache-ledger";
import type { BlockMeta } from "./manifest";
import { matchBlock, matchSeries } from "./match";
import type { SeriesTable } from "./series-table";
import { type BlobStorage, SPACES, getSpace, putSpace } from "./storage-port";

/**
 * What was deleted and still lies in blocks. It hides samples with startMs ≤ t ≤ endMs of the series that one of
 * the matcher lists accepts, in blocks older than `beforeBlock` alone: what arrived after the deletion is kept, and
 * so is a merged block, which a merge writes without them.
 */
export interface Tombstone {
  readonly matchers: readonly (readonly Matcher[])[];
  readonly startMs: number;
  readonly endMs: number;
  readonly beforeBlock: number;
  /** Whether blocks are rewritten for it; else it waits until they are merged for another reason. */
  readonly apply: boolean;
}

/** From startMs to endMs, both included. */
export interface Interval {
  readonly startMs: number;
  readonly endMs: number;
}

/** Hidden stretches by series number within a block; apart from each other, rising. */
export type Hidden = ReadonlyMap<number, readonly Interval[]>;

/** Deletions that wait in a shard from which on they are applied by rewriting the blocks. */
export const CLEAN_AT = 64;
/** Deletions that wait in a shard at most. */
export const MAX_TOMBSTONES = 1_000;

export class TombstoneLimitError extends Error {
  override readonly name = "TombstoneLimitError";
}

/** The deletions of a shard, and what they hide in each block. */
export class Tombstones {
  private list: readonly Tombstone[];
  /** What is hidden by block, which never changes. */
  private readonly found: Cache<Hidden>;

  /** @param table names a segment's series; asked anew each time, as a shard replaces it */
  constructor(
    private readonly storage: BlobStorage,
    private readonly table: () => SeriesTable,
    ledger: CacheLedger,
    owner: string,
  ) {
    this.found = new Cache(ledger, `${owner}/hidden`);
    const bytes = getSpace(storage, SPACES.tombstones);
    this.list = bytes === undefined ? [] : decodeTombstones(bytes);
  }

  get all(): readonly Tombstone[] {
    return this.list;
  }

  /** @throws TombstoneLimitError */
  add(tombstone: Tombstone): void {
    if (this.list.length >= MAX_TOMBSTONES)
      throw new TombstoneLimitError(
        `${MAX_TOMBSTONES} deletions wait to be applied (tombstone_limit); they are once clean_tombstones has run`,
      );
    this.write([...this.list, tombstone]);
    if (this.list.length >= CLEAN_AT) this.apply();
  }

  /** Has every deletion applied by rewriting the blocks it concerns. */
  apply(): void {
    if (this.list.some((t) => !t.apply)) this.write(this.list.map((t) => ({ ...t, apply: true })));
  }

  /** Whether the block is to be rewritten without what is hidden in it. */
  wantsRewrite(block: BlockMeta): boolean {
    return this.list.some((t) => t.apply && concerns(t, block));
  }

  /** Lets go of deletions that no block is concerned by any more. */
  forget(blocks: readonly BlockMeta[]): void {
    const left = this.list.filter((t) => blocks.some((b) => concerns(t, b)));
    if (left.length < this.list.length) this.write(left);
  }

  /** Whether samples of the block may be hidden. */
  concern(block: BlockMeta): boolean {
    return this.list.some((t) => concerns(t, block));
  }

  /** What is hidden in a block; undefined where nothing is. `series` gives its index. */
  hiddenIn(block: BlockMeta, series: () => BlockSeries): Hidden | undefined {
    if (!this.concern(block)) return undefined;
    const hidden = this.found.get(block.id, () => {
      const value = hide(
        this.list.filter((t) => concerns(t, block)),
        series(),
        this.table(),
      );
      return { value, bytes: 64 + value.size * ENTRY_BYTES };
    });
    return hidden.size === 0 ? undefined : hidden;
  }

  close(): void {
    this.found.clear();
  }

  private write(list: readonly Tombstone[]): void {
    putSpace(this.storage, SPACES.tombstones, encodeTombstones(list));
    this.list = list;
    this.found.clear();
  }
}

/** Bytes that one series' stretches take in memory, about. */
const ENTRY_BYTES = 160;

/** What is left of startMs..endMs, both included, beside the hidden stretches; nothing where it is empty. */
export function isAllHidden(hidden: readonly Interval[], startMs: number, endMs: number): boolean {
  return hidden.some((h) => h.startMs <= startMs && h.endMs >= endMs);
}

export function isHidden(hidden: readonly Interval[], timeMs: number): boolean {
  return hidden.some((h) => h.startMs <= timeMs && timeMs <= h.endMs);
}

/** The series of a block, by their numbers in it, that one of the matcher lists accepts; rising. */
export function matchAny(
  series: BlockSeries,
  matchers: readonly (readonly Matcher[])[],
  table: SeriesTable,
): number[] {
  const found = new Set<number>();
  for (const list of matchers) {
    if (series.kind === "labels") for (const i of matchBlock(series, list)) found.add(i);
    else
      for (const ref of matchSeries(table, list)) {
        const local = ref < series.localOf.length ? (series.localOf[ref] as number) : -1;
        if (local >= 0) found.add(local);
      }
  }
  return [...found].sort((a, b) => a - b);
}

function concerns(t: Tombstone, b: BlockMeta): boolean {
  return b.id < t.beforeBlock && b.maxMs >= t.startMs && b.minMs <= t.endMs;
}

function hide(tombstones: readonly Tombstone[], series: BlockSeries, table: SeriesTable): Hidden {
  const out = new Map<number, Interval[]>();
  for (const t of tombstones) {
    for (const local of matchAny(series, t.matchers, table)) {
      const known = out.get(local);
      if (known === undefined) out.set(local, [{ startMs: t.startMs, endMs: t.endMs }]);
      else known.push({ startMs: t.startMs, endMs: t.endMs });
    }
  }
  for (const [local, list] of out) if (list.length > 1) out.set(local, unite(list));
  return out;
}

function unite(list: readonly Interval[]): Interval[] {
  const out: Interval[] = [];
  for (const next of [...list].sort((a, b) => a.startMs - b.startMs)) {
    const last = out.at(-1);
    if (last === undefined || next.startMs > last.endMs + 1) out.push(next);
    else if (next.endMs > last.endMs)
      out[out.length - 1] = { startMs: last.startMs, endMs: next.endMs };
  }
  return out;
}

const VERSION = 1;

/** Drawn in docs/formats/tombstones.md. */
export function encodeTombstones(list: readonly Tombstone[]): Uint8Array {
  const w = new ByteWriter(256);
  w.u8(VERSION);
  w.varint(list.length);
  for (const t of list) {
    w.zigzag(t.startMs);
    w.varint(t.endMs - t.startMs);
    w.varint(t.beforeBlock);
    w.u8(t.apply ? 1 : 0);
    w.varint(t.matchers.length);
    for (const matchers of t.matchers) {
      w.varint(matchers.length);
      for (const m of matchers) {
        w.u8(MATCH_TYPES.indexOf(m.type));
        w.text(m.name);
        w.text(m.value);
      }
    }
  }
  return w.finish();
}

/** @throws CorruptBytesError */
export function decodeTombstones(bytes: Uint8Array): Tombstone[] {
  const r = new ByteReader(bytes);
  const version = r.u8();
  if (version !== VERSION)
    throw new CorruptBytesError(`tombstones version ${version} is not known`);
  return Array.from({ length: r.varint() }, () => {
    const startMs = r.zigzag();
    const endMs = startMs + r.varint();
    const beforeBlock = r.varint();
    const apply = r.u8() === 1;
    const matchers = Array.from({ length: r.varint() }, () =>
      Array.from({ length: r.varint() }, (): Matcher => {
        const type = MATCH_TYPES[r.u8()];
        if (type === undefined) throw new CorruptBytesError("unknown matcher type");
        return { type, name: r.text(), value: r.text() };
      }),
    );
    return { matchers, startMs, endMs, beforeBlock, apply };
  });
}

const MATCH_TYPES: readonly Matcher["type"][] = ["=", "!=", "=~", "!~"];
