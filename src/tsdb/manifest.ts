import { ByteReader, CorruptBytesError } from "../core/byte-reader";
import { ByteWriter } from "../core/byte-writer";

/** 0: a segment, folded from the head. 1: a 2 h block. 2: a 24 h block. 3: a 24 h block downsampled to 5 min. */
export type BlockLevel = 0 | 1 | 2 | 3;

export const SEGMENT: BlockLevel = 0;
export const DOWNSAMPLED: BlockLevel = 3;
export const HOUR_MS = 3_600_000;
/** Every segment and 2 h block lies within one window of this length, counted from the epoch. */
export const WINDOW_MS = 2 * HOUR_MS;
export const DAY_MS = 24 * HOUR_MS;

export interface BlockMeta {
  readonly id: number;
  readonly level: BlockLevel;
  /** First and last sample, both included, ms. */
  readonly minMs: number;
  readonly maxMs: number;
  readonly samples: number;
  readonly series: number;
  /** Rows of the index, then rows of pages (0 where the only page is in the index). */
  readonly indexRows: number;
  readonly pageRows: number;
  /** Of all its rows. */
  readonly bytes: number;
}

/** What a shard's disk holds: the root that every other row hangs on. */
export interface Manifest {
  readonly blocks: readonly BlockMeta[];
  readonly nextBlockId: number;
  /** The block a merge is writing: its rows are dropped if the merge did not end. */
  readonly buildingId: number | undefined;
  readonly nextSeriesRow: number;
  readonly nextBatchIdRow: number;
}

export const EMPTY_MANIFEST: Manifest = {
  blocks: [],
  nextBlockId: 1,
  buildingId: undefined,
  nextSeriesRow: 0,
  nextBatchIdRow: 0,
};

export function isBlockLevel(n: number): n is BlockLevel {
  return n >= 0 && n <= 3;
}

const VERSION = 1;

export function encodeManifest(m: Manifest): Uint8Array {
  const w = new ByteWriter(64 + m.blocks.length * 40);
  w.u8(VERSION);
  w.varint(m.nextBlockId);
  w.varint(m.buildingId ?? 0);
  w.varint(m.nextSeriesRow);
  w.varint(m.nextBatchIdRow);
  w.varint(m.blocks.length);
  for (const b of m.blocks) {
    w.varint(b.id);
    w.u8(b.level);
    w.zigzag(b.minMs);
    w.varint(b.maxMs - b.minMs);
    w.varint(b.samples);
    w.varint(b.series);
    w.varint(b.indexRows);
    w.varint(b.pageRows);
    w.varint(b.bytes);
  }
  return w.finish();
}

/** @throws CorruptBytesError */
export function decodeManifest(bytes: Uint8Array): Manifest {
  const r = new ByteReader(bytes);
  const version = r.u8();
  if (version !== VERSION) throw new CorruptBytesError(`manifest version ${version} is not known`);
  const nextBlockId = r.varint();
  const building = r.varint();
  const nextSeriesRow = r.varint();
  const nextBatchIdRow = r.varint();
  const blocks: BlockMeta[] = [];
  const count = r.varint();
  for (let i = 0; i < count; i++) {
    const id = r.varint();
    const level = r.u8();
    if (!isBlockLevel(level)) throw new CorruptBytesError(`block level ${level} is not known`);
    const minMs = r.zigzag();
    blocks.push({
      id,
      level,
      minMs,
      maxMs: minMs + r.varint(),
      samples: r.varint(),
      series: r.varint(),
      indexRows: r.varint(),
      pageRows: r.varint(),
      bytes: r.varint(),
    });
  }
  return {
    blocks,
    nextBlockId,
    buildingId: building === 0 ? undefined : building,
    nextSeriesRow,
    nextBatchIdRow,
  };
}

export const windowOf = (ms: number): number => Math.floor(ms / WINDOW_MS);
export const dayOf = (ms: number): number => Math.floor(ms / DAY_MS);
