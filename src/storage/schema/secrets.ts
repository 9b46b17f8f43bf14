import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** A project's secrets by name: what `${NAME}` in a configuration file stands for. Sealed, never shown. */
export const projectSecrets = sqliteTable(
  "project_secrets",
  {
    projectId: text("project_id").notNull(),
    name: text("name").notNull(),
    /** core/seal, purpose `secret`. */
    sealed: text("sealed").notNull(),
    updatedAtMs: integer("updated_at_ms").notNull(),
    updatedBy: text("updated_by").notNull(),
  },
  (t) => [primaryKey({ name: "clustered_project_secrets", columns: [t.projectId, t.name] })],
);
