import { expect, it } from "vitest";
import {
  type AttemptResult,
  MAX_AGE_MS,
  MAX_BACKOFF_MS,
  MAX_RETRY_AFTER_MS,
  judgeAttempt,
} from "../../src/notify/retry";

const NOW = 1_700_000_000_000;

function response(status: number, retryAfter: string | null = null): AttemptResult {
  return { kind: "response", status, retryAfter, body: "" };
}

it.each([
  [200, "delivered"],
  [204, "delivered"],
  [301, "rejected"],
  [400, "rejected"],
  [403, "rejected"],
  [404, "rejected"],
  [410, "rejected"],
  [408, "failed"],
  [429, "failed"],
  [500, "failed"],
  [503, "failed"],
])("takes %i for %s", (status, outcome) => {
  expect(judgeAttempt(response(status), 1, NOW, NOW, () => 0.5).outcome).toBe(outcome);
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

it("honours Retry-After as seconds and as a date, within bounds", () => {
  const next = (header: string): unknown =>
    judgeAttempt(response(429, header), 1, NOW, NOW, () => 0);
  expect(next("30")).toEqual({
    outcome: "failed",
    nextAttemptMs: NOW + 30_000,
    holdReceiver: true,
  });
  expect(next(new Date(NOW + 60_000).toUTCString())).toMatchObject({ nextAttemptMs: NOW + 60_000 });
  expect(next("999999")).toMatchObject({ nextAttemptMs: NOW + MAX_RETRY_AFTER_MS });
  expect(next("soon")).toEqual({
    outcome: "failed",
    nextAttemptMs: NOW + 500,
    holdReceiver: false,
  });
});

it("gives up after a day", () => {
  const last = (age: number): string =>
    judgeAttempt(response(500), 300, NOW - age, NOW, () => 1).outcome;
  expect(last(MAX_AGE_MS - MAX_BACKOFF_MS)).toBe("failed");
  expect(last(MAX_AGE_MS - MAX_BACKOFF_MS + 1)).toBe("gave_up");
});
