import {
  type NotificationAlert,
  type NotificationData,
  common,
} from "../alerting/notification-data";
import type { OutgoingNotification } from "../core/objects";
import { ROW_BYTES, jsonBytes } from "../core/stored-size";

/** What of a row is left to the integration beside it. */
const INTEGRATION_BYTES = 200_000;
/** Messages that speak of something else than the state of a group. */
const APART = new Set(["escalation", "report", "test"]);

/**
 * One message that says what several of a group would have said one after the other, oldest first: each alert as the
 * last of them tells of it. Undefined where they cannot be one.
 */
export function mergeMessages(
  messages: readonly OutgoingNotification[],
): OutgoingNotification | undefined {
  const newest = messages.at(-1);
  if (newest === undefined || messages.some((m) => APART.has(m.reason))) return undefined;
  const told = messages.map((m) => JSON.parse(m.dataJson) as NotificationData); // as the router made them
  const last = told.at(-1);
  if (last === undefined) return undefined;
  const alerts = new Map<string, NotificationAlert>();
  for (const data of told) for (const a of data.alerts) alerts.set(a.fingerprint, a);
  const all = [...alerts.values()];
  const status = all.some((a) => a.status === "firing") ? "firing" : "resolved";
  const dataJson = JSON.stringify({
    ...last,
    status,
    truncatedAlerts: Math.max(...told.map((d) => d.truncatedAlerts)),
    commonLabels: common(all.map((a) => a.labels)),
    commonAnnotations: common(all.map((a) => a.annotations)),
    alerts: all,
  } satisfies NotificationData);
  const merged: OutgoingNotification = { ...newest, status, dataJson };
  return jsonBytes(merged) > ROW_BYTES - INTEGRATION_BYTES ? undefined : merged;
}
