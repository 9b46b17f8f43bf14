import type { Incident } from "../incidents/model";
import type { IncidentStore } from "../incidents/store";

const PUT = `INSERT INTO incidents (project_id, id, title, severity, status, group_key, alerts, assignee,
    opened_at_ms, acknowledged_at_ms, acknowledged_by, resolved_at_ms, resolved_by, body)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
  ON CONFLICT (project_id, id) DO UPDATE SET title = excluded.title, severity = excluded.severity, status = excluded.status,
    alerts = excluded.alerts, assignee = excluded.assignee, acknowledged_at_ms = excluded.acknowledged_at_ms,
    acknowledged_by = excluded.acknowledged_by, resolved_at_ms = excluded.resolved_at_ms, resolved_by = excluded.resolved_by, body = excluded.body
  WHERE json_array_length(excluded.body, '$.timeline') >= json_array_length(body, '$.timeline')`;

/** Incidents of one project in D1 (schema/incidents.ts). */
export function makeIncidentStore(db: D1Database, projectId: string): IncidentStore {
  return {
    async put(i) {
      await db
        .prepare(PUT)
        .bind(
          projectId,
          i.id,
          i.title,
          i.severity,
          i.status,
          i.groupKey,
          i.alerts.length,
          i.assignee ?? null,
          i.openedAtMs,
          i.acknowledgedAtMs ?? null,
          i.acknowledgedBy ?? null,
          i.resolvedAtMs ?? null,
          i.resolvedBy ?? null,
          JSON.stringify(i),
        )
        .run();
    },
    async get(id) {
      const row = await db
        .prepare("SELECT body FROM incidents WHERE project_id = ?1 AND id = ?2")
        .bind(projectId, id)
        .first<{ body: string }>();
      return row === null ? undefined : parseIncident(row.body);
    },
    async list({ status, limit }) {
      const { results } = await db
        .prepare(
          "SELECT body FROM incidents WHERE project_id = ?1 AND (?2 IS NULL OR status = ?2) ORDER BY opened_at_ms DESC LIMIT ?3",
        )
        .bind(projectId, status ?? null, limit)
        .all<{ body: string }>();
      return results.map((r) => parseIncident(r.body));
    },
    async totals(fromMs, toMs) {
      const [opened, resolved, severities] = await db.batch<{
        n: number;
        mean: number | null;
        severity: string;
      }>([
        db
          .prepare(
            "SELECT count(*) AS n FROM incidents WHERE project_id = ?1 AND opened_at_ms >= ?2 AND opened_at_ms < ?3",
          )
          .bind(projectId, fromMs, toMs),
        db
          .prepare(
            "SELECT count(*) AS n, avg(resolved_at_ms - opened_at_ms) AS mean FROM incidents WHERE project_id = ?1 AND resolved_at_ms >= ?2 AND resolved_at_ms < ?3",
          )
          .bind(projectId, fromMs, toMs),
        db
          .prepare(
            "SELECT severity, count(*) AS n FROM incidents WHERE project_id = ?1 AND opened_at_ms >= ?2 AND opened_at_ms < ?3 GROUP BY severity",
          )
          .bind(projectId, fromMs, toMs),
      ]);
      return {
        opened: opened?.results[0]?.n ?? 0,
        resolved: resolved?.results[0]?.n ?? 0,
        meanTimeToResolveMs: resolved?.results[0]?.mean ?? null,
        bySeverity: Object.fromEntries((severities?.results ?? []).map((r) => [r.severity, r.n])),
      };
    },
    async deleteBefore(beforeMs, limit) {
      const done = await db
        .prepare(
          "DELETE FROM incidents WHERE project_id = ?1 AND id IN (SELECT id FROM incidents WHERE project_id = ?1 AND opened_at_ms < ?2 AND status = 'resolved' LIMIT ?3)",
        )
        .bind(projectId, beforeMs, limit)
        .run();
      return done.meta.changes;
    },
  };
}

/** Written by put() alone, so the shape is the model's. */
function parseIncident(body: string): Incident {
  return JSON.parse(body) as Incident;
}
