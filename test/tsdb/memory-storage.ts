import { type BlobStorage, MAX_BLOB_BYTES } from "../../src/tsdb/storage-port";

/**
 * The storage port over maps, with transactions that roll back. Opening a Shard over it again is a crash:
 * whatever was not written is gone. Counts rows as SQLite is billed.
 */
export class MemoryStorage implements BlobStorage {
  private blobs = new Map<number, Uint8Array>();
  private log: Uint8Array[] = [];
  private rows = 0;

  transaction<T>(work: () => T): T {
    const blobs = new Map(this.blobs);
    const log = [...this.log];
    try {
      return work();
    } catch (e) {
      this.blobs = blobs;
      this.log = log;
      throw e;
    }
  }

  get(id: number): Uint8Array | undefined {
    return this.blobs.get(id)?.slice();
  }

  range(from: number, to: number): { id: number; data: Uint8Array }[] {
    return [...this.blobs]
      .filter(([id]) => id >= from && id < to)
      .sort(([a], [b]) => a - b)
      .map(([id, data]) => ({ id, data: data.slice() }));
  }

  put(id: number, data: Uint8Array): void {
    if (data.length > MAX_BLOB_BYTES) throw new Error(`a blob of ${data.length} bytes`);
    this.rows++;
    this.blobs.set(id, data.slice());
  }

  deleteRange(from: number, to: number): number {
    const ids = [...this.blobs.keys()].filter((id) => id >= from && id < to);
    for (const id of ids) this.blobs.delete(id);
    this.rows += ids.length;
    return ids.length;
  }

  appendLog(data: Uint8Array): void {
    if (data.length > MAX_BLOB_BYTES + 1) throw new Error(`a log row of ${data.length} bytes`);
    this.rows++;
    this.log.push(data.slice());
  }

  readLog(): Uint8Array[] {
    return this.log.map((d) => d.slice());
  }

  clearLog(): void {
    this.rows += this.log.length;
    this.log = [];
  }

  rowsWritten(): number {
    return this.rows;
  }

  databaseBytes(): number {
    return [...this.blobs.values(), ...this.log].reduce((n, d) => n + d.length, 0);
  }

  /** The largest blob, for tests of the row limit. */
  largest(): number {
    return Math.max(0, ...[...this.blobs.values(), ...this.log].map((d) => d.length));
  }
}
