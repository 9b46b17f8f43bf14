import type { NotificationLogEntry } from "../../../../src/alerting/model";

export type NotificationEntry = NotificationLogEntry;

/** GET /api/v1/notifications, newest first. */
export interface Notifications {
  readonly notifications: readonly NotificationEntry[];
}
