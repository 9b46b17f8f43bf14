import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Groups pushed over the Pushgateway API, each current until it is replaced or deleted. */
export const pushGroups = sqliteTable(
  "push_groups",
  {
    projectId: text("project_id").notNull(),
    key: text("key").notNull(),
    /** Rises with each change, so that two pushers at once do not undo each other. */
    version: integer("version").notNull(),
    /** JSON of ingest/pushgateway PushGroup. */
    body: text("body").notNull(),
    pushedAtMs: integer("pushed_at_ms").notNull(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.key] })],
);
