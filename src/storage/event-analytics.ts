import {
  type AnalyticsFilter,
  type AnalyticsReader,
  type Counted,
  EVENT_DIMENSIONS,
  type EventDimension,
} from "../core/events";

/** Where `events` (schema/events.ts) holds each dimension. */
const COLUMNS: Readonly<Record<EventDimension, string>> = {
  event: "name",
  path: "path",
  referrer: "referrer",
  country: "country",
  device: "device",
  browser: "browser",
  os: "os",
};

/** Totals of a project's events from D1: exact, and as far back as events are kept. */
export function makeD1AnalyticsReader(db: D1Database, projectId: string): AnalyticsReader {
  return {
    async totals(filter) {
      const { from, params } = source(projectId, filter);
      const row = await db
        .prepare(`SELECT count(*) AS events, coalesce(sum(value), 0) AS value ${from}`)
        .bind(...params)
        .first<{ events: number; value: number }>();
      return row ?? { events: 0, value: 0 };
    },
    async timeSeries(filter, stepMs) {
      const { from, params } = source(projectId, filter);
      // D1 binds numbers as floats, which would divide without a remainder.
      const step = `CAST(?${params.push(stepMs)} AS INTEGER)`;
      const { results } = await db
        .prepare(
          `SELECT time_ms / ${step} * ${step} AS startMs, count(*) AS events ${from} GROUP BY 1 ORDER BY 1`,
        )
        .bind(...params)
        .all<{ startMs: number; events: number }>();
      return results;
    },
    async topN(filter, dimension, n) {
      const { from, params } = source(projectId, filter);
      const column = COLUMNS[dimension];
      const { results } = await db
        .prepare(
          `SELECT ${column} AS value, count(*) AS count ${from} AND ${column} <> ''
           GROUP BY 1 ORDER BY count DESC, value LIMIT ?${params.push(n)}`,
        )
        .bind(...params)
        .all<Counted>();
      return results;
    },
  };
}

/** The FROM and WHERE of a filter with its parameters, in order. */
function source(
  projectId: string,
  { fromMs, toMs, where = {} }: AnalyticsFilter,
): { readonly from: string; readonly params: (string | number)[] } {
  const params: (string | number)[] = [projectId, fromMs, toMs];
  const conditions = ["project_id = ?1", "time_ms >= ?2", "time_ms < ?3"];
  for (const dimension of EVENT_DIMENSIONS) {
    const value = where[dimension];
    if (value !== undefined) conditions.push(`${COLUMNS[dimension]} = ?${params.push(value)}`);
  }
  return {
    from: `FROM events INDEXED BY events_by_time WHERE ${conditions.join(" AND ")}`,
    params,
  };
}
