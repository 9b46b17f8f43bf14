import type { DeletedBefore } from "../core/logs";
import type { SpillRpc } from "../core/objects";
import type {
  Span,
  TraceFragment,
  TraceSearch,
  TraceSearchResult,
  TraceStore,
  TraceSummary,
} from "../core/traces";
import { decodeSpans } from "../traces/chunk";
import { mergeFragments } from "../traces/fragment";
import { bucketKeys, lookupKeys } from "../traces/index-keys";
import { fromHexText } from "./hex";
import { reading } from "./reading";
import { insertSpanChunks, packSpanChunks, toSpanChunks } from "./span-chunks";
import { writeOrSpill } from "./write-or-spill";

export const SPAN_CHUNKS_KIND = "span-chunks";

/** Chunks whose index one search reads. */
const MAX_SCANNED = 2_000;
const SCAN_PAGE = 50;
/** A chunk's spans start within one clock hour (traces/partition.ts). */
const CHUNK_SPAN_MS = 3_600_000;
/** The span that a filter asks for may start so long after the last start that is asked for. */
const FILTER_SLACK_MS = 3_600_000;
/** Chunks that hold spans of one trace and are read for it, 4 at a time. */
const MAX_TRACE_CHUNKS = 500;
const READ_PAGE = 4;
/** Chunks that one retention step deletes, with their index rows. */
const DELETE_PAGE = 200;

/** Traces of one project in D1 (schema/traces.ts). */
export function makeTraceStore(
  db: D1Database,
  projectId: string,
  spill: () => SpillRpc,
): TraceStore {
  return {
    async append(batchId, spans) {
      const rows = await toSpanChunks(batchId, spans);
      return await writeOrSpill(spill, {
        kind: SPAN_CHUNKS_KIND,
        payload: () => packSpanChunks(rows),
        write: async () => {
          await insertSpanChunks(db, projectId, rows);
        },
      });
    },
    trace: (traceId) => reading(() => readTrace(db, projectId, traceId)),
    search: (search) => reading(() => searchTraces(db, projectId, search)),
    deleteBefore: (beforeMs) => deleteBefore(db, projectId, beforeMs),
  };
}

async function readTrace(
  db: D1Database,
  projectId: string,
  traceId: string,
): Promise<readonly Span[]> {
  const { results: chunks } = await db
    .prepare(
      `SELECT DISTINCT last_ms, chunk_id FROM trace_index
       WHERE project_id = ?1 AND key IN (SELECT value FROM json_each(?2)) AND (key = ?3 OR instr(fragments, ?3) > 0)
       ORDER BY last_ms LIMIT ${MAX_TRACE_CHUNKS}`,
    )
    .bind(projectId, JSON.stringify(lookupKeys(traceId)), traceId)
    .all<{ last_ms: number; chunk_id: string }>();
  const spans = new Map<string, Span>();
  for (let i = 0; i < chunks.length; i += READ_PAGE) {
    const page = chunks.slice(i, i + READ_PAGE).map((c) => [c.last_ms, c.chunk_id]);
    const { results } = await db
      .prepare(
        `SELECT hex(c.spans) AS spans FROM json_each(?2) k
         JOIN span_chunks c ON c.project_id = ?1 AND c.last_ms = k.value ->> 0 AND c.id = k.value ->> 1`,
      )
      .bind(projectId, JSON.stringify(page))
      .all<{ spans: string }>();
    for (const row of results) {
      for (const span of await decodeSpans(fromHexText(row.spans))) {
        // A span that came in two batches is one span.
        if (span.traceId === traceId && !spans.has(span.spanId)) spans.set(span.spanId, span);
      }
    }
  }
  return [...spans.values()].toSorted((a, b) =>
    a.startNs < b.startNs ? -1 : a.startNs > b.startNs ? 1 : 0,
  );
}

async function searchTraces(
  db: D1Database,
  projectId: string,
  search: TraceSearch,
): Promise<TraceSearchResult> {
  const seen = new Set<string>();
  const found: TraceSummary[] = [];
  let scanned = 0;
  const filtered = search.service !== undefined || search.error === true;
  const firstUntilMs = search.toMs + (filtered ? FILTER_SLACK_MS : 0);
  let before: ChunkKey = { lastMs: firstUntilMs + CHUNK_SPAN_MS, id: "" };
  for (;;) {
    const chunks = await scanChunks(db, projectId, search, firstUntilMs, before);
    scanned += chunks.length;
    const summaries = await summarise(db, projectId, search, chunks, seen);
    found.push(...summaries.filter((s) => matches(search, s)));
    const last = chunks.at(-1);
    found.sort((a, b) => b.startMs - a.startMs);
    const enough = found[search.limit - 1];
    const ended = chunks.length < SCAN_PAGE || last === undefined;
    // All that later chunks alone know of started no later than those chunks end.
    if (ended || (enough !== undefined && last.lastMs < enough.startMs)) {
      const traces = found.slice(0, search.limit);
      const complete = ended && found.length <= search.limit;
      return complete
        ? { traces }
        : { traces, truncated: { reason: "limit", limit: search.limit } };
    }
    if (scanned >= MAX_SCANNED)
      return {
        traces: found.slice(0, search.limit),
        truncated: { reason: "chunks_scanned", limit: MAX_SCANNED },
      };
    before = last;
  }
}

interface ChunkKey {
  readonly lastMs: number;
  readonly id: string;
}

