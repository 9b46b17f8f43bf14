import type {
  DeletedBefore,
  LogSearch,
  LogSearchResult,
  LogLine,
  LogStore,
  SearchTruncation,
} from "../core/logs";
import { LOG_LEVELS } from "../core/logs";
import type { SpillRpc } from "../core/objects";
import { BLOOM_PROBES, hashWord } from "../logs/bloom";
import { decodeLines, unfoldedBytes } from "../logs/chunk";
import { matchesLine } from "../logs/query";
import { serviceWord } from "../logs/words";
import { fromHexText } from "./hex";
import { type LogBatch, insertLogChunks, packLogChunks, toLogChunks } from "./log-chunks";
import { reading } from "./reading";
import { writeOrSpill } from "./write-or-spill";

export const LOG_CHUNKS_KIND = "log-chunks";

/** Chunks whose filters one search looks at: each is one row read. */
const MAX_SCANNED = 20_000;
/** Bytes that one search unfolds, one chunk at a time. */
const MAX_DECODED_BYTES = 64 * 1024 * 1024;
const SCAN_PAGE = 2_000;
const DECODE_PAGE = 8;
/** Chunks that one retention step deletes. */
const DELETE_PAGE = 500;
/** A chunk's lines lie within one clock hour (logs/partition.ts). */
const CHUNK_SPAN_MS = 3_600_000;

/** Log lines of one project in D1 (schema/logs.ts). */
export function makeLogStore(db: D1Database, projectId: string, spill: () => SpillRpc): LogStore {
  return {
    async append(batchId, lines, options) {
      const rows = await toLogChunks(batchId, lines);
      const batch: LogBatch = {
        rows,
        ...(options?.rememberId === true ? { rememberedId: batchId } : {}),
      };
      return await writeOrSpill(spill, {
        kind: LOG_CHUNKS_KIND,
        payload: () => packLogChunks(batch),
        write: async () => {
          await insertLogChunks(db, projectId, batch);
        },
      });
    },
    search: (search) => reading(() => searchChunks(db, projectId, search)),
    deleteBefore: (beforeMs) => deleteBefore(db, projectId, beforeMs),
  };
}

async function deleteBefore(
  db: D1Database,
  projectId: string,
  beforeMs: number,
): Promise<DeletedBefore> {
  const [chunks, ids] = await db.batch([
    db
      .prepare(
        `DELETE FROM log_chunks WHERE (project_id, last_ms, id) IN
         (SELECT project_id, last_ms, id FROM log_chunks WHERE project_id = ?1 AND last_ms < ?2 ORDER BY last_ms LIMIT ${DELETE_PAGE})`,
      )
      .bind(projectId, beforeMs),
    db
      .prepare(
        `DELETE FROM log_batch_ids WHERE (project_id, id) IN
         (SELECT project_id, id FROM log_batch_ids WHERE project_id = ?1 AND at_ms < ?2 LIMIT ${DELETE_PAGE})`,
      )
      .bind(projectId, beforeMs),
  ]);
  return {
    deletedRows: (chunks?.meta.rows_written ?? 0) + (ids?.meta.rows_written ?? 0),
    more: chunks?.meta.changes === DELETE_PAGE || ids?.meta.changes === DELETE_PAGE,
  };
}

interface ScanRow {
  last_ms: number;
  id: string;
  first_ms: number;
  hit: number;
}

async function searchChunks(
  db: D1Database,
  projectId: string,
  search: LogSearch,
): Promise<LogSearchResult> {
  const found = new Newest(search.limit);
  const filter = chunkFilter(search);
  let scanned = 0;
  let decoded = 0;
  let bytes = 0;
  let before = { lastMs: search.toMs + CHUNK_SPAN_MS, id: "" };
  const stop = (
    reason: SearchTruncation,
    limit: number,
    searchedFromMs: number,
  ): LogSearchResult => ({
    lines: found.lines,
    truncated: { reason, limit },
    searchedFromMs,
    scannedChunks: scanned,
    decodedChunks: decoded,
  });
  for (;;) {
    const page = await scanPage(db, projectId, search, filter, before);
    scanned += page.length;
    const hits = page.filter((r) => r.hit === 1);
    for (let i = 0; i < hits.length; i += DECODE_PAGE) {
      // Chunks come by their newest line: once that is older than the oldest line kept, all later ones are.
      const next = hits[i] as ScanRow;
      if (found.isFull && next.last_ms < found.oldestMs)
        return stop("limit", search.limit, found.oldestMs);
      for (const chunk of await readChunks(db, projectId, hits.slice(i, i + DECODE_PAGE))) {
        bytes += unfoldedBytes(chunk.lines);
        if (bytes > MAX_DECODED_BYTES)
          return stop("bytes_decoded", MAX_DECODED_BYTES, chunk.lastMs);
        decoded++;
        // Latest first, so that of lines of one moment the later stays before the earlier.
        for (const line of (await decodeLines(chunk.lines)).toReversed())
          if (matchesLine(search, line)) found.add(line);
      }
    }
    const last = page.at(-1);
    if (page.length < SCAN_PAGE || last === undefined) break;
    if (scanned >= MAX_SCANNED) return stop("chunks_scanned", MAX_SCANNED, last.last_ms);
    before = { lastMs: last.last_ms, id: last.id };
  }
  if (found.dropped) return stop("limit", search.limit, found.oldestMs);
  return {
    lines: found.lines,
    searchedFromMs: search.fromMs,
    scannedChunks: scanned,
    decodedChunks: decoded,
  };
}

