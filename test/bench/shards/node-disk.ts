import { DatabaseSync } from "node:sqlite";
import { SqliteBlobStorage } from "../../../durable-objects/shard-storage";

/** The shard's own disk code over Node's SQLite in a file, so that a shard can be measured apart from the others. */
export function openDisk(path: string): SqliteBlobStorage {
  const db = new DatabaseSync(path);
  // What is measured is the store, not this machine's disk.
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
  const statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  let depth = 0;
  const storage = {
    sql: {
      exec(text: string, ...params: (number | string | Uint8Array)[]) {
        if (params.length === 0 && /^\s*(CREATE|DROP)/i.test(text)) {
          statements.clear();
          db.exec(text);
          // Billed as the row of the schema that it writes.
          return cursor([], 1);
        }
        let statement = statements.get(text);
        if (statement === undefined) statements.set(text, (statement = db.prepare(text)));
        if (/^\s*SELECT/i.test(text)) return cursor(statement.all(...params).map(asBuffers), 0);
        return cursor([], Number(statement.run(...params).changes));
      },
      get databaseSize(): number {
        const page = db.prepare("PRAGMA page_size").get()?.page_size;
        const pages = db.prepare("PRAGMA page_count").get()?.page_count;
        return Number(page) * Number(pages);
      },
    },
    transactionSync<T>(work: () => T): T {
      if (depth > 0) return work();
      depth++;
      db.exec("BEGIN");
      try {
        const result = work();
        db.exec("COMMIT");
        return result;
      } catch (e) {
        db.exec("ROLLBACK");
        throw e;
      } finally {
        depth--;
      }
    },
  };
  // The part of a Durable Object's storage that SqliteBlobStorage and its migrations use.
  return new SqliteBlobStorage(storage as unknown as DurableObjectStorage);
}

function cursor(rows: readonly unknown[], rowsWritten: number) {
  return {
    toArray: () => rows,
    one: () => rows[0],
    rowsWritten,
    [Symbol.iterator]: () => rows.values(),
  };
}

/** workerd gives blobs as ArrayBuffer, Node as Uint8Array. */
function asBuffers(row: Record<string, unknown>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [k, v] of Object.entries(row)) out[k] = v instanceof Uint8Array ? v.slice().buffer : v;
  return out;
}
