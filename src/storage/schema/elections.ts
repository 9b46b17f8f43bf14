import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Of each pair of remote-write senders, the replica whose samples are taken. */
export const replicaElections = sqliteTable(
  "replica_elections",
  {
    projectId: text("project_id").notNull(),
    cluster: text("cluster").notNull(),
    replica: text("replica").notNull(),
    /** When its samples were last noted, ms. */
    seenAtMs: integer("seen_at_ms").notNull(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.cluster] })],
);
