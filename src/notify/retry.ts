import type { Random } from "../core/clock";

/** How one attempt ended. */
export type AttemptResult =
  | {
      readonly kind: "response";
      readonly status: number;
      /** The header Retry-After as it came. */
      readonly retryAfter: string | null;
      /** The first characters of the body, for the log. */
      readonly body: string;
    }
  | { readonly kind: "no_response"; readonly error: string };

export type AttemptVerdict =
  | { readonly outcome: "delivered" }
  /** `holdReceiver`: the other side asked for quiet, so that all its messages wait. */
  | { readonly outcome: "failed"; readonly nextAttemptMs: number; readonly holdReceiver: boolean }
  | { readonly outcome: "rejected" }
  | { readonly outcome: "gave_up" };

export const FIRST_BACKOFF_MS = 1_000;
export const MAX_BACKOFF_MS = 300_000;
/** A message is not worth sending after this. */
export const MAX_AGE_MS = 24 * 3_600_000;
/** A receiver that asks for more quiet than this gets this much. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * 2xx is taken. 429, 408 and 5xx, and no answer at all, are tried again with doubling waits and
 * full jitter, or after Retry-After. Everything else, redirects included, will not get better.
 */
export function judgeAttempt(
  result: AttemptResult,
  attempt: number,
  enqueuedAtMs: number,
  nowMs: number,
  random: Random,
): AttemptVerdict {
  if (result.kind === "response") {
    if (result.status >= 200 && result.status < 300) return { outcome: "delivered" };
    const again = result.status >= 500 || result.status === 429 || result.status === 408;
    if (!again) return { outcome: "rejected" };
  }
  const asked = result.kind === "response" ? parseRetryAfter(result.retryAfter, nowMs) : undefined;
  const ceiling = Math.min(FIRST_BACKOFF_MS * 2 ** (attempt - 1), MAX_BACKOFF_MS);
  // At least half of it, so that jitter never turns into a hot loop.
  const waitMs = asked ?? Math.round(ceiling / 2 + (ceiling / 2) * random());
  const nextAttemptMs = nowMs + waitMs;
  if (nextAttemptMs - enqueuedAtMs > MAX_AGE_MS) return { outcome: "gave_up" };
  return { outcome: "failed", nextAttemptMs, holdReceiver: asked !== undefined };
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3), as milliseconds from now. */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  if (Number.isNaN(ms)) return undefined;
  return Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}
