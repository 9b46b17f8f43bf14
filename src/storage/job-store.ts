import { type JobRun, type JobStore, RETRY_AFTER_MS } from "../core/jobs";

interface Row {
  job: string;
  slot_ms: number;
  started_at_ms: number;
  finished_at_ms: number | null;
  outcome: "ok" | "failed" | null;
  detail: string | null;
}

const MAX_DETAIL = 1_000;
const NOTE_EVERY_MS = 10 * 60_000;

/** The jobs' last runs in D1 (schema/jobs.ts). */
export function makeJobStore(db: D1Database): JobStore {
  return {
    async runs() {
      const { results } = await db.prepare("SELECT * FROM job_runs ORDER BY job").all<Row>();
      return results.map(toRun);
    },
    async claim(job, slotMs, nowMs) {
      const done = await db
        .prepare(
          `INSERT INTO job_runs (job, slot_ms, started_at_ms) VALUES (?1, ?2, ?3)
           ON CONFLICT (job) DO UPDATE SET slot_ms = excluded.slot_ms, started_at_ms = excluded.started_at_ms, finished_at_ms = NULL, outcome = NULL, detail = NULL
           WHERE job_runs.slot_ms < excluded.slot_ms OR (job_runs.slot_ms = excluded.slot_ms
             AND job_runs.outcome IS NOT 'ok' AND job_runs.started_at_ms <= excluded.started_at_ms - ${RETRY_AFTER_MS})`,
        )
        .bind(job, slotMs, nowMs)
        .run();
      return done.meta.changes > 0;
    },
    async finish(job, outcome, detail, nowMs) {
      await db
        .prepare(
          `INSERT INTO job_runs (job, slot_ms, started_at_ms, finished_at_ms, outcome, detail) VALUES (?1, ?4, ?4, ?4, ?2, ?3)
           ON CONFLICT (job) DO UPDATE SET finished_at_ms = excluded.finished_at_ms, outcome = excluded.outcome, detail = excluded.detail`,
        )
        .bind(job, outcome, detail.slice(0, MAX_DETAIL), nowMs)
        .run();
    },
    async noteMinute(job, outcome, detail, nowMs) {
      await db
        .prepare(
          `INSERT INTO job_runs (job, slot_ms, started_at_ms, finished_at_ms, outcome, detail) VALUES (?1, ?4, ?4, ?4, ?2, ?3)
           ON CONFLICT (job) DO UPDATE SET slot_ms = excluded.slot_ms, started_at_ms = excluded.started_at_ms,
             finished_at_ms = excluded.finished_at_ms, outcome = excluded.outcome, detail = excluded.detail
           WHERE job_runs.outcome IS NOT excluded.outcome OR job_runs.slot_ms <= excluded.slot_ms - ${NOTE_EVERY_MS}`,
        )
        .bind(job, outcome, detail.slice(0, MAX_DETAIL), nowMs)
        .run();
    },
  };
}

function toRun(r: Row): JobRun {
  return {
    job: r.job,
    slotMs: r.slot_ms,
    startedAtMs: r.started_at_ms,
    finishedAtMs: r.finished_at_ms,
    outcome: r.outcome,
    detail: r.detail,
  };
}
