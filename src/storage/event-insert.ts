import type { ProductEvent } from "../core/events";
import { EVENT_COLUMNS, type EventRow, eventRow } from "./event-row";

/** A bound text is at most 2 MB in D1; a long statement holds up all others. */
const MAX_BOUND_BYTES = 1_000_000;
/** For how long the same id is known again where the server gave the time (design, principle 4). */
const DEDUPE_MS = 24 * 3_600_000;

const INSERT = `INSERT INTO events (project_id, ${EVENT_COLUMNS.join(", ")})
  SELECT ?1, ${EVENT_COLUMNS.map((_, i) => `e.value ->> ${i}`).join(", ")} FROM json_each(?2) e`;

/** The same person, time and id is the same row. */
const INSERT_TIMED = `${INSERT} WHERE true ON CONFLICT DO NOTHING`;

/** A repeat carries a later time, so its id is looked for among what the same persons did of late: each person's rows are read once, in the table's own order (left alone, the planner reads everybody's by time). */
const INSERT_UNTIMED = `WITH recent(person, id) AS MATERIALIZED (
    SELECT s.person, s.id FROM (SELECT DISTINCT value ->> 0 AS person FROM json_each(?2)) p
    CROSS JOIN events s NOT INDEXED ON s.project_id = ?1 AND s.person = p.person AND s.time_ms >= ?3
    WHERE s.id IN (SELECT value ->> 2 FROM json_each(?2)))
  ${INSERT} WHERE (e.value ->> 0, e.value ->> 2) NOT IN (SELECT person, id FROM recent) ON CONFLICT DO NOTHING`;

/** What the insert needs, as the spill keeps it. */
export interface EventWrite {
  readonly nowMs: number;
  readonly timed: readonly EventRow[];
  readonly untimed: readonly EventRow[];
}

export function eventWrite(events: readonly ProductEvent[], nowMs: number): EventWrite {
  const rows = (timed: ProductEvent["timed"]): EventRow[] =>
    events.filter((e) => e.timed === timed).map(eventRow);
  return { nowMs, timed: rows("by_sender"), untimed: rows("by_server") };
}

export interface Inserted {
  readonly inserted: number;
  readonly rowsWritten: number;
  readonly rowsRead: number;
}

/** One statement per MB and kind of time, in one transaction. Idempotent. */
export async function insertEvents(
  db: D1Database,
  projectId: string,
  write: EventWrite,
): Promise<Inserted> {
  const statements = [
    ...split(write.timed).map((json) => db.prepare(INSERT_TIMED).bind(projectId, json)),
    ...split(write.untimed).map((json) =>
      db.prepare(INSERT_UNTIMED).bind(projectId, json, write.nowMs - DEDUPE_MS),
    ),
  ];
  if (statements.length === 0) return { inserted: 0, rowsWritten: 0, rowsRead: 0 };
  const results = await db.batch(statements);
  return {
    inserted: results.reduce((n, r) => n + r.meta.changes, 0),
    rowsWritten: results.reduce((n, r) => n + r.meta.rows_written, 0),
    rowsRead: results.reduce((n, r) => n + r.meta.rows_read, 0),
  };
}

/** JSON lists of rows, each within the bound. A single row is far below it (EVENT_LIMITS). */
function split(rows: readonly EventRow[]): string[] {
  const lists: string[] = [];
  let part: string[] = [];
  let size = 2;
  for (const row of rows) {
    const json = JSON.stringify(row);
    // UTF-8 has at most three bytes for a UTF-16 unit; counting them would cost more than an early split.
    const bytes = json.length * 3 + 1;
    if (size + bytes > MAX_BOUND_BYTES && part.length > 0) {
      lists.push(`[${part.join(",")}]`);
      part = [];
      size = 2;
    }
    part.push(json);
    size += bytes;
  }
  if (part.length > 0) lists.push(`[${part.join(",")}]`);
  return lists;
}

export function packEventWrite(write: EventWrite): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(write));
}

export function unpackEventWrite(bytes: Uint8Array): EventWrite {
  // Packed by packEventWrite alone, under a kind of its own.
  return JSON.parse(new TextDecoder().decode(bytes)) as EventWrite;
}
