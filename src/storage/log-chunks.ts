import { LOG_LEVELS, type LogLine } from "../core/logs";
import { buildBloom } from "../logs/bloom";
import { encodeLines } from "../logs/chunk";
import { partitionLines } from "../logs/partition";
import { indexWords } from "../logs/words";
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

const INSERT = `INSERT INTO log_chunks (project_id, last_ms, id, first_ms, line_count, levels, services, words, lines)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, unhex(?8), unhex(?9)) ON CONFLICT DO NOTHING`;

/** Idempotent: a chunk that is there already stays. Gives the rows written. */
export async function insertLogChunks(
  db: D1Database,
  projectId: string,
  rows: readonly LogChunkRow[],
): Promise<number> {
  if (rows.length === 0) return 0;
  const results = await db.batch(
    rows.map((r) =>
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
        ),
    ),
  );
  return results.reduce((n, r) => n + r.meta.rows_written, 0);
}

export function packLogChunks(rows: readonly LogChunkRow[]): Uint8Array {
  return packFrames(
    rows.map(({ words: _words, lines: _lines, ...meta }) => meta),
    rows.flatMap((r) => [r.words, r.lines]),
  );
}

export function unpackLogChunks(bytes: Uint8Array): LogChunkRow[] {
  const { header, parts } = unpackFrames(bytes);
  // Packed by packLogChunks alone, under a kind of its own.
  return (header as Omit<LogChunkRow, "words" | "lines">[]).map((meta, i) => ({
    ...meta,
    words: parts[2 * i] ?? new Uint8Array(),
    lines: parts[2 * i + 1] ?? new Uint8Array(),
  }));
}
