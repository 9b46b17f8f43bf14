import { blob, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * Log lines, one row per ingest request and clock hour (docs/formats/log-chunk.md). The key
 * ends in the chunk's id, made from the batch id, so that a repeated batch meets itself.
 */
export const logChunks = sqliteTable(
  "log_chunks",
  {
    projectId: text("project_id").notNull(),
    /** Time of the newest line, ms. A chunk spans less than an hour. */
    lastMs: integer("last_ms").notNull(),
    id: text("id").notNull(),
    firstMs: integer("first_ms").notNull(),
    lineCount: integer("line_count").notNull(),
    /** Bit n: some line has level n of LOG_LEVELS. */
    levels: integer("levels").notNull(),
    /** JSON list. */
    services: text("services").notNull(),
    /** Bloom filter over the words of every line (src/logs/bloom.ts). */
    words: blob("words").notNull(),
    lines: blob("lines").notNull(),
  },
  (t) => [primaryKey({ name: "clustered_log_chunks", columns: [t.projectId, t.lastMs, t.id] })],
);

/** Ids of batches whose lines got their times on arrival: a repeat would bring others, so that only the id tells it. */
export const logBatchIds = sqliteTable(
  "log_batch_ids",
  {
    projectId: text("project_id").notNull(),
    id: text("id").notNull(),
    atMs: integer("at_ms").notNull(),
  },
  (t) => [primaryKey({ name: "clustered_log_batch_ids", columns: [t.projectId, t.id] })],
);
