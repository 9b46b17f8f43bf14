// Applies migrations/*.sql to the local D1 with wrangler's own bookkeeping table, so that `wrangler d1 migrations` agrees with it.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { root } from "../install.mjs";

const STATEMENT_BREAK = "--> statement-breakpoint";

/** Brings the local D1 up to date before the Worker's port opens, so that no request meets half a schema. Costs nothing where nothing is new. */
export async function migrate(stateDir) {
  const stamp = join(stateDir, "migrations");
  const digest = createHash("sha256");
  for (const file of migrationFiles()) digest.update(readFileSync(join(root, "migrations", file)));
  const wanted = digest.digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  const mf = new Miniflare(
    convertV4MiniflareOptions({
      log: new Log(LogLevel.WARN),
      cf: false,
      telemetry: { enabled: false },
      resourcePersistencePath: stateDir,
      workers: [
        {
          name: "migrations",
          modules: true,
          script: "export default { fetch: () => new Response() };",
          compatibilityDate: "2026-11-01",
          d1Databases: { DB: "vedette" },
        },
      ],
    }),
  );
  try {
    await applyMigrations(await mf.getD1Database("DB"));
  } finally {
    await mf.dispose();
  }
  writeFileSync(stamp, wanted);
}

function migrationFiles() {
  return readdirSync(join(root, "migrations"))
    .filter((f) => f.endsWith(".sql"))
    .sort();
}

async function applyMigrations(db) {
  await db
    .prepare(
      "CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)",
    )
    .run();
  const done = new Set(
    (await db.prepare("SELECT name FROM d1_migrations").all()).results.map((r) => r.name),
  );
  for (const file of migrationFiles().filter((f) => !done.has(f))) {
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
