import type { NotificationLogEntry } from "../alerting/model";
import type {
  Attempt,
  DeliveryRecord,
  NotificationHistory,
  NotificationQuery,
  PastNotification,
} from "../notify/history";
import { recordsInStatements } from "./bound-records";

/** Members of a group that a row names; a message with more helps nobody, and a row ends at 2 MB. */
const MAX_MEMBERS = 1_000;

/** The history of notifications in D1 (schema/notifications.ts). A message costs a row written for its decision and one for its delivery. */
export function makeNotificationHistory(db: D1Database, projectId: string): NotificationHistory {
  const write = async (sql: string, rows: readonly object[]): Promise<void> => {
    for (const json of recordsInStatements(rows)) await db.prepare(sql).bind(projectId, json).run();
  };
  return {
    recordDecisions: (entries) => write(PUT_DECISIONS, entries.map(decisionRow)),
    recordDeliveries: (records) => write(PUT_DELIVERIES, records.map(deliveryRow)),
    async search(query) {
      const { results } = await db
        .prepare(SEARCH)
        .bind(...searchParameters(projectId, query))
        .all<Row>();
      return results.map(pastNotification);
    },
    async deleteBefore(beforeMs, limit) {
      const { meta } = await db
        .prepare(
          `DELETE FROM notifications WHERE (project_id, at_ms, id) IN
             (SELECT project_id, at_ms, id FROM notifications WHERE project_id = ?1 AND at_ms < ?2 ORDER BY at_ms LIMIT ?3)`,
        )
        .bind(projectId, beforeMs, limit)
        .run();
      return meta.changes;
    },
  };
}

const PUT_DECISIONS = `INSERT INTO notifications
    (project_id, at_ms, id, receiver, integration, group_key, decision, reason, status, alert_names, members)
  SELECT ?1, value ->> 't', value ->> 'id', value ->> 'receiver', value ->> 'integration', value ->> 'groupKey',
    value ->> 'decision', value ->> 'reason', value ->> 'status', value ->> 'names', value ->> 'members'
  FROM json_each(?2) WHERE true
  ON CONFLICT (project_id, at_ms, id) DO UPDATE SET decision = excluded.decision, reason = excluded.reason,
    alert_names = excluded.alert_names, members = excluded.members
  WHERE members <> excluded.members OR reason <> excluded.reason OR alert_names <> excluded.alert_names`;

/** An attempt that was written before is not undone by one that comes late. */
const PUT_DELIVERIES = `INSERT INTO notifications
    (project_id, at_ms, id, receiver, integration, group_key, decision, reason, status, alert_names, members,
     outcome, attempts, last_attempt_ms, latency_ms, status_code, error, response, attempt_log)
  SELECT ?1, value ->> 't', value ->> 'id', value ->> 'receiver', value ->> 'integration', value ->> 'groupKey',
    'sent', value ->> 'reason', value ->> 'status', value ->> 'names', value ->> 'members',
    value ->> 'outcome', value ->> 'attempts', value ->> 'last', value ->> 'latency', value ->> 'code', value ->> 'error',
    value ->> 'response', value ->> 'log'
  FROM json_each(?2) WHERE true
  ON CONFLICT (project_id, at_ms, id) DO UPDATE SET outcome = excluded.outcome, attempts = excluded.attempts,
    last_attempt_ms = excluded.last_attempt_ms, latency_ms = excluded.latency_ms, status_code = excluded.status_code,
    error = excluded.error, response = excluded.response, attempt_log = excluded.attempt_log
  WHERE coalesce(last_attempt_ms, 0) <= excluded.last_attempt_ms`;

const SEARCH = `SELECT at_ms, id, receiver, integration, group_key, decision, reason, status, alert_names, members,
    outcome, attempts, last_attempt_ms, latency_ms, status_code, error, response, attempt_log
  FROM notifications
  WHERE project_id = ?1 AND at_ms >= ?2 AND at_ms < ?3 AND (at_ms, id) < (?4, ?5)
    AND (?6 IS NULL OR receiver = ?6)
    AND (?7 IS NULL OR integration = ?7)
    AND (?8 IS NULL OR decision = ?8)
    AND (?9 IS NULL OR reason = ?9)
    AND (?10 IS NULL OR coalesce(outcome, 'none') = ?10)
    AND (?11 IS NULL OR instr(members, '"' || ?11 || '"') > 0)
    AND (?12 IS NULL OR instr(lower(receiver || ' ' || group_key || ' ' || alert_names || ' ' || coalesce(error, '') || ' ' || coalesce(response, '')), lower(?12)) > 0)
  ORDER BY at_ms DESC, id DESC LIMIT ?13`;

