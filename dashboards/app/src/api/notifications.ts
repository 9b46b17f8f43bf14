import type { NotificationLogEntry } from "../../../../src/alerting/model";
import type { DeliveryLogEntry } from "../../../../src/notify/model";

export type Delivery = DeliveryLogEntry;

/** A decision of the router with every attempt to deliver it, oldest first. */
export interface NotificationEntry extends NotificationLogEntry {
  readonly deliveries: readonly Delivery[];
}

/** GET /api/v1/notifications, newest first. */
export interface Notifications {
  readonly notifications: readonly NotificationEntry[];
  readonly next_cursor?: string;
}
