import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Written reports; `id` is `<kind>-<day>`, so that a report written again replaces itself. */
export const reports = sqliteTable(
  "reports",
  {
    projectId: text("project_id").notNull(),
    id: text("id").notNull(),
    kind: text("kind").notNull(),
    day: text("day").notNull(),
    body: text("body").notNull(),
    writtenAtMs: integer("written_at_ms").notNull(),
    sentAtMs: integer("sent_at_ms"),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.id] })],
);

/** Anomalies that are on or ended lately, one row per watched series, its label sets packed as JSON. */
export const anomalyStates = sqliteTable(
  "anomaly_states",
  {
    projectId: text("project_id").notNull(),
    name: text("name").notNull(),
    states: text("states").notNull(),
    scannedAtMs: integer("scanned_at_ms").notNull(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.name] })],
);
