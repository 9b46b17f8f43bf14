import type { Span, TraceFragment } from "../core/traces";
import { encodeSpans } from "../traces/chunk";
import { fragmentsOf } from "../traces/fragment";
import { indexKeys } from "../traces/index-keys";
import { partitionSpans } from "../traces/partition";
import { writeInBatches } from "./batches";
import { packFrames, unpackFrames } from "./frames";
import { toHexText } from "./hex";

/** A row of span_chunks with its rows of trace_index (schema/traces.ts). */
export interface SpanChunkRow {
  readonly lastMs: number;
  readonly id: string;
  readonly firstMs: number;
  readonly spanCount: number;
  readonly services: readonly string[];
  readonly hasError: boolean;
  readonly index: readonly { readonly key: string; readonly fragments: readonly TraceFragment[] }[];
  readonly spans: Uint8Array;
}

/** The rows of a batch, the same for the same batch. */
export async function toSpanChunks(
  batchId: string,
  spans: readonly Span[],
): Promise<SpanChunkRow[]> {
  return await Promise.all(
    partitionSpans(spans).map(async (part, n) => {
      const fragments = fragmentsOf(part);
      return {
        lastMs: msOf(part.at(-1)),
        id: `${batchId}.${n}`,
        firstMs: msOf(part[0]),
        spanCount: part.length,
        services: [...new Set(part.map((s) => s.service))],
        hasError: part.some((s) => s.status === "error"),
        index: groupByKey(fragments, part.length),
        spans: await encodeSpans(part),
      };
    }),
  );
}

function msOf(span: Span | undefined): number {
  return Number((span?.startNs ?? 0n) / 1_000_000n);
}

function groupByKey(fragments: readonly TraceFragment[], spanCount: number): SpanChunkRow["index"] {
  const keyOf = indexKeys(new Set(fragments.map((f) => f.traceId)), spanCount);
  const byKey = new Map<string, TraceFragment[]>();
  for (const f of fragments) {
    const key = keyOf(f.traceId);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, [f]);
    else known.push(f);
  }
  return [...byKey].map(([key, list]) => ({ key, fragments: list }));
}

const INSERT_CHUNK = `INSERT INTO span_chunks (project_id, last_ms, id, first_ms, span_count, services, has_error, index_keys, spans)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, unhex(?9)) ON CONFLICT DO NOTHING`;
const INSERT_INDEX = `INSERT INTO trace_index (project_id, key, last_ms, chunk_id, fragments)
  SELECT ?1, value ->> 'key', ?2, ?3, value -> 'fragments' FROM json_each(?4) WHERE true ON CONFLICT DO NOTHING`;

/** Idempotent, a chunk and its index in one transaction. Gives the rows written. */
export async function insertSpanChunks(
  db: D1Database,
  projectId: string,
  rows: readonly SpanChunkRow[],
): Promise<number> {
  const insert = (r: SpanChunkRow): D1PreparedStatement[] => [
    db
      .prepare(INSERT_CHUNK)
      .bind(
        projectId,
        r.lastMs,
        r.id,
        r.firstMs,
        r.spanCount,
        JSON.stringify(r.services),
        r.hasError ? 1 : 0,
        JSON.stringify(r.index.map((i) => i.key)),
        toHexText(r.spans),
      ),
    db.prepare(INSERT_INDEX).bind(projectId, r.lastMs, r.id, JSON.stringify(r.index)),
  ];
  return await writeInBatches(db, rows, insert);
}

export function packSpanChunks(rows: readonly SpanChunkRow[]): Uint8Array {
  return packFrames(
    rows.map(({ spans: _spans, ...meta }) => meta),
    rows.map((r) => r.spans),
  );
}

export function unpackSpanChunks(bytes: Uint8Array): SpanChunkRow[] {
  const { header, parts } = unpackFrames(bytes);
  // Packed by packSpanChunks alone, under a kind of its own.
  return (header as Omit<SpanChunkRow, "spans">[]).map((meta, i) => ({
    ...meta,
    spans: parts[i] ?? new Uint8Array(),
  }));
}
