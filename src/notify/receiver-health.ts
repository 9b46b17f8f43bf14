import { RECEIVER_DOWN, receiverSource } from "../alerting/receiver-alerts";
import type { AlertInstance, FiringSet } from "../core/alerts";

/** What a receiver's failures in a row come to; absent while its last attempt succeeded. JSON in its object. */
export interface ReceiverHealth {
  /** Attempts that failed in a row. */
  readonly failures: number;
  readonly failingSinceMs: number;
  readonly lastFailureMs: number;
  readonly error: string;
  /** Messages that will not be tried again. */
  readonly lost: number;
  /** Since when an alert about it has been raised. */
  readonly raisedAtMs?: number;
}

/** Which integration fails. */
export interface FailingIntegration {
  readonly receiver: string;
  /** `<receiver>/<type>/<index>`. */
  readonly id: string;
  readonly type: string;
}

/** What ReceiverRpc.health tells. */
export interface ReceiverHealthView {
  /** Null where the last attempt succeeded. */
  readonly failing: ReceiverHealth | null;
  readonly waiting: number;
  readonly oldestWaitingMs: number | null;
}

/** Taken apart: a receiver's name may have slashes of its own. */
export function integrationNamed(id: string): FailingIntegration {
  const parts = id.split("/");
  return { id, receiver: parts.slice(0, -2).join("/"), type: parts.at(-2) ?? "" };
}

/** Failing for less than this is a restart of the other side. */
export const DOWN_AFTER_MS = 120_000;
const DOWN_AFTER_FAILURES = 3;
/** How often the alert is handed over while it is so; it expires where that stops. */
export const REPEAT_MS = 60_000;
const LIFETIME_MS = 5 * REPEAT_MS;
/** Nobody has been sent anything for so long that nobody knows whether it would still fail. */
export const FORGET_AFTER_MS = 24 * 3_600_000;

export function withFailure(
  before: ReceiverHealth | undefined,
  failure: { readonly error: string; readonly lost: boolean },
  nowMs: number,
): ReceiverHealth {
  return {
    ...before,
    failures: (before?.failures ?? 0) + 1,
    failingSinceMs: before?.failingSinceMs ?? nowMs,
    lastFailureMs: nowMs,
    error: failure.error,
    lost: (before?.lost ?? 0) + (failure.lost ? 1 : 0),
  };
}

/**
 * `lost`: a message will not arrive, which is reason enough at once; `failing`: for long and often enough;
 * `forgotten`: it was, and nothing was tried for a day.
 */
type HealthVerdict =
  | { readonly down: true; readonly reason: "lost" | "failing" }
  | {
      readonly down: false;
      readonly reason: "delivering" | "short_failure" | "forgotten";
      /** When it may be down though nothing else happens. */
      readonly atMs?: number;
    };

export function judgeHealth(h: ReceiverHealth | undefined, nowMs: number): HealthVerdict {
  if (h === undefined) return { down: false, reason: "delivering" };
  if (nowMs - h.lastFailureMs >= FORGET_AFTER_MS) return { down: false, reason: "forgotten" };
  if (h.lost > 0) return { down: true, reason: "lost" };
  const atMs = h.failingSinceMs + DOWN_AFTER_MS;
  if (h.failures >= DOWN_AFTER_FAILURES && nowMs >= atMs) return { down: true, reason: "failing" };
  return { down: false, reason: "short_failure", atMs: Math.max(atMs, nowMs + 1) };
}

/** The alert that a receiver raises about itself, or its end. `generation` rises with each hand-over. */
export function receiverAlert(
  i: FailingIntegration,
  h: ReceiverHealth,
  status: AlertInstance["status"],
  generation: number,
  nowMs: number,
  externalUrl: string,
): FiringSet {
  const since = new Date(h.failingSinceMs).toISOString();
  const lost = h.lost > 0 ? ` ${h.lost} message${h.lost === 1 ? "" : "s"} will not arrive.` : "";
  return {
    source: receiverSource(i.id),
    generation,
    evaluatedAtMs: nowMs,
    alerts: [
      {
        labels: {
          alertname: RECEIVER_DOWN,
          receiver: i.receiver,
          integration: i.id,
          type: i.type,
          severity: "high",
        },
        annotations: {
          summary: `Receiver ${i.receiver} (${i.type}) takes no messages`,
          description: `${h.failures} failure${h.failures === 1 ? "" : "s"} in a row since ${since}.${lost} The last error: ${h.error}`,
        },
        startsAtMs: h.raisedAtMs ?? nowMs,
        endsAtMs: status === "firing" ? nowMs + LIFETIME_MS : nowMs,
        status,
        generatorUrl: `${externalUrl}/alerts`,
        value: h.failures,
      },
    ],
  };
}