/** The next chunks by (last_ms, id) descending, each with whether its filter lets it pass. */
async function scanPage(
  db: D1Database,
  projectId: string,
  search: LogSearch,
  filter: Filter,
  before: { readonly lastMs: number; readonly id: string },
): Promise<ScanRow[]> {
  const { results } = await db
    .prepare(
      `SELECT last_ms, id, first_ms, (first_ms <= ?3 AND levels & ?4 <> 0${filter.sql}) AS hit FROM log_chunks
       WHERE project_id = ?1 AND last_ms >= ?2 AND (last_ms, id) < (?5, ?6) ORDER BY last_ms DESC, id DESC LIMIT ${SCAN_PAGE}`,
    )
    .bind(
      projectId,
      search.fromMs,
      search.toMs,
      levelMask(search),
      before.lastMs,
      before.id,
      ...filter.params,
    )
    .all<ScanRow>();
  return results;
}

async function readChunks(
  db: D1Database,
  projectId: string,
  rows: readonly ScanRow[],
): Promise<{ readonly lastMs: number; readonly lines: Uint8Array }[]> {
  const { results } = await db
    .prepare(
      `SELECT c.last_ms, hex(c.lines) AS lines FROM json_each(?2) k
       JOIN log_chunks c ON c.project_id = ?1 AND c.last_ms = k.value ->> 0 AND c.id = k.value ->> 1
       ORDER BY c.last_ms DESC, c.id DESC`,
    )
    .bind(projectId, JSON.stringify(rows.map((r) => [r.last_ms, r.id])))
    .all<{ last_ms: number; lines: string }>();
  return results.map((r) => ({ lastMs: r.last_ms, lines: fromHexText(r.lines) }));
}

interface Filter {
  readonly sql: string;
  readonly params: readonly number[];
}

/** First parameter number that a filter may use. */
const FILTER_PARAM = 7;
const BYTES = `x'${Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, "0")).join("")}'`;

/**
 * SQL over `words` that is false only where a chunk surely lacks a wanted word: the probes of
 * logs/bloom.ts. A byte's value is its place in the string of all bytes.
 */
function chunkFilter(search: LogSearch): Filter {
  const words = new Set(search.terms.filter((t) => !t.negated).flatMap((t) => t.words));
  if (search.service !== undefined) words.add(serviceWord(search.service));
  if (search.traceId !== undefined) words.add(search.traceId);
  const params: number[] = [];
  let sql = "";
  for (const word of words) {
    const { first, step } = hashWord(word);
    const at = FILTER_PARAM + params.length;
    params.push(first, step);
    for (let i = 0; i < BLOOM_PROBES; i++) {
      const bit = `((?${at} + ${i} * ?${at + 1}) % (length(words) * 8))`;
      sql += ` AND (instr(${BYTES}, substr(words, ${bit} / 8 + 1, 1)) - 1) >> (${bit} % 8) & 1`;
    }
  }
  return { sql, params };
}

function levelMask(search: LogSearch): number {
  if (search.levels.length === 0) return 2 ** LOG_LEVELS.length - 1;
  return search.levels.reduce((mask, l) => mask | (1 << LOG_LEVELS.indexOf(l)), 0);
}

/** Keeps the newest `limit` lines of those added. */
class Newest {
  private kept: LogLine[] = [];
  private tooMany = false;

  constructor(private readonly limit: number) {}

  add(line: LogLine): void {
    this.kept.push(line);
    // Sorting now and then costs less than a heap here.
    if (this.kept.length >= this.limit * 2 + 64) this.shrink();
  }

  /** Whether a line had to go. */
  get dropped(): boolean {
    this.shrink();
    return this.tooMany;
  }

  get isFull(): boolean {
    return this.kept.length >= this.limit;
  }

  get oldestMs(): number {
    this.shrink();
    return this.kept.at(-1)?.timeMs ?? Number.POSITIVE_INFINITY;
  }

  get lines(): readonly LogLine[] {
    this.shrink();
    return this.kept;
  }

  private shrink(): void {
    this.kept.sort((a, b) => b.timeMs - a.timeMs || b.subMsNanos - a.subMsNanos);
    if (this.kept.length > this.limit) {
      this.tooMany = true;
      this.kept.length = this.limit;
    }
  }
}
