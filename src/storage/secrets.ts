import type { Clock } from "../core/clock";
import { type Sealer, sealProblemText } from "../core/seal";
import type { SecretEntry, SecretStore, SecretValue } from "../core/secrets";

interface Row {
  name: string;
  sealed: string;
  updated_at_ms: number;
  updated_by: string;
}

/** The secrets of one project in D1 (schema/secrets.ts). A value leaves this file opened only for who sends with it. */
export function makeSecretStore(
  db: D1Database,
  projectId: string,
  sealer: Sealer,
  clock: Clock,
): SecretStore {
  return {
    async list() {
      const { results } = await db
        .prepare(
          "SELECT name, updated_at_ms, updated_by FROM project_secrets WHERE project_id = ?1 ORDER BY name",
        )
        .bind(projectId)
        .all<Row>();
      return results.map(toEntry);
    },
    async values() {
      const { results } = await db
        .prepare("SELECT name, sealed FROM project_secrets WHERE project_id = ?1")
        .bind(projectId)
        .all<Row>();
      const opened = await Promise.all(
        results.map(async ({ name, sealed }): Promise<readonly [string, SecretValue]> => {
          const r = await sealer.open("secret", sealed);
          return [name, r.ok ? r : { ok: false, error: sealProblemText(r.error) }];
        }),
      );
      return new Map(opened);
    },
    async put(name, value, by) {
      const row: Row = {
        name,
        sealed: await sealer.seal("secret", value),
        updated_at_ms: clock(),
        updated_by: by,
      };
      await db
        .prepare(
          `INSERT INTO project_secrets (project_id, name, sealed, updated_at_ms, updated_by) VALUES (?1, ?2, ?3, ?4, ?5)
           ON CONFLICT (project_id, name) DO UPDATE SET sealed = excluded.sealed, updated_at_ms = excluded.updated_at_ms, updated_by = excluded.updated_by`,
        )
        .bind(projectId, name, row.sealed, row.updated_at_ms, by)
        .run();
      return toEntry(row);
    },
    async remove(name) {
      const done = await db
        .prepare("DELETE FROM project_secrets WHERE project_id = ?1 AND name = ?2")
        .bind(projectId, name)
        .run();
      return done.meta.changes > 0;
    },
  };
}

function toEntry(row: Omit<Row, "sealed">): SecretEntry {
  return { name: row.name, updatedAtMs: row.updated_at_ms, updatedBy: row.updated_by };
}
