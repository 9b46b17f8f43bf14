import type { MetricMetadata } from "../core/series";
import { ByteReader } from "../core/byte-reader";
import { ByteWriter } from "../core/byte-writer";
import { decodeExemplars } from "./exemplars";
import type { GroupSelectors } from "./selector-groups";
import {
  type BatchIdEntry,
  getAccumulator,
  getBatchId,
  putAccumulator,
  putBatchId,
} from "./log-codec";
import { EMPTY_MANIFEST, type Manifest, decodeManifest, encodeManifest } from "./manifest";
import type { ShardState } from "./shard-state";
import { SeriesTable } from "./series-table";
import {
  type BlobStorage,
  MAX_BLOB_BYTES,
  SPACES,
  blobId,
  getSpace,
  putSpace,
} from "./storage-port";

/**
 * The checkpoint: everything that the log and the blocks do not say, packed.
 * Series and batch ids are appended as rows; the rest is rewritten where it changed.
 */
export function writeCheckpoint(
  storage: BlobStorage,
  state: ShardState,
  manifest: Manifest,
): Manifest {
  let next = manifest;
  if (state.newSeries.length > 0) {
    const refs = [...new Set(state.newSeries)].filter((ref) => state.table.isLive(ref));
    next = {
      ...next,
      nextSeriesRow: putSeriesRows(storage, state.table, refs, next.nextSeriesRow),
    };
  }
  if (state.newBatchIds.length > 0)
    next = {
      ...next,
      nextBatchIdRow: putBatchIdRows(storage, state.newBatchIds, next.nextBatchIdRow),
    };
  writeLastTimes(storage, state.table);
  if (state.accumulatorsChanged) {
    const w = new ByteWriter();
    w.varint(state.accumulators.size);
    for (const a of state.accumulators.values()) putAccumulator(w, a);
    putSpace(storage, SPACES.accumulators, w.view());
  }
  if (state.exemplarsChanged) putSpace(storage, SPACES.exemplars, state.exemplars.encode());
  if (state.metadataChanged) putJson(storage, SPACES.metadata, [...state.metadata.values()]);
  return next;
}

export function writeLastTimes(storage: BlobStorage, table: SeriesTable): void {
  putSpace(storage, SPACES.lastTimes, encodeLastTimes(table));
}

/** To be called when the transaction that wrote the checkpoint has ended. */
export function checkpointed(state: ShardState): void {
  state.newSeries.length = 0;
  state.newBatchIds.length = 0;
  state.metadataChanged = false;
  state.exemplarsChanged = false;
  state.accumulatorsChanged = false;
}

export function readManifest(storage: BlobStorage): Manifest {
  const bytes = storage.get(blobId(SPACES.manifest, 0));
  return bytes === undefined ? EMPTY_MANIFEST : decodeManifest(bytes);
}

export function writeManifest(storage: BlobStorage, manifest: Manifest): void {
  storage.put(blobId(SPACES.manifest, 0), encodeManifest(manifest));
}

/** Reads the checkpoint into an empty state. The log is replayed on top by the caller. */
export function readCheckpoint(storage: BlobStorage, state: ShardState): void {
  for (const row of storage.range(blobId(SPACES.series, 0), blobId(SPACES.series + 1, 0))) {
    const r = new ByteReader(row.data);
    while (!r.done) {
      const ref = r.varint();
      const len = r.varint();
      state.table.restore(ref, row.data, r.at, r.at + len);
      r.at += len;
    }
  }
  const lastTimes = getSpace(storage, SPACES.lastTimes);
  if (lastTimes !== undefined) decodeLastTimes(lastTimes, state.table);
  const accumulators = getSpace(storage, SPACES.accumulators);
  if (accumulators !== undefined) {
    const r = new ByteReader(accumulators);
    for (let n = r.varint(); n > 0; n--) {
      const a = getAccumulator(r);
      state.accumulators.set(a.ref, a);
    }
  }
  for (const row of storage.range(blobId(SPACES.batchIds, 0), blobId(SPACES.batchIds + 1, 0))) {
    const r = new ByteReader(row.data);
    while (!r.done) state.batchIds.add(getBatchId(r));
  }
  const exemplars = getSpace(storage, SPACES.exemplars);
  if (exemplars !== undefined) for (const e of decodeExemplars(exemplars)) state.exemplars.add(e);
  // Written by putJson below, so the shapes are known.
  for (const m of getJson<MetricMetadata>(storage, SPACES.metadata)) state.metadata.set(m.name, m);
}

