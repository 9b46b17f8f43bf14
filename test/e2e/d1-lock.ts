import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * Makes the local D1 refuse writes (and, as D1 takes a commit token for each statement, reads): another
 * process' write lock on its SQLite file, which D1 reports as an internal error. Gives the release.
 */
export function lockD1(stateDir: string): () => void {
  const dir = join(stateDir, "d1", "miniflare-D1DatabaseObject");
  const file = readdirSync(dir).find((f) => f.endsWith(".sqlite") && !f.startsWith("metadata"));
  if (file === undefined) throw new Error(`no D1 database in ${dir}`);
  const db = new DatabaseSync(join(dir, file));
  db.exec("PRAGMA busy_timeout = 5000; BEGIN EXCLUSIVE");
  return () => {
    db.exec("ROLLBACK");
    db.close();
  };
}
