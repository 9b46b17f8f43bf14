/** One step of an object's own schema. The list is append-only: objects out there have run its head. */
export interface ObjectMigration {
  readonly id: string;
  readonly sql: string;
}

/** Brings an object's tables up to date, in one transaction. Cheap when nothing is new: one row read. */
export function migrateObject(
  storage: DurableObjectStorage,
  migrations: readonly ObjectMigration[],
  upTo = migrations.length,
): void {
  const sql = storage.sql;
  sql.exec(
    "CREATE TABLE IF NOT EXISTS object_migrations (n INTEGER PRIMARY KEY, id TEXT NOT NULL)",
  );
  const done = sql
    .exec<{ n: number; id: string }>("SELECT n, id FROM object_migrations ORDER BY n")
    .toArray();
  done.forEach((row, i) => {
    if (migrations[i] !== undefined && migrations[i].id !== row.id) {
      throw new Error(
        `object migrations are append-only: step ${i} ran as ${row.id}, is now ${migrations[i].id}`,
      );
    }
  });
  if (done.length >= upTo) return;
  storage.transactionSync(() => {
    for (let i = done.length; i < upTo; i++) {
      const m = migrations[i];
      if (m === undefined) break;
      sql.exec(m.sql);
      sql.exec("INSERT INTO object_migrations VALUES (?, ?)", i, m.id);
    }
  });
}
