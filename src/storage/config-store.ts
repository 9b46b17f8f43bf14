import type { Clock } from "../core/clock";
import type { ConfigDocument, ConfigKind, ConfigStore } from "../core/config-store";

interface Row {
  kind: ConfigKind;
  name: string;
  version: number;
  body: string | null;
  updated_at_ms: number;
  updated_by: string;
}

const NEWEST = `SELECT kind, name, version, body, updated_at_ms, updated_by FROM config_documents AS d
  WHERE project_id = ?1 AND kind = ?2 AND version = (SELECT max(version) FROM config_documents WHERE project_id = ?1 AND kind = ?2 AND name = d.name)`;

/** The configuration of one project in D1 (schema/config.ts, config_documents). */
export function makeConfigStore(db: D1Database, projectId: string, clock: Clock): ConfigStore {
  const get = async (kind: ConfigKind, name: string): Promise<ConfigDocument | undefined> => {
    const row = await db
      .prepare(`${NEWEST} AND name = ?3`)
      .bind(projectId, kind, name)
      .first<Row>();
    return row === null ? undefined : toDocument(row);
  };
  // One statement, so that two writers get two versions.
  const appending = (
    kind: ConfigKind,
    name: string,
    body: string | null,
    by: string,
  ): D1PreparedStatement =>
    db
      .prepare(
        `INSERT INTO config_documents (project_id, kind, name, version, body, updated_at_ms, updated_by)
         SELECT ?1, ?2, ?3, coalesce(max(version), 0) + 1, ?4, ?5, ?6 FROM config_documents WHERE project_id = ?1 AND kind = ?2 AND name = ?3
         RETURNING version`,
      )
      .bind(projectId, kind, name, body, clock(), by);
  const append = async (
    kind: ConfigKind,
    name: string,
    body: string | null,
    by: string,
  ): Promise<number> => versionOf(await appending(kind, name, body, by).first<Version>());
  return {
    get,
    async versions(kind, name, limit) {
      const { results } = await db
        .prepare(
          `SELECT kind, name, version, body, updated_at_ms, updated_by FROM config_documents
           WHERE project_id = ?1 AND kind = ?2 AND name = ?3 ORDER BY version DESC LIMIT ?4`,
        )
        .bind(projectId, kind, name, limit)
        .all<Row>();
      return results.map((r) => ({
        version: r.version,
        body: r.body,
        updatedAtMs: r.updated_at_ms,
        updatedBy: r.updated_by,
      }));
    },
    async list(kind, prefix = "") {
      const { results } = await db
        .prepare(
          `${NEWEST} AND substr(name, 1, length(?3)) = ?3 AND body IS NOT NULL ORDER BY name`,
        )
        .bind(projectId, kind, prefix)
        .all<Row>();
      return results.map(toDocument).filter((d) => d !== undefined);
    },
    async put(kind, name, body, by) {
      const current = await get(kind, name);
      if (current?.body === body) return current;
      const version = await append(kind, name, body, by);
      return { kind, name, version, body, updatedAtMs: clock(), updatedBy: by };
    },
    async putAll(kind, documents, by) {
      if (documents.length === 0) return [];
      const rows = await db.batch<Version>(
        documents.map((d) => appending(kind, d.name, d.body, by)),
      );
      return documents.map(({ name, body }, i) => {
        const version = versionOf(rows[i]?.results[0]);
        return { kind, name, version, body, updatedAtMs: clock(), updatedBy: by };
      });
    },
    async rewrite(kind, name, change) {
      const { results } = await db
        .prepare(
          "SELECT version, body FROM config_documents WHERE project_id = ?1 AND kind = ?2 AND name = ?3 AND body IS NOT NULL",
        )
        .bind(projectId, kind, name)
        .all<{ version: number; body: string }>();
      for (const { version, body } of results) {
        const changed = await change(body);
        if (changed !== body)
          await db
            .prepare(
              "UPDATE config_documents SET body = ?5 WHERE project_id = ?1 AND kind = ?2 AND name = ?3 AND version = ?4",
            )
            .bind(projectId, kind, name, version, changed)
            .run();
      }
    },
    async remove(kind, name, by) {
      if ((await get(kind, name)) === undefined) return false;
      await append(kind, name, null, by);
      return true;
    },
  };
}

interface Version {
  readonly version: number;
}

function versionOf(row: Version | null | undefined): number {
  if (row == null) throw new Error("config_documents took no row");
  return row.version;
}

function toDocument(row: Row): ConfigDocument | undefined {
  if (row.body === null) return undefined;
  return {
    kind: row.kind,
    name: row.name,
    version: row.version,
    body: row.body,
    updatedAtMs: row.updated_at_ms,
    updatedBy: row.updated_by,
  };
}
