import type { AlertHistory } from "../alerting/history";
import type { StringMap } from "../core/alerts";

/** One bound parameter may have 2 MB; a change is about 1 KB. */
const CHANGES_A_STATEMENT = 500;
const TOP = 10;

/** The history in D1 (schema/alerts.ts). */
export function makeAlertHistory(db: D1Database, projectId: string): AlertHistory {
  return {
    async record(changes) {
      for (let i = 0; i < changes.length; i += CHANGES_A_STATEMENT) {
        const rows = changes.slice(i, i + CHANGES_A_STATEMENT).map((c) => ({
          f: c.fingerprint,
          s: c.startsAtMs,
          e: c.endedAtMs,
          n: c.labels["alertname"] ?? "",
          g: c.labels["severity"] ?? "",
          l: JSON.stringify(c.labels),
          a: JSON.stringify(c.annotations),
          v: c.value,
        }));
        await db
          .prepare(
            `INSERT INTO alert_history (project_id, fingerprint, starts_at_ms, ended_at_ms, name, severity, labels, annotations, value)
             SELECT ?1, value ->> 'f', value ->> 's', value ->> 'e', value ->> 'n', value ->> 'g', value ->> 'l', value ->> 'a', value ->> 'v'
             FROM json_each(?2) WHERE true
             ON CONFLICT (project_id, fingerprint, starts_at_ms) DO UPDATE SET
               ended_at_ms = coalesce(excluded.ended_at_ms, ended_at_ms), annotations = excluded.annotations, value = excluded.value`,
          )
          .bind(projectId, JSON.stringify(rows))
          .run();
      }
    },
    async list(fromMs, toMs, limit) {
      const { results } = await db
        .prepare(
          `SELECT fingerprint, starts_at_ms, ended_at_ms, labels, annotations, value FROM alert_history
           WHERE project_id = ?1 AND starts_at_ms >= ?2 AND starts_at_ms < ?3 ORDER BY starts_at_ms DESC LIMIT ?4`,
        )
        .bind(projectId, fromMs, toMs, limit)
        .all<Row>();
      return results.map((r) => ({
        fingerprint: r.fingerprint,
        startsAtMs: r.starts_at_ms,
        endedAtMs: r.ended_at_ms,
        labels: JSON.parse(r.labels) as StringMap,
        annotations: JSON.parse(r.annotations) as StringMap,
        value: r.value,
      }));
    },
    async totals(fromMs, toMs) {
      const range = "project_id = ?1 AND starts_at_ms >= ?2 AND starts_at_ms < ?3";
      const count = (column: string): D1PreparedStatement =>
        db
          .prepare(
            `SELECT ${column} AS name, count(*) AS count FROM alert_history WHERE ${range} GROUP BY ${column} ORDER BY count DESC, ${column}`,
          )
          .bind(projectId, fromMs, toMs);
      const [severities, names] = await db.batch<{ name: string; count: number }>([
        count("severity"),
        count("name"),
      ]);
      const bySeverity = Object.fromEntries(
        (severities?.results ?? []).map((r) => [r.name, r.count]),
      );
      return {
        fired: Object.values(bySeverity).reduce((a, b) => a + b, 0),
        bySeverity,
        top: (names?.results ?? []).slice(0, TOP),
      };
    },
    async deleteBefore(beforeMs, limit) {
      const { meta } = await db
        .prepare(
          `DELETE FROM alert_history WHERE (project_id, fingerprint, starts_at_ms) IN
             (SELECT project_id, fingerprint, starts_at_ms FROM alert_history
              WHERE project_id = ?1 AND starts_at_ms < ?2 AND ended_at_ms IS NOT NULL ORDER BY starts_at_ms LIMIT ?3)`,
        )
        .bind(projectId, beforeMs, limit)
        .run();
      return meta.changes;
    },
  };
}

interface Row {
  fingerprint: string;
  starts_at_ms: number;
  ended_at_ms: number | null;
  labels: string;
  annotations: string;
  value: number | null;
}
