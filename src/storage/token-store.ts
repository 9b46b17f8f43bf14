import type { Clock } from "../core/clock";
import type { Scope } from "../core/auth";
import type { TokenRecord, TokenState, TokenStore } from "../core/auth";

const FRESH_MS = 60_000;
const USABLE_MS = 3_600_000;
const MAX_REMEMBERED = 10_000;

interface Row {
  id: string;
  project_id: string;
  name: string;
  scopes: string;
  origins: string;
  created_at_ms: number;
  created_by: string;
  revoked_at_ms: number | null;
}

/** Per isolate, so that ingest survives D1 (design, section 6). */
const memory = new Map<string, { readonly state: TokenState; readonly atMs: number }>();

export function makeTokenStore(db: D1Database, clock: Clock): TokenStore {
  const insert = (r: TokenRecord, guard: string): D1PreparedStatement =>
    db
      .prepare(
        `INSERT INTO tokens (id, project_id, name, scopes, origins, created_at_ms, created_by, revoked_at_ms)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL ${guard}`,
      )
      .bind(
        r.id,
        r.projectId,
        r.name,
        r.scopes.join(","),
        r.origins.join(","),
        r.createdAtMs,
        r.createdBy,
      );
  return {
    async state(projectId, id) {
      const key = `${projectId}/${id}`;
      const known = memory.get(key);
      const now = clock();
      if (known !== undefined && now - known.atMs < FRESH_MS) return known.state;
      try {
        const row = await db
          .prepare("SELECT * FROM tokens WHERE id = ?1 AND project_id = ?2")
          .bind(id, projectId)
          .first<Row>();
        const state = stateOf(row);
        if (memory.size >= MAX_REMEMBERED) memory.clear();
        memory.set(key, { state, atMs: now });
        return state;
      } catch {
        if (known !== undefined && now - known.atMs < USABLE_MS) return known.state;
        return { state: "unavailable" };
      }
    },
    async list(projectId) {
      const { results } = await db
        .prepare("SELECT * FROM tokens WHERE project_id = ?1 ORDER BY created_at_ms, id")
        .bind(projectId)
        .all<Row>();
      return results.map(toRecord);
    },
    async add(record) {
      await insert(record, "").run();
    },
    async revoke(projectId, id, atMs) {
      const done = await db
        .prepare(
          "UPDATE tokens SET revoked_at_ms = ?3 WHERE id = ?1 AND project_id = ?2 AND revoked_at_ms IS NULL",
        )
        .bind(id, projectId, atMs)
        .run();
      memory.delete(`${projectId}/${id}`);
      return done.meta.changes > 0;
    },
    async addFirstAdmin(record) {
      const done = await insert(
        record,
        "WHERE NOT EXISTS (SELECT 1 FROM tokens WHERE instr(scopes, 'admin') > 0)",
      ).run();
      return done.meta.changes > 0;
    },
  };
}

function stateOf(row: Row | null): TokenState {
  if (row === null) return { state: "unknown_id" };
  if (row.revoked_at_ms !== null) return { state: "revoked" };
  return { state: "active", record: toRecord(row) };
}

function toRecord(row: Row): TokenRecord {
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    // Written by add() alone, from the same union.
    scopes: row.scopes.split(",") as Scope[],
    origins: row.origins === "" ? [] : row.origins.split(","),
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    revokedAtMs: row.revoked_at_ms,
  };
}
