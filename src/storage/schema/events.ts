import { index, integer, primaryKey, real, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * Product events, one row each (docs/formats/events.md). Clustered by person and time, which is the
 * order of funnels, retention and sessions; the one index serves every question by time. An event costs two rows written.
 */
export const events = sqliteTable(
  "events",
  {
    projectId: text("project_id").notNull(),
    /** Kind and id of whose event it is (src/events/person.ts). */
    person: text("person").notNull(),
    timeMs: integer("time_ms").notNull(),
    id: text("id").notNull(),
    name: text("name").notNull(),
    path: text("path").notNull(),
    sessionId: text("session_id").notNull(),
    referrer: text("referrer").notNull(),
    country: text("country").notNull(),
    device: text("device").notNull(),
    browser: text("browser").notNull(),
    os: text("os").notNull(),
    value: real("value"),
    /** JSON of src/storage/event-row.ts EventDetails: ids and properties. */
    details: text("details").notNull(),
  },
  (t) => [
    primaryKey({ name: "clustered_events", columns: [t.projectId, t.person, t.timeMs, t.id] }),
    // Name and path ride along so that counts by event, visitor and page read the index alone.
    index("events_by_time").on(t.projectId, t.timeMs, t.name, t.path),
  ],
);
