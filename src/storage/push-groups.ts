import type { PushGroup, PushGroupStore, PushedType } from "../ingest/pushgateway/group";

interface Row {
  body: string;
  version: number;
}

/** The pushed groups of one project in D1 (schema/push.ts). */
export function makePushGroupStore(db: D1Database, projectId: string): PushGroupStore {
  return {
    async get(key) {
      const row = await db
        .prepare("SELECT body, version FROM push_groups WHERE project_id = ?1 AND key = ?2")
        .bind(projectId, key)
        .first<Row>();
      return row === null ? undefined : { group: parse(row.body), version: row.version };
    },
    async put(group, version) {
      const statement =
        version === undefined
          ? db
              .prepare(
                "INSERT INTO push_groups (project_id, key, version, body, pushed_at_ms) VALUES (?1, ?2, 1, ?3, ?4) ON CONFLICT DO NOTHING",
              )
              .bind(projectId, group.key, JSON.stringify(group), group.pushedAtMs)
          : db
              .prepare(
                "UPDATE push_groups SET version = version + 1, body = ?3, pushed_at_ms = ?4 WHERE project_id = ?1 AND key = ?2 AND version = ?5",
              )
              .bind(projectId, group.key, JSON.stringify(group), group.pushedAtMs, version);
      return (await statement.run()).meta.changes > 0;
    },
    async remove(key, version) {
      const done = await db
        .prepare("DELETE FROM push_groups WHERE project_id = ?1 AND key = ?2 AND version = ?3")
        .bind(projectId, key, version)
        .run();
      return done.meta.changes > 0;
    },
    async elsewhere(key, names) {
      const { results } = await db
        .prepare(
          `SELECT DISTINCT f.value ->> 'name' AS name, f.value ->> 'type' AS type
           FROM push_groups g, json_each(g.body, '$.families') f
           WHERE g.project_id = ?1 AND g.key <> ?2
             AND f.value ->> 'name' IN (SELECT value FROM json_each(?3))`,
        )
        .bind(projectId, key, JSON.stringify(names))
        .all<PushedType>();
      return results;
    },
    async clear() {
      await db.prepare("DELETE FROM push_groups WHERE project_id = ?1").bind(projectId).run();
    },
    async list() {
      const { results } = await db
        .prepare("SELECT body, version FROM push_groups WHERE project_id = ?1 ORDER BY key")
        .bind(projectId)
        .all<Row>();
      return results.map((r) => parse(r.body));
    },
  };
}

// Only put() above writes this column.
const parse = (body: string): PushGroup => JSON.parse(body) as PushGroup;
