import { expect, it } from "vitest";
import {
  type AttemptResult,
  MAX_AGE_MS,
  MAX_BACKOFF_MS,
  MAX_RETRY_AFTER_MS,
  judgeAttempt,
  parseRetryAfter,
} from "../../src/notify/retry";

const NOW = 1_700_000_000_000;

function refused(retryAfterMs?: number): AttemptResult {
  return {
    kind: "refused",
    status: 429,
    error: "HTTP 429",
    again: "later",
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

it("delivers what was taken and rejects what will not get better", () => {
  const outcome = (r: AttemptResult): string => judgeAttempt(r, 1, NOW, NOW, () => 0.5).outcome;
  expect(outcome({ kind: "taken", status: 202 })).toBe("delivered");
  expect(outcome({ kind: "refused", status: 400, error: "", again: "never" })).toBe("rejected");
  // The plain form was refused as well.
  expect(outcome({ kind: "refused", status: 400, error: "", again: "plain" })).toBe("rejected");
  expect(outcome(refused())).toBe("failed");
});

it("waits twice as long each time, between half and all of it, up to five minutes", () => {
  const wait = (attempt: number, random: number): number => {
    const v = judgeAttempt({ kind: "no_response", error: "x" }, attempt, NOW, NOW, () => random);
    if (v.outcome !== "failed") throw new Error(v.outcome);
    return v.nextAttemptMs - NOW;
  };
  expect([1, 2, 3, 4].map((n) => wait(n, 0))).toEqual([500, 1_000, 2_000, 4_000]);
  expect([1, 2, 3, 4].map((n) => wait(n, 1))).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(wait(50, 1)).toBe(MAX_BACKOFF_MS);
});

it("honours the quiet that was asked for, within bounds", () => {
  const next = (ms?: number): unknown => judgeAttempt(refused(ms), 1, NOW, NOW, () => 0);
  expect(next(30_000)).toEqual({
    outcome: "failed",
    nextAttemptMs: NOW + 30_000,
    holdReceiver: true,
  });
  expect(next(99_999_999)).toMatchObject({ nextAttemptMs: NOW + MAX_RETRY_AFTER_MS });
  expect(next()).toEqual({ outcome: "failed", nextAttemptMs: NOW + 500, holdReceiver: false });
});

it("reads Retry-After as seconds and as a date", () => {
  expect(parseRetryAfter("30", NOW)).toBe(30_000);
  expect(parseRetryAfter("0.25", NOW)).toBe(250);
  expect(parseRetryAfter(new Date(NOW + 60_000).toUTCString(), NOW)).toBe(60_000);
  expect(parseRetryAfter(new Date(NOW - 60_000).toUTCString(), NOW)).toBe(0);
  expect(parseRetryAfter("999999", NOW)).toBe(MAX_RETRY_AFTER_MS);
  expect(parseRetryAfter("soon", NOW)).toBeUndefined();
  expect(parseRetryAfter(null, NOW)).toBeUndefined();
});

it("gives up after a day", () => {
  const last = (age: number): string =>
    judgeAttempt(refused(), 300, NOW - age, NOW, () => 1).outcome;
  expect(last(MAX_AGE_MS - MAX_BACKOFF_MS)).toBe("failed");
  expect(last(MAX_AGE_MS - MAX_BACKOFF_MS + 1)).toBe("gave_up");
});
