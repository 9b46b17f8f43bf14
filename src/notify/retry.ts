import type { Random } from "../core/clock";

/** How one attempt ended, whatever the other side's way to say it (answer.ts). */
export type AttemptResult =
  | { readonly kind: "taken"; readonly status: number | null }
  | {
      readonly kind: "refused";
      /** Null where no HTTP was spoken. */
      readonly status: number | null;
      readonly error: string;
      /** `plain`: at once, in the message's plain form. */
      readonly again: "later" | "never" | "plain";
      /** The quiet that was asked for, from now. */
      readonly retryAfterMs?: number;
    }
  | { readonly kind: "no_response"; readonly error: string };

export type AttemptVerdict =
  | { readonly outcome: "delivered" }
  /** `holdReceiver`: the other side asked for quiet, so that all its messages wait. */
  | { readonly outcome: "failed"; readonly nextAttemptMs: number; readonly holdReceiver: boolean }
  | { readonly outcome: "rejected" }
  | { readonly outcome: "gave_up" };

const FIRST_BACKOFF_MS = 1_000;
export const MAX_BACKOFF_MS = 300_000;
/** A message is not worth sending after this. */
export const MAX_AGE_MS = 24 * 3_600_000;
/** A receiver that asks for more quiet than this gets this much. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * What is tried again waits twice as long each time with full jitter, or for as long as the other side
 * asked, or longer where its own wait is the longer one. Everything else will not get better.
 */
export function judgeAttempt(
  result: AttemptResult,
  attempt: number,
  enqueuedAtMs: number,
  nowMs: number,
  random: Random,
): AttemptVerdict {
  if (result.kind === "taken") return { outcome: "delivered" };
  if (result.kind === "refused" && result.again !== "later") return { outcome: "rejected" };
  const asked = result.kind === "refused" ? result.retryAfterMs : undefined;
  const ceiling = Math.min(FIRST_BACKOFF_MS * 2 ** (attempt - 1), MAX_BACKOFF_MS);
  // At least half of it, so that jitter never turns into a hot loop.
  const waitMs = asked ?? Math.round(ceiling / 2 + (ceiling / 2) * random());
  const nextAttemptMs = nowMs + Math.min(waitMs, MAX_RETRY_AFTER_MS);
  if (nextAttemptMs - enqueuedAtMs > MAX_AGE_MS) return { outcome: "gave_up" };
  return { outcome: "failed", nextAttemptMs, holdReceiver: asked !== undefined };
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3), as milliseconds from now. */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  if (Number.isNaN(ms)) return undefined;
  return Math.min(Math.max(Math.ceil(ms), 0), MAX_RETRY_AFTER_MS);
}
