import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** The list of incidents. The Incident object holds the truth, with timeline and alerts; this row follows it. */
export const incidents = sqliteTable(
  "incidents",
  {
    projectId: text("project_id").notNull(),
    id: text("id").notNull(),
    title: text("title").notNull(),
    severity: text("severity").notNull(),
    status: text("status").notNull(),
    groupKey: text("group_key").notNull(),
    alerts: integer("alerts").notNull(),
    assignee: text("assignee"),
    openedAtMs: integer("opened_at_ms").notNull(),
    acknowledgedAtMs: integer("acknowledged_at_ms"),
    acknowledgedBy: text("acknowledged_by"),
    resolvedAtMs: integer("resolved_at_ms"),
    resolvedBy: text("resolved_by"),
    /** The whole incident as it was resolved, so that it can be read when its object is long gone. */
    body: text("body").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.id] }),
    index("incidents_by_time").on(t.projectId, t.openedAtMs),
  ],
);
