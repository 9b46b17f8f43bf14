import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** The last run of each scheduled job. `slot_ms` is the scheduled time that was claimed. */
export const jobRuns = sqliteTable("job_runs", {
  job: text("job").primaryKey(),
  slotMs: integer("slot_ms").notNull(),
  startedAtMs: integer("started_at_ms").notNull(),
  finishedAtMs: integer("finished_at_ms"),
  outcome: text("outcome"),
  detail: text("detail"),
});
