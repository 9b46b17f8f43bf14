import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * Every message that was decided on, sent or held back, with what became of it. The router writes the
 * decision and the receiver the delivery, whichever comes first; columns of the other stay null until then.
 */
export const notifications = sqliteTable(
  "notifications",
  {
    projectId: text("project_id").notNull(),
    /** When it was decided; without a decision of the router, when the receiver took it. */
    atMs: integer("at_ms").notNull(),
    id: text("id").notNull(),
    receiver: text("receiver").notNull(),
    /** `<receiver>/<type>/<index>`. */
    integration: text("integration").notNull(),
    groupKey: text("group_key").notNull(),
    /** `sent` or `held`. */
    decision: text("decision").notNull(),
    reason: text("reason").notNull(),
    /** `firing` or `resolved`. */
    status: text("status").notNull(),
    /** JSON: the names of its alerts. */
    alertNames: text("alert_names").notNull(),
    /** JSON: fingerprints that fire, that are resolved, and that were left out with the reason. */
    members: text("members").notNull(),
    /** Of the last attempt to deliver; null before the first. */
    outcome: text("outcome"),
    attempts: integer("attempts"),
    lastAttemptMs: integer("last_attempt_ms"),
    latencyMs: integer("latency_ms"),
    statusCode: integer("status_code"),
    error: text("error"),
    response: text("response"),
    /** JSON: the attempts, the oldest left out where there were many. */
    attemptLog: text("attempt_log"),
  },
  (t) => [primaryKey({ name: "clustered_notifications", columns: [t.projectId, t.atMs, t.id] })],
);
