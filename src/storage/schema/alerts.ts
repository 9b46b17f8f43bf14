import { index, integer, primaryKey, real, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Every firing of every alert. The AlertRouter holds what is active now; these rows follow it. */
export const alertHistory = sqliteTable(
  "alert_history",
  {
    projectId: text("project_id").notNull(),
    fingerprint: text("fingerprint").notNull(),
    startsAtMs: integer("starts_at_ms").notNull(),
    /** Null while it fires. */
    endedAtMs: integer("ended_at_ms"),
    /** `resolved` by its source, `expired` for want of news, `dismissed` by a person; null while it fires. */
    endedBy: text("ended_by"),
    /** Who resolved it by hand. */
    dismissedBy: text("dismissed_by"),
    acknowledgedAtMs: integer("acknowledged_at_ms"),
    acknowledgedBy: text("acknowledged_by"),
    name: text("name").notNull(),
    severity: text("severity").notNull(),
    /** JSON records. */
    labels: text("labels").notNull(),
    annotations: text("annotations").notNull(),
    value: real("value"),
  },
  (t) => [
    primaryKey({ columns: [t.projectId, t.fingerprint, t.startsAtMs] }),
    index("alert_history_by_time").on(t.projectId, t.startsAtMs),
  ],
);
