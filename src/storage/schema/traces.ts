import { blob, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Spans, one row per ingest request and clock hour of the spans' start (docs/formats/trace-row.md). */
export const spanChunks = sqliteTable(
  "span_chunks",
  {
    projectId: text("project_id").notNull(),
    /** Start of the latest span, ms. The starts in a chunk lie within an hour. */
    lastMs: integer("last_ms").notNull(),
    id: text("id").notNull(),
    firstMs: integer("first_ms").notNull(),
    spanCount: integer("span_count").notNull(),
    /** JSON list. */
    services: text("services").notNull(),
    hasError: integer("has_error").notNull(),
    /** JSON list of the keys under which trace_index points here. */
    indexKeys: text("index_keys").notNull(),
    spans: blob("spans").notNull(),
  },
  (t) => [primaryKey({ name: "clustered_span_chunks", columns: [t.projectId, t.lastMs, t.id] })],
);

/** From a trace (or a bucket of small traces) to the chunks that hold spans of it, with what each chunk knows of it. */
export const traceIndex = sqliteTable(
  "trace_index",
  {
    projectId: text("project_id").notNull(),
    /** A trace id, or `~<bits>:<bucket>` (src/traces/index-keys.ts). */
    key: text("key").notNull(),
    lastMs: integer("last_ms").notNull(),
    chunkId: text("chunk_id").notNull(),
    /** JSON list of TraceFragment (src/core/traces.ts). */
    fragments: text("fragments").notNull(),
  },
  (t) => [
    primaryKey({
      name: "clustered_trace_index",
      columns: [t.projectId, t.key, t.lastMs, t.chunkId],
    }),
  ],
);
