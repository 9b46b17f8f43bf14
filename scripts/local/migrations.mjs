// Applies migrations/*.sql to the local D1 with wrangler's own bookkeeping table, so that `wrangler d1 migrations` agrees with it.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "../install.mjs";

const STATEMENT_BREAK = "--> statement-breakpoint";

export async function applyMigrations(db) {
  await db
    .prepare(
      "CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)",
    )
    .run();
  const done = new Set(
    (await db.prepare("SELECT name FROM d1_migrations").all()).results.map((r) => r.name),
  );
  const files = readdirSync(join(root, "migrations"))
    .filter((f) => f.endsWith(".sql"))
    .sort();
  for (const file of files.filter((f) => !done.has(f))) {
    const statements = readFileSync(join(root, "migrations", file), "utf8")
      .split(STATEMENT_BREAK)
      .map((s) => s.trim())
      .filter((s) => s !== "");
    await db.batch([
      ...statements.map((s) => db.prepare(s)),
      db.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(file),
    ]);
  }
}
