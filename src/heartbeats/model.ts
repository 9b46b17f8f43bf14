import type { StringMap } from "../core/alerts";

/** When a heartbeat's pings are expected. */
export type PingSchedule =
  | { readonly kind: "every"; readonly everyMs: number }
  /** A cron pattern in an IANA time zone. */
  | { readonly kind: "cron"; readonly pattern: string; readonly timeZone: string };

/** A dead-man's switch as it is configured: an alert when nobody pings it. */
export interface HeartbeatSpec {
  readonly name: string;
  readonly schedule: PingSchedule;
  /** How late a ping may be. */
  readonly graceMs: number;
  /** How long a run may take from its `/start`; absent: until the next ping is due. */
  readonly maxRunMs?: number;
  readonly severity: string;
  readonly labels: StringMap;
  readonly annotations: StringMap;
  /** It neither expects pings nor alerts. */
  readonly paused: boolean;
  /** Who owns it: a configuration file replaces its own alone. */
  readonly origin: "api" | "config";
}

export interface Ping {
  readonly atMs: number;
  readonly kind: "success" | "start" | "fail";
  readonly exitCode?: number;
  /** What the pinger said, cut. */
  readonly note?: string;
  /** From the start of the run, where that was told. */
  readonly runMs?: number;
}

/** Why an alert stands. */
export type MissingReason =
  /** No ping came in time. */
  | "missed"
  /** A run began and took too long. */
  | "overrun"
  /** The job itself said so. */
  | "failed";

/** Everything about one heartbeat. */
export interface Heartbeat {
  readonly spec: HeartbeatSpec;
  /** Part of its secret address; another one makes the old address useless. */
  readonly keyId: string;
  /** From when on pings are expected: made, changed or resumed. */
  readonly sinceMs: number;
  readonly lastSuccessMs?: number;
  /** Of a run that has not ended. */
  readonly runningSinceMs?: number;
  readonly missing?: { readonly sinceMs: number; readonly reason: MissingReason };
  /** The newest first. */
  readonly pings: readonly Ping[];
  /** The router is yet to hear of the last change. */
  readonly untold: boolean;
  /** It is to go as soon as the router has heard. */
  readonly removed?: true;
}

export type HeartbeatStatus = "new" | "up" | "running" | "late" | "missing" | "paused";