function searchParameters(projectId: string, q: NotificationQuery): readonly unknown[] {
  return [
    projectId,
    q.fromMs,
    q.toMs,
    q.after?.atMs ?? Number.MAX_SAFE_INTEGER,
    q.after?.id ?? "",
    q.receiver ?? null,
    q.integration ?? null,
    q.decision ?? null,
    q.reason ?? null,
    q.outcome ?? null,
    q.alert ?? null,
    q.text ?? null,
    q.limit,
  ];
}

function decisionRow(e: NotificationLogEntry): object {
  return {
    t: e.atMs,
    id: e.id,
    receiver: e.receiver,
    integration: e.integration,
    groupKey: e.groupKey,
    decision: e.decision,
    reason: e.reason,
    status: e.status,
    names: JSON.stringify(e.alertNames ?? []),
    members: members(e.firing, e.resolved, e.suppressed),
  };
}

function deliveryRow(r: DeliveryRecord): object {
  const last = r.log.at(-1);
  return {
    t: r.atMs,
    id: r.id,
    receiver: r.receiver,
    integration: r.integration,
    groupKey: r.groupKey,
    reason: r.reason,
    status: r.status,
    names: JSON.stringify(r.alertNames),
    members: members(r.firing, r.resolved, {}),
    outcome: last?.outcome ?? null,
    attempts: r.attempts,
    last: last?.atMs ?? null,
    latency: last?.latencyMs ?? null,
    code: last?.statusCode ?? null,
    error: last?.error ?? null,
    response: last?.response ?? null,
    log: JSON.stringify(r.log),
  };
}

interface Members {
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
  readonly suppressed: PastNotification["suppressed"];
}

function members(
  firing: readonly string[],
  resolved: readonly string[],
  suppressed: PastNotification["suppressed"],
): string {
  const kept: Members = {
    firing: firing.slice(0, MAX_MEMBERS),
    resolved: resolved.slice(0, MAX_MEMBERS),
    suppressed: Object.fromEntries(Object.entries(suppressed).slice(0, MAX_MEMBERS)),
  };
  return JSON.stringify(kept);
}

interface Row {
  at_ms: number;
  id: string;
  receiver: string;
  integration: string;
  group_key: string;
  decision: PastNotification["decision"];
  reason: string;
  status: PastNotification["status"];
  alert_names: string;
  members: string;
  outcome: PastNotification["outcome"];
  attempts: number | null;
  last_attempt_ms: number | null;
  latency_ms: number | null;
  status_code: number | null;
  error: string | null;
  response: string | null;
  attempt_log: string | null;
}

/** JSON as the functions above wrote it. */
function pastNotification(r: Row): PastNotification {
  const { firing, resolved, suppressed } = JSON.parse(r.members) as Members;
  const log = JSON.parse(r.attempt_log ?? "[]") as readonly Attempt[];
  return {
    id: r.id,
    atMs: r.at_ms,
    receiver: r.receiver,
    integration: r.integration,
    groupKey: r.group_key,
    decision: r.decision,
    reason: r.reason,
    status: r.status,
    alertNames: JSON.parse(r.alert_names) as string[],
    firing,
    resolved,
    suppressed,
    outcome: r.outcome,
    attempts: r.attempts ?? 0,
    lastAttemptMs: r.last_attempt_ms,
    latencyMs: r.latency_ms,
    statusCode: r.status_code,
    error: r.error,
    response: r.response,
    deliveries: log.map((a) => ({
      notificationId: r.id,
      groupKey: r.group_key,
      receiver: r.receiver,
      integration: r.integration,
      status: r.status,
      reason: r.reason,
      ...a,
    })),
  };
}
