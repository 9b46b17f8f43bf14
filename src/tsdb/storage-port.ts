/**
 * What the metric store asks of a disk: packed blobs under integer ids, and a
 * log of commits. Every call is synchronous; writes outside of `transaction`
 * are atomic each. Blobs are at most {@link MAX_BLOB_BYTES}.
 */
export interface BlobStorage {
  /** All writes of `work` or none. */
  transaction<T>(work: () => T): T;
  get(id: number): Uint8Array | undefined;
  /** Blobs with from ≤ id < to, by id. */
  range(from: number, to: number): readonly { readonly id: number; readonly data: Uint8Array }[];
  put(id: number, data: Uint8Array): void;
  /** Deletes blobs with from ≤ id < to; gives how many. */
  deleteRange(from: number, to: number): number;
  appendLog(data: Uint8Array): void;
  /** Log rows, oldest first. */
  readLog(): readonly Uint8Array[];
  clearLog(): void;
  /** Rows written since it was opened, as the platform bills them: inserts, updates and deletes. */
  rowsWritten(): number;
  databaseBytes(): number;
}

/** A row holds 2 MB (https://developers.cloudflare.com/durable-objects/platform/limits/); some room is left for the row itself. */
export const MAX_BLOB_BYTES = 1_900_000;

/**
 * Blob ids: `space × 2^26 + n`. Blocks have one space each, from {@link FIRST_BLOCK_SPACE} on, and are numbered
 * for ever: a number holds 2^53, so that a shard that folds every five seconds has room for 15 years.
 */
export const SPACE = 2 ** 26;
export const SPACES = {
  manifest: 0,
  series: 1,
  lastTimes: 2,
  accumulators: 3,
  batchIds: 4,
  selectors: 5,
  metadata: 6,
  shardMap: 7,
  tombstones: 8,
  retention: 9,
  merge: 10,
  exemplars: 11,
} as const;
export const FIRST_BLOCK_SPACE = 1024;

export const blobId = (space: number, n: number): number => space * SPACE + n;

/** Writes `data` as the only content of a space, cut into rows. */
export function putSpace(storage: BlobStorage, space: number, data: Uint8Array): void {
  let n = 0;
  for (let at = 0; at < data.length || n === 0; at += MAX_BLOB_BYTES) {
    storage.put(blobId(space, n++), data.subarray(at, at + MAX_BLOB_BYTES));
  }
  storage.deleteRange(blobId(space, n), blobId(space + 1, 0));
}

/** What {@link putSpace} wrote, or undefined where there is nothing. */
export function getSpace(storage: BlobStorage, space: number): Uint8Array | undefined {
  const rows = storage.range(blobId(space, 0), blobId(space + 1, 0));
  return rows.length === 0 ? undefined : concatBytes(rows.map((r) => r.data));
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array;
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}