async function scanChunks(
  db: D1Database,
  projectId: string,
  search: TraceSearch,
  firstUntilMs: number,
  before: ChunkKey,
): Promise<ChunkKey[]> {
  const { results } = await db
    .prepare(
      `SELECT last_ms AS lastMs, id FROM span_chunks
       WHERE project_id = ?1 AND last_ms >= ?2 AND (last_ms, id) < (?3, ?4) AND first_ms <= ?5
         AND (?6 IS NULL OR EXISTS (SELECT 1 FROM json_each(services) WHERE value = ?6)) AND (?7 = 0 OR has_error = 1)
       ORDER BY last_ms DESC, id DESC LIMIT ${SCAN_PAGE}`,
    )
    .bind(
      projectId,
      search.fromMs,
      before.lastMs,
      before.id,
      firstUntilMs,
      search.service ?? null,
      // The span of that service and the one that failed may be in different chunks: one filter alone is safe here.
      search.error === true && search.service === undefined ? 1 : 0,
    )
    .all<ChunkKey>();
  return results;
}

/** Whole summaries, over all chunks wherever they lie in time, of the traces in `chunks` that were not seen yet. */
async function summarise(
  db: D1Database,
  projectId: string,
  search: TraceSearch,
  chunks: readonly ChunkKey[],
  seen: Set<string>,
): Promise<TraceSummary[]> {
  if (chunks.length === 0) return [];
  const { results: own } = await db
    .prepare(
      `SELECT i.fragments FROM json_each(?2) k JOIN span_chunks c ON c.project_id = ?1 AND c.last_ms = k.value ->> 0 AND c.id = k.value ->> 1
       JOIN json_each(c.index_keys) x JOIN trace_index i ON i.project_id = ?1 AND i.key = x.value AND i.last_ms = c.last_ms AND i.chunk_id = c.id`,
    )
    .bind(projectId, JSON.stringify(chunks.map((c) => [c.lastMs, c.id])))
    .all<{ fragments: string }>();
  const fresh = new Set<string>();
  for (const { fragments } of own)
    for (const f of parse(fragments)) if (!seen.has(f.traceId)) fresh.add(f.traceId);
  const byTrace = new Map<string, TraceFragment[]>();
  for (const page of pages([...fresh], LOOKUP_PAGE)) {
    const wanted = new Set(page);
    const { results } = await db
      .prepare(
        `SELECT fragments FROM trace_index WHERE project_id = ?1 AND key IN (SELECT value FROM json_each(?2))
         UNION ALL SELECT fragments FROM trace_index WHERE project_id = ?1 AND key IN (SELECT value FROM json_each(?3)) AND last_ms BETWEEN ?4 AND ?5`,
      )
      .bind(
        projectId,
        JSON.stringify(page),
        JSON.stringify([...new Set(page.flatMap(bucketKeys))]),
        search.fromMs - LONGEST_TRACE_MS,
        search.toMs + LONGEST_TRACE_MS,
      )
      .all<{ fragments: string }>();
    for (const { fragments } of results) {
      for (const f of parse(fragments)) {
        if (!wanted.has(f.traceId)) continue;
        const known = byTrace.get(f.traceId);
        if (known === undefined) byTrace.set(f.traceId, [f]);
        else known.push(f);
      }
    }
  }
  for (const id of fresh) seen.add(id);
  return [...byTrace.values()].map(mergeFragments).filter((s) => s !== undefined);
}

const LOOKUP_PAGE = 500;
/** Buckets are read no further around the search: they hold many other traces. */
const LONGEST_TRACE_MS = 86_400_000;

function* pages<T>(list: readonly T[], size: number): Generator<readonly T[]> {
  for (let i = 0; i < list.length; i += size) yield list.slice(i, i + size);
}

function parse(fragments: string): TraceFragment[] {
  // Written by insertSpanChunks from TraceFragment[].
  return JSON.parse(fragments) as TraceFragment[];
}

function matches(search: TraceSearch, s: TraceSummary): boolean {
  if (s.startMs < search.fromMs || s.startMs > search.toMs) return false;
  if (search.service !== undefined && !s.services.includes(search.service)) return false;
  if (search.minDurationMs !== undefined && s.endMs - s.startMs < search.minDurationMs)
    return false;
  return search.error === undefined || s.errorCount > 0 === search.error;
}

async function deleteBefore(
  db: D1Database,
  projectId: string,
  beforeMs: number,
): Promise<DeletedBefore> {
  const oldest = `SELECT project_id, last_ms, id, index_keys FROM span_chunks WHERE project_id = ?1 AND last_ms < ?2 ORDER BY last_ms, id LIMIT ${DELETE_PAGE}`;
  const [index, chunks] = await db.batch([
    db
      .prepare(
        `DELETE FROM trace_index WHERE (project_id, key, last_ms, chunk_id) IN
         (SELECT c.project_id, x.value, c.last_ms, c.id FROM (${oldest}) c JOIN json_each(c.index_keys) x)`,
      )
      .bind(projectId, beforeMs),
    db
      .prepare(
        `DELETE FROM span_chunks WHERE (project_id, last_ms, id) IN (SELECT project_id, last_ms, id FROM (${oldest}))`,
      )
      .bind(projectId, beforeMs),
  ]);
  return {
    deletedRows: (index?.meta.rows_written ?? 0) + (chunks?.meta.rows_written ?? 0),
    more: chunks?.meta.changes === DELETE_PAGE,
  };
}
