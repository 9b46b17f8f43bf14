import type { BlobStorage } from "../src/tsdb/storage-port";
import { type ObjectMigration, migrateObject } from "./migrate";

const CREATE_LOG = "CREATE TABLE log (seq INTEGER PRIMARY KEY, data BLOB NOT NULL)";

export const SHARD_MIGRATIONS: readonly ObjectMigration[] = [
  {
    id: "001_blobs_and_log",
    sql: `CREATE TABLE blobs (id INTEGER PRIMARY KEY, data BLOB NOT NULL); ${CREATE_LOG}`,
  },
];

/** The metric store's disk over a Durable Object's SQLite. Counts every row it writes. */
export class SqliteBlobStorage implements BlobStorage {
  private written = 0;

  constructor(private readonly storage: DurableObjectStorage) {
    migrateObject(storage, SHARD_MIGRATIONS);
  }

  transaction<T>(work: () => T): T {
    return this.storage.transactionSync(work);
  }

  get(id: number): Uint8Array | undefined {
    const row = this.storage.sql
      .exec<{ data: ArrayBuffer }>("SELECT data FROM blobs WHERE id = ?", id)
      .toArray()[0];
    return row === undefined ? undefined : new Uint8Array(row.data);
  }

  range(from: number, to: number): readonly { readonly id: number; readonly data: Uint8Array }[] {
    return this.storage.sql
      .exec<{ id: number; data: ArrayBuffer }>(
        "SELECT id, data FROM blobs WHERE id >= ? AND id < ? ORDER BY id",
        from,
        to,
      )
      .toArray()
      .map((r) => ({ id: r.id, data: new Uint8Array(r.data) }));
  }

  put(id: number, data: Uint8Array): void {
    this.run(
      "INSERT INTO blobs (id, data) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET data = excluded.data",
      id,
      data,
    );
  }

  deleteRange(from: number, to: number): number {
    return this.run("DELETE FROM blobs WHERE id >= ? AND id < ?", from, to);
  }

  appendLog(data: Uint8Array): void {
    this.run("INSERT INTO log (data) VALUES (?)", data);
  }

  readLog(): readonly Uint8Array[] {
    return this.storage.sql
      .exec<{ data: ArrayBuffer }>("SELECT data FROM log ORDER BY seq")
      .toArray()
      .map((r) => new Uint8Array(r.data));
  }

  /** A dropped table is billed no row, a deleted one each of its rows; so that a request costs one row in all. */
  clearLog(): void {
    this.run("DROP TABLE log");
    this.run(CREATE_LOG);
  }

  /** Counts rows that others wrote to the same object (timers, the alarm). */
  count(rows: number): void {
    this.written += rows;
  }

  rowsWritten(): number {
    return this.written;
  }

  databaseBytes(): number {
    return this.storage.sql.databaseSize;
  }

  private run(sql: string, ...params: (number | Uint8Array)[]): number {
    const cursor = this.storage.sql.exec(sql, ...params);
    cursor.toArray();
    this.written += cursor.rowsWritten;
    return cursor.rowsWritten;
  }
}
