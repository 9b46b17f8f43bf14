import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** One team's space. */
export const projects = sqliteTable("projects", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
});

/** Issued tokens. The token itself is never kept: it verifies itself (src/http/auth/token.ts). */
export const tokens = sqliteTable("tokens", {
  id: text("id").primaryKey(),
  projectId: text("project_id").notNull(),
  name: text("name").notNull(),
  /** Comma-separated scopes. */
  scopes: text("scopes").notNull(),
  /** Comma-separated origins that a beacon token may be used from; empty: any. */
  origins: text("origins").notNull().default(""),
  createdAtMs: integer("created_at_ms").notNull(),
  createdBy: text("created_by").notNull(),
  revokedAtMs: integer("revoked_at_ms"),
});

/** Configuration files, versioned: the newest version of a (kind, name) is in force, a null body is a deletion. */
export const configDocuments = sqliteTable(
  "config_documents",
  {
    projectId: text("project_id").notNull(),
    kind: text("kind").notNull(),
    name: text("name").notNull(),
    version: integer("version").notNull(),
    body: text("body"),
    updatedAtMs: integer("updated_at_ms").notNull(),
    updatedBy: text("updated_by").notNull(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.kind, t.name, t.version] })],
);

/** Durable Objects whose alarm must not be lost: the cron asks each. */
export const tickingObjects = sqliteTable(
  "ticking_objects",
  {
    projectId: text("project_id").notNull(),
    className: text("class_name").notNull(),
    objectName: text("object_name").notNull(),
    registeredAtMs: integer("registered_at_ms").notNull(),
  },
  (t) => [primaryKey({ columns: [t.className, t.objectName] })],
);
