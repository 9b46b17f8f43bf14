import { LOG_LEVELS, type LogLine } from "../core/logs";
import { buildBloom } from "../logs/bloom";
import { encodeLines } from "../logs/chunk";
import { partitionLines } from "../logs/partition";
import { indexWords } from "../logs/words";
import { writeInBatches } from "./batches";
import { packFrames, unpackFrames } from "./frames";
import { toHexText } from "./hex";

/** A row of log_chunks (schema/logs.ts). */
export interface LogChunkRow {
  readonly lastMs: number;
  readonly id: string;
  readonly firstMs: number;
  readonly lineCount: number;
  readonly levels: number;
  readonly services: readonly string[];
  readonly words: Uint8Array;
  readonly lines: Uint8Array;
}

/** The rows of a batch, the same for the same batch. */
export async function toLogChunks(
  batchId: string,
  lines: readonly LogLine[],
): Promise<LogChunkRow[]> {
  return await Promise.all(
    partitionLines(lines).map(async (part, n) => ({
      lastMs: part.at(-1)?.timeMs ?? 0,
      id: `${batchId}.${n}`,
      firstMs: part[0]?.timeMs ?? 0,
      lineCount: part.length,
      levels: part.reduce((mask, l) => mask | (1 << LOG_LEVELS.indexOf(l.level)), 0),
      services: [...new Set(part.map((l) => l.service))],
      words: buildBloom(indexWords(part)),
      lines: await encodeLines(part),
    })),
  );
}

/** What one request brings to D1. */
export interface LogBatch {
  readonly rows: readonly LogChunkRow[];
  /** Set where the id alone tells a repeat (schema/logs.ts, log_batch_ids). */
  readonly rememberedId?: string;
}

const INSERT = `INSERT INTO log_chunks (project_id, last_ms, id, first_ms, line_count, levels, services, words, lines)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, unhex(?8), unhex(?9)
  WHERE NOT EXISTS (SELECT 1 FROM log_batch_ids WHERE project_id = ?1 AND id = ?10) ON CONFLICT DO NOTHING`;
const REMEMBER =
  "INSERT INTO log_batch_ids (project_id, id, at_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";

/** Idempotent: what is there already stays. Gives the rows written. */
export async function insertLogChunks(
  db: D1Database,
  projectId: string,
  { rows, rememberedId }: LogBatch,
): Promise<number> {
  const at = Math.max(...rows.map((r) => r.lastMs));
  const remember =
    rememberedId === undefined ? [] : [db.prepare(REMEMBER).bind(projectId, rememberedId, at)];
  const insert = (r: LogChunkRow): D1PreparedStatement[] => [
    db
      .prepare(INSERT)
      .bind(
        projectId,
        r.lastMs,
        r.id,
        r.firstMs,
        r.lineCount,
        r.levels,
        JSON.stringify(r.services),
        toHexText(r.words),
        toHexText(r.lines),
        rememberedId ?? null,
      ),
  ];
  return await writeInBatches(db, rows, insert, remember);
}

export function packLogChunks({ rows, rememberedId }: LogBatch): Uint8Array {
  return packFrames(
    { rememberedId, rows: rows.map(({ words: _words, lines: _lines, ...meta }) => meta) },
    rows.flatMap((r) => [r.words, r.lines]),
  );
}

export function unpackLogChunks(bytes: Uint8Array): LogBatch {
  const { header, parts } = unpackFrames(bytes);
  // Packed by packLogChunks alone, under a kind of its own.
  const { rememberedId, rows } = header as {
    rememberedId?: string;
    rows: Omit<LogChunkRow, "words" | "lines">[];
  };
  return {
    ...(rememberedId === undefined ? {} : { rememberedId }),
    rows: rows.map((meta, i) => ({
      ...meta,
      words: parts[2 * i] ?? new Uint8Array(),
      lines: parts[2 * i + 1] ?? new Uint8Array(),
    })),
  };
}
