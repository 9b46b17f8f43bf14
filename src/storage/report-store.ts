import type { AnomalyState } from "../anomalies/alerts";
import type { DailyReport } from "../reports/daily";
import type { ReportStore, StoredReport } from "../reports/store";

interface Row {
  id: string;
  body: string;
  written_at_ms: number;
  sent_at_ms: number | null;
}

/** Reports of one project in D1 (schema/reports.ts). */
export function makeReportStore(db: D1Database, projectId: string): ReportStore {
  return {
    async put(report, nowMs) {
      const id = `daily-${report.date}`;
      await db
        .prepare(
          `INSERT INTO reports (project_id, id, kind, day, body, written_at_ms) VALUES (?1, ?2, 'daily', ?3, ?4, ?5)
           ON CONFLICT (project_id, id) DO UPDATE SET body = excluded.body, written_at_ms = excluded.written_at_ms`,
        )
        .bind(projectId, id, report.date, JSON.stringify(report), nowMs)
        .run();
      return id;
    },
    async noteSent(id, nowMs) {
      await db
        .prepare(
          "UPDATE reports SET sent_at_ms = ?3 WHERE project_id = ?1 AND id = ?2 AND sent_at_ms IS NULL",
        )
        .bind(projectId, id, nowMs)
        .run();
    },
    async list(limit) {
      const { results } = await db
        .prepare(
          "SELECT id, body, written_at_ms, sent_at_ms FROM reports WHERE project_id = ?1 ORDER BY id DESC LIMIT ?2",
        )
        .bind(projectId, limit)
        .all<Row>();
      return results.map(toReport);
    },
    async get(id) {
      const row = await db
        .prepare(
          "SELECT id, body, written_at_ms, sent_at_ms FROM reports WHERE project_id = ?1 AND id = ?2",
        )
        .bind(projectId, id)
        .first<Row>();
      return row === null ? undefined : toReport(row);
    },
    async deleteBefore(day, limit) {
      const done = await db
        .prepare(
          "DELETE FROM reports WHERE project_id = ?1 AND id IN (SELECT id FROM reports WHERE project_id = ?1 AND day < ?2 LIMIT ?3)",
        )
        .bind(projectId, day, limit)
        .run();
      return done.meta.changes;
    },
    async anomalyStates(name) {
      const row = await db
        .prepare("SELECT states FROM anomaly_states WHERE project_id = ?1 AND name = ?2")
        .bind(projectId, name)
        .first<{ states: string }>();
      // Written by putAnomalyStates alone.
      return row === null ? [] : (JSON.parse(row.states) as AnomalyState[]);
    },
    async putAnomalyStates(name, states, nowMs) {
      await db
        .prepare(
          `INSERT INTO anomaly_states (project_id, name, states, scanned_at_ms) VALUES (?1, ?2, ?3, ?4)
           ON CONFLICT (project_id, name) DO UPDATE SET states = excluded.states, scanned_at_ms = excluded.scanned_at_ms`,
        )
        .bind(projectId, name, JSON.stringify(states), nowMs)
        .run();
    },
  };
}

function toReport(r: Row): StoredReport {
  // Written by put() alone.
  return {
    id: r.id,
    report: JSON.parse(r.body) as DailyReport,
    writtenAtMs: r.written_at_ms,
    sentAtMs: r.sent_at_ms,
  };
}