export function readSelectors(storage: BlobStorage): GroupSelectors[] {
  return getJson<GroupSelectors>(storage, SPACES.selectors);
}

export function writeSelectors(storage: BlobStorage, specs: readonly GroupSelectors[]): void {
  putJson(storage, SPACES.selectors, specs);
}

/** Writes every live series anew, in as few rows as they fit. */
export function rewriteSeries(
  storage: BlobStorage,
  table: SeriesTable,
  manifest: Manifest,
): Manifest {
  storage.deleteRange(blobId(SPACES.series, 0), blobId(SPACES.series + 1, 0));
  const refs: number[] = [];
  for (let ref = 0; ref < table.size; ref++) if (table.isLive(ref)) refs.push(ref);
  return { ...manifest, nextSeriesRow: putSeriesRows(storage, table, refs, 0) };
}

/** Deletes batch-id rows that hold nothing newer than `beforeMs`. */
export function expireBatchIds(storage: BlobStorage, beforeMs: number): void {
  for (const row of storage.range(blobId(SPACES.batchIds, 0), blobId(SPACES.batchIds + 1, 0))) {
    const r = new ByteReader(row.data);
    let newest = 0;
    while (!r.done) newest = Math.max(newest, getBatchId(r).seenMs);
    if (newest >= beforeMs) return;
    storage.deleteRange(row.id, row.id + 1);
  }
}

function putSeriesRows(
  storage: BlobStorage,
  table: SeriesTable,
  refs: readonly number[],
  firstRow: number,
): number {
  let row = firstRow;
  const w = new ByteWriter(65_536);
  for (const ref of refs) {
    const bytes = table.bytesOf(ref);
    if (w.length + bytes.length + 16 > MAX_BLOB_BYTES) {
      storage.put(blobId(SPACES.series, row++), w.view());
      w.clear();
    }
    w.varint(ref);
    w.block(bytes);
  }
  if (w.length > 0) storage.put(blobId(SPACES.series, row++), w.view());
  return row;
}

function putBatchIdRows(
  storage: BlobStorage,
  ids: readonly BatchIdEntry[],
  firstRow: number,
): number {
  let row = firstRow;
  const w = new ByteWriter(65_536);
  for (const id of ids) {
    if (w.length + 32 > MAX_BLOB_BYTES) {
      storage.put(blobId(SPACES.batchIds, row++), w.view());
      w.clear();
    }
    putBatchId(w, id);
  }
  if (w.length > 0) storage.put(blobId(SPACES.batchIds, row++), w.view());
  return row;
}

/** Per number in turn: 0 for none, else 1 + the zigzag difference to the last time written. */
function encodeLastTimes(table: SeriesTable): Uint8Array {
  const w = new ByteWriter(table.size * 2 + 16);
  w.varint(table.size);
  let last = 0;
  for (let ref = 0; ref < table.size; ref++) {
    const t = table.lastTime[ref] as number;
    if (t === -Infinity || !table.isLive(ref)) {
      w.u8(0);
      continue;
    }
    const d = t - last;
    w.varint(1 + (d >= 0 ? 2 * d : -2 * d - 1));
    last = t;
  }
  return w.view();
}

function decodeLastTimes(bytes: Uint8Array, table: SeriesTable): void {
  const r = new ByteReader(bytes);
  const count = r.varint();
  let last = 0;
  for (let ref = 0; ref < count; ref++) {
    const v = r.varint() - 1;
    if (v < 0) continue;
    last += v % 2 === 0 ? v / 2 : -(v + 1) / 2;
    if (table.isLive(ref)) table.lastTime[ref] = last;
  }
}

function putJson(storage: BlobStorage, space: number, value: readonly unknown[]): void {
  putSpace(storage, space, new TextEncoder().encode(JSON.stringify(value)));
}

function getJson<T>(storage: BlobStorage, space: number): T[] {
  const bytes = getSpace(storage, space);
  return bytes === undefined ? [] : (JSON.parse(new TextDecoder().decode(bytes)) as T[]);
}
