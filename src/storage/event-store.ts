import type { EventStore, EventSummary, ProductEvent, TimeSpan } from "../core/events";
import type { SpillRpc } from "../core/objects";
import { PERSON_KINDS, personsNamed } from "../events/person";
import { SESSION_GAP_MS } from "../events/sessions";
import { eventWrite, insertEvents, packEventWrite } from "./event-insert";
import { EVENT_COLUMNS, type StoredEvent, eventOfRow } from "./event-row";
import { reading } from "./reading";
import { writeOrSpill } from "./write-or-spill";

export const EVENTS_KIND = "events";

const DAY_MS = 86_400_000;
/** Events that one retention step deletes; each takes its index entry along. */
const DELETE_PAGE = 1_000;
const TOP_EVENTS = 50;
const TOP_PAGES = 20;

const SELECT = `SELECT ${EVENT_COLUMNS.join(", ")} FROM events`;
/** The table itself is ordered by person; without this the planner may read everybody's events of the span. */
const BY_PERSON = "NOT INDEXED";
const BY_TIME = "INDEXED BY events_by_time";
const IN_SPAN = "project_id = ?1 AND time_ms >= ?2 AND time_ms < ?3";
/** Read from the index alone. */
const IN_SPAN_BY_TIME = `FROM events ${BY_TIME} WHERE ${IN_SPAN}`;
/** `person` begins with its kind, and events of nobody are no visitors. */
const A_PERSON = `person NOT LIKE '${PERSON_KINDS.nobody}%'`;

/** Product events of one project in D1 (schema/events.ts). */
export function makeEventStore(
  db: D1Database,
  projectId: string,
  spill: () => SpillRpc,
): EventStore {
  const summary = (span: TimeSpan): Promise<EventSummary> =>
    reading(() => readSummary(db, projectId, span));
  const count = async (sql: string, ...params: number[]): Promise<number> => {
    const row = await reading(() =>
      db
        .prepare(sql)
        .bind(projectId, ...params)
        .first<{ n: number }>(),
    );
    return row?.n ?? 0;
  };
  const rows = async (sql: string, ...params: (string | number)[]): Promise<ProductEvent[]> => {
    const { results } = await reading(() =>
      db
        .prepare(sql)
        .bind(...params)
        .all<StoredEvent>(),
    );
    return results.map(eventOfRow);
  };
  return {
    async append(events, nowMs) {
      if (events.length === 0) return { outcome: "stored", duplicates: 0 };
      const write = eventWrite(events, nowMs);
      let inserted = events.length;
      const outcome = await writeOrSpill(spill, {
        kind: EVENTS_KIND,
        payload: () => packEventWrite(write),
        write: async () => {
          inserted = (await insertEvents(db, projectId, write)).inserted;
        },
      });
      return { outcome, duplicates: outcome === "stored" ? events.length - inserted : 0 };
    },
    list({ fromMs, toMs, event, user, limit }) {
      const params: (string | number)[] = [projectId, fromMs, toMs];
      const bound = (value: string | number): string => `?${params.push(value)}`;
      const conditions = [IN_SPAN];
      if (event !== undefined) conditions.push(`name = ${bound(event)}`);
      if (user !== undefined)
        conditions.push(`person IN (${personsNamed(user).map(bound).join(", ")})`);
      return rows(
        `${SELECT} ${user === undefined ? BY_TIME : BY_PERSON} WHERE ${conditions.join(" AND ")}
         ORDER BY time_ms DESC, person DESC, id DESC LIMIT ${bound(limit)}`,
        ...params,
      );
    },
    sequence: (person, { fromMs, toMs }, limit) =>
      rows(
        `${SELECT} ${BY_PERSON} WHERE ${IN_SPAN} AND person = ?4 ORDER BY time_ms, id LIMIT ?5`,
        projectId,
        fromMs,
        toMs,
        person,
        limit,
      ),
    summary,
    eventsOn: async (day) => await summary(spanOfDay(day)),
    activeVisitors: (sinceMs) =>
      count(
        `SELECT count(DISTINCT person) AS n ${IN_SPAN_BY_TIME} AND ${A_PERSON}`,
        sinceMs,
        Number.MAX_SAFE_INTEGER,
      ),
    count: ({ fromMs, toMs }) => count(`SELECT count(*) AS n ${IN_SPAN_BY_TIME}`, fromMs, toMs),
    async deleteBefore(beforeMs) {
      const { meta } = await db
        .prepare(
          `DELETE FROM events WHERE (project_id, person, time_ms, id) IN
             (SELECT project_id, person, time_ms, id ${IN_SPAN_BY_TIME} ORDER BY time_ms LIMIT ${DELETE_PAGE})`,
        )
        .bind(projectId, 0, beforeMs)
        .run();
      return { deletedRows: meta.changes, more: meta.changes === DELETE_PAGE };
    },
  };
}

/** @throws RangeError where the text is no day */
function spanOfDay(day: string): TimeSpan {
  const fromMs = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(fromMs)) throw new RangeError(`${JSON.stringify(day)} is no day`);
  return { fromMs, toMs: fromMs + DAY_MS };
}

/** Sessions as events/sessions.ts splits them, counted where the rows are. */
const SESSIONS = `SELECT count(*) AS n FROM (
    SELECT time_ms - lag(time_ms) OVER w AS gap, session_id, lag(session_id) OVER w AS last
    ${IN_SPAN_BY_TIME} AND ${A_PERSON} WINDOW w AS (PARTITION BY person ORDER BY time_ms, id))
  WHERE gap IS NULL OR gap > ${SESSION_GAP_MS} OR session_id <> last`;

async function readSummary(
  db: D1Database,
  projectId: string,
  { fromMs, toMs }: TimeSpan,
): Promise<EventSummary> {
  const ask = (sql: string): D1PreparedStatement => db.prepare(sql).bind(projectId, fromMs, toMs);
  const [totals, byEvent, pages, sessions] = await db.batch([
    ask(
      `SELECT count(*) AS events, count(DISTINCT iif(${A_PERSON}, person, NULL)) AS visitors,
         count(*) FILTER (WHERE name = 'page_view') AS pageViews ${IN_SPAN_BY_TIME}`,
    ),
    ask(
      `SELECT name AS value, count(*) AS count ${IN_SPAN_BY_TIME} GROUP BY name ORDER BY count DESC, name LIMIT ${TOP_EVENTS}`,
    ),
    ask(
      `SELECT path AS value, count(*) AS count ${IN_SPAN_BY_TIME} AND name = 'page_view' AND path <> ''
       GROUP BY path ORDER BY count DESC, path LIMIT ${TOP_PAGES}`,
    ),
    ask(SESSIONS),
  ]);
  // The columns are those of the statements above.
  const total = totals?.results[0] as
    | { events: number; visitors: number; pageViews: number }
    | undefined;
  return {
    events: total?.events ?? 0,
    visitors: total?.visitors ?? 0,
    pageViews: total?.pageViews ?? 0,
    sessions: (sessions?.results[0] as { n: number } | undefined)?.n ?? 0,
    byEvent: (byEvent?.results ?? []) as EventSummary["byEvent"],
    topPages: (pages?.results ?? []) as EventSummary["topPages"],
  };
}
