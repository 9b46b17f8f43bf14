import { type BlobStorage, MAX_BLOB_BYTES } from "../../src/tsdb/storage-port";

export interface StorageDump {
  readonly blobs: readonly (readonly [id: number, base64: string])[];
  readonly log: readonly string[];
}

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

  /** All it holds, as text: blobs by id, and the log. */
  dump(): StorageDump {
    const base64 = (data: Uint8Array): string => Buffer.from(data).toString("base64");
    return {
      blobs: this.range(0, Infinity).map(({ id, data }) => [id, base64(data)]),
      log: this.log.map(base64),
    };
  }

  static load(dump: StorageDump): MemoryStorage {
    const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));
    const storage = new MemoryStorage();
    for (const [id, text] of dump.blobs) storage.blobs.set(id, bytes(text));
    storage.log = dump.log.map(bytes);
    return storage;
  }

  /** The largest blob, for tests of the row limit. */
  largest(): number {
    return Math.max(0, ...[...this.blobs.values(), ...this.log].map((d) => d.length));
  }
}
