import type { HoldReason, NotificationLogEntry } from "../alerting/model";
import type { DeliveryLogEntry, DeliveryOutcome } from "./model";

/** A message that was decided on, with what became of it. */
export interface PastNotification {
  readonly id: string;
  readonly atMs: number;
  readonly receiver: string;
  readonly integration: string;
  readonly groupKey: string;
  readonly decision: "sent" | "held";
  /** Why: a NotifyReason, or `escalation`, `report`, `test`. */
  readonly reason: string;
  readonly status: "firing" | "resolved";
  readonly alertNames: readonly string[];
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
  readonly suppressed: Readonly<Record<string, HoldReason>>;
  /** The last attempt's; null before the first. */
  readonly outcome: DeliveryOutcome | null;
  readonly attempts: number;
  readonly lastAttemptMs: number | null;
  readonly latencyMs: number | null;
  readonly statusCode: number | null;
  readonly error: string | null;
  /** The first characters of the other side's answer. */
  readonly response: string | null;
  /** Oldest first; of many the latest. */
  readonly deliveries: readonly DeliveryLogEntry[];
}

/** What a Receiver tells of one message: who it went to and how its attempts ended so far. */
export interface DeliveryRecord {
  readonly id: string;
  readonly atMs: number;
  readonly receiver: string;
  readonly integration: string;
  readonly groupKey: string;
  readonly reason: string;
  readonly status: "firing" | "resolved";
  readonly alertNames: readonly string[];
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
  readonly attempts: number;
  readonly log: readonly Attempt[];
}

/** One attempt of a DeliveryRecord, whose other fields are the record's. */
export interface Attempt {
  readonly attempt: number;
  readonly atMs: number;
  readonly latencyMs: number;
  readonly outcome: DeliveryOutcome;
  readonly statusCode: number | null;
  readonly error: string | null;
  readonly response: string | null;
  readonly nextAttemptMs: number | null;
}

/** Where a page of the history ended: the next one begins behind it. */
export interface HistoryPosition {
  readonly atMs: number;
  readonly id: string;
}

/** All that are given must hold. */
export interface NotificationQuery {
  readonly fromMs: number;
  readonly toMs: number;
  readonly receiver?: string;
  readonly integration?: string;
  readonly decision?: "sent" | "held";
  readonly reason?: string;
  /** `none`: no attempt is known. */
  readonly outcome?: DeliveryOutcome | "none";
  /** A fingerprint of an alert that it speaks of, or that was left out of it. */
  readonly alert?: string;
  /** Text within receiver, group, names of alerts, error or response, whatever the case. */
  readonly text?: string;
  readonly after?: HistoryPosition;
  readonly limit: number;
}

/** The past of a project's notifications: one record a message, however often it is written. */
export interface NotificationHistory {
  recordDecisions(entries: readonly NotificationLogEntry[]): Promise<void>;
  recordDeliveries(records: readonly DeliveryRecord[]): Promise<void>;
  /** Newest first. */
  search(query: NotificationQuery): Promise<PastNotification[]>;
  /** Gives the rows deleted. */
  deleteBefore(beforeMs: number, limit: number): Promise<number>;
}
