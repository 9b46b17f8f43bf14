import { DatabaseSync } from "node:sqlite";

/** Node's SQLite in the form of a Durable Object's storage, as far as RouterStorage uses it. */
export function memoryStorage(): DurableObjectStorage {
  const db = new DatabaseSync(":memory:");
  const statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  const storage = {
    sql: {
      exec(text: string, ...params: (number | string)[]) {
        if (params.length === 0 && /^\s*(CREATE|ALTER|DROP)/i.test(text)) {
          statements.clear();
          db.exec(text);
          return cursor([]);
        }
        let statement = statements.get(text);
        if (statement === undefined) statements.set(text, (statement = db.prepare(text)));
        if (/^\s*SELECT/i.test(text)) return cursor(statement.all(...params));
        statement.run(...params);
        return cursor([]);
      },
    },
    transactionSync<T>(work: () => T): T {
      db.exec("BEGIN");
      try {
        const result = work();
        db.exec("COMMIT");
        return result;
      } catch (e) {
        db.exec("ROLLBACK");
        throw e;
      }
    },
  };
  // The part of the interface that RouterStorage and its migrations call.
  return storage as unknown as DurableObjectStorage;
}

function cursor(rows: readonly unknown[]) {
  return { toArray: () => rows, one: () => rows[0], [Symbol.iterator]: () => rows.values() };
}
