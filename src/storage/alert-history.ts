import type { AlertHistory, AlertQuery, PastAlert } from "../alerting/history";
import type { AlertChange } from "../alerting/state";
import { type StringMap, labelOf } from "../core/alerts";
import { recordsInStatements } from "./bound-records";

const TOP = 10;

/** The history in D1 (schema/alerts.ts). */
export function makeAlertHistory(db: D1Database, projectId: string): AlertHistory {
  return {
    async record(changes) {
      for (const json of recordsInStatements(changes.map(changeRow)))
        await db.prepare(RECORD).bind(projectId, json).run();
    },
    async search(query) {
      const { results } = await db
        .prepare(SEARCH)
        .bind(...searchParameters(projectId, query))
        .all<Row>();
      return results.map(pastAlert);
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

const RECORD = `INSERT INTO alert_history (project_id, fingerprint, starts_at_ms, ended_at_ms, ended_by, dismissed_by,
    acknowledged_at_ms, acknowledged_by, name, severity, labels, annotations, value)
  SELECT ?1, value ->> 'f', value ->> 's', value ->> 'e', value ->> 'eb', value ->> 'db', value ->> 'ka', value ->> 'kb',
    value ->> 'n', value ->> 'g', value ->> 'l', value ->> 'a', value ->> 'v'
  FROM json_each(?2) WHERE true
  ON CONFLICT (project_id, fingerprint, starts_at_ms) DO UPDATE SET
    ended_at_ms = coalesce(excluded.ended_at_ms, ended_at_ms), ended_by = coalesce(excluded.ended_by, ended_by),
    dismissed_by = coalesce(excluded.dismissed_by, dismissed_by),
    acknowledged_at_ms = coalesce(excluded.acknowledged_at_ms, acknowledged_at_ms),
    acknowledged_by = coalesce(excluded.acknowledged_by, acknowledged_by),
    annotations = excluded.annotations, value = excluded.value`;

const SEARCH = `SELECT fingerprint, starts_at_ms, ended_at_ms, ended_by, dismissed_by, acknowledged_at_ms, acknowledged_by,
    labels, annotations, value
  FROM alert_history
  WHERE project_id = ?1 AND starts_at_ms >= ?2 AND starts_at_ms < ?3 AND (starts_at_ms, fingerprint) < (?4, ?5)
    AND (?6 IS NULL OR name = ?6)
    AND (?7 IS NULL OR severity = ?7)
    AND (?8 IS NULL OR fingerprint = ?8)
    AND (?9 IS NULL OR (ended_at_ms IS NULL) = (?9 = 'firing'))
    AND (?10 IS NULL OR instr(lower(labels || annotations), lower(?10)) > 0)
    AND NOT EXISTS (SELECT 1 FROM json_each(?11) AS want WHERE NOT EXISTS
      (SELECT 1 FROM json_each(labels) AS has WHERE has.key = want.key AND has.value = want.value))
  ORDER BY starts_at_ms DESC, fingerprint DESC LIMIT ?12`;

function searchParameters(projectId: string, q: AlertQuery): readonly unknown[] {
  return [
    projectId,
    q.fromMs,
    q.toMs,
    q.after?.atMs ?? Number.MAX_SAFE_INTEGER,
    q.after?.id ?? "",
    q.name ?? null,
    q.severity ?? null,
    q.fingerprint ?? null,
    q.status ?? null,
    // As it stands within JSON.
    q.text === undefined ? null : JSON.stringify(q.text).slice(1, -1),
    JSON.stringify(q.labels ?? {}),
    q.limit,
  ];
}

function changeRow(c: AlertChange): object {
  return {
    f: c.fingerprint,
    s: c.startsAtMs,
    e: c.endedAtMs,
    eb: c.endedBy ?? null,
    db: c.dismissedBy ?? null,
    ka: c.acknowledgedAtMs ?? null,
    kb: c.acknowledgedBy ?? null,
    n: labelOf(c.labels, "alertname"),
    g: labelOf(c.labels, "severity"),
    l: JSON.stringify(c.labels),
    a: JSON.stringify(c.annotations),
    v: c.value,
  };
}

function pastAlert(r: Row): PastAlert {
  return {
    fingerprint: r.fingerprint,
    startsAtMs: r.starts_at_ms,
    endedAtMs: r.ended_at_ms,
    endedBy: r.ended_by,
    dismissedBy: r.dismissed_by,
    acknowledgedBy: r.acknowledged_by,
    acknowledgedAtMs: r.acknowledged_at_ms,
    // As changeRow wrote them.
    labels: JSON.parse(r.labels) as StringMap,
    annotations: JSON.parse(r.annotations) as StringMap,
    value: r.value,
  };
}

interface Row {
  fingerprint: string;
  starts_at_ms: number;
  ended_at_ms: number | null;
  ended_by: AlertChange["endedBy"] | null;
  dismissed_by: string | null;
  acknowledged_at_ms: number | null;
  acknowledged_by: string | null;
  labels: string;
  annotations: string;
  value: number | null;
}
