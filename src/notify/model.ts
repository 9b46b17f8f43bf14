import type { NotificationData } from "../alerting/notification-data";

/** One attempt, or what became of a message without one. */
export interface DeliveryLogEntry {
  readonly notificationId: string;
  readonly groupKey: string;
  readonly receiver: string;
  readonly integration: string;
  readonly status: "firing" | "resolved";
  /** Why the message was sent. */
  readonly reason: string;
  /** From 1. */
  readonly attempt: number;
  readonly atMs: number;
  readonly latencyMs: number;
  readonly outcome: DeliveryOutcome;
  readonly statusCode: number | null;
  readonly error: string | null;
  /** The first characters of the other side's answer; absent in entries of an earlier version. */
  readonly response?: string | null;
  readonly nextAttemptMs: number | null;
}

export type DeliveryOutcome =
  | "delivered"
  /** It will be tried again. */
  | "failed"
  /** The other side says that trying again is of no use. */
  | "rejected"
  /** Tried for as long as a message is worth it. */
  | "gave_up"
  /** A newer message says all that this one said. */
  | "superseded"
  /** The address may not be called. */
  | "url_refused"
  /** The deployment has no way to send mail. */
  | "no_mail_provider";

/** A message of a built-in receiver, as the page /receiver shows it. */
export interface InboxMessage {
  readonly id: string;
  readonly receivedAtMs: number;
  readonly receiver: string;
  readonly groupKey: string;
  readonly status: "firing" | "resolved";
  readonly reason: string;
  /** The webhook v4 message. */
  readonly data: NotificationData;
}

/** What goes over the wire. */
export interface OutgoingRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
