import type { NotificationAlert } from "../alerting/notification-data";
import { labelOf } from "../core/alerts";
import type { OutgoingNotification } from "../core/objects";
import type { Attempt, DeliveryRecord } from "./history";

/** Attempts that a record lists; a message is tried about 300 times in a day. */
const MAX_ATTEMPTS = 20;
const MAX_NAMES = 20;

/**
 * A message's record with one attempt more. `tell`: the history is to know now, which of many failures
 * in a row it is told of the 1st, 2nd, 4th, 8th, …; `over`: nothing follows.
 */
export function recordAttempt(
  before: DeliveryRecord | undefined,
  n: OutgoingNotification,
  attempt: Attempt,
): { readonly record: DeliveryRecord; readonly tell: boolean; readonly over: boolean } {
  const record = before ?? newRecord(n, attempt.atMs);
  const over = attempt.outcome !== "failed";
  return {
    record: {
      ...record,
      attempts: Math.max(record.attempts, attempt.attempt),
      log: [...record.log, attempt].slice(-MAX_ATTEMPTS),
    },
    tell: over || Number.isInteger(Math.log2(attempt.attempt)),
    over,
  };
}

/** Of what the router decided it tells the history itself, members and all. */
function newRecord(n: OutgoingNotification, nowMs: number): DeliveryRecord {
  const alerts = n.decidedAtMs === undefined ? alertsOf(n.dataJson) : [];
  const of = (status: "firing" | "resolved"): string[] =>
    alerts.filter((a) => a.status === status).map((a) => a.fingerprint);
  return {
    id: n.id,
    atMs: n.decidedAtMs ?? nowMs,
    receiver: n.receiver,
    integration: n.integration,
    groupKey: n.groupKey,
    reason: n.reason,
    status: n.status,
    alertNames: [...new Set(alerts.map((a) => labelOf(a.labels, "alertname")))].slice(0, MAX_NAMES),
    firing: of("firing"),
    resolved: of("resolved"),
    attempts: 0,
    log: [],
  };
}

/** A message that cannot be read fails in its own rendering; the history still says that it was tried. */
function alertsOf(dataJson: string): readonly NotificationAlert[] {
  try {
    const data = JSON.parse(dataJson) as {
      readonly alerts?: readonly Partial<NotificationAlert>[];
    };
    // A NotificationAlert has both; that is all that is read of it here.
    return (data.alerts ?? []).filter(
      (a) => typeof a.fingerprint === "string" && typeof a.labels === "object",
    ) as readonly NotificationAlert[];
  } catch {
    return [];
  }
}
