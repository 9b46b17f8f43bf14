import { expect, it } from "vitest";
import * as fc from "fast-check";
import type { IntegrationType } from "../../src/alerting/config";
import { type RateWindow, nextAllowedMs, rateWindows, withCall } from "../../src/notify/rate-limit";

const NOW = 1_700_000_000_000;

/** Sends as fast as it may for `ms`, asking at the given steps. */
function drive(
  windows: readonly RateWindow[],
  ms: number,
  steps: readonly number[] = [],
): number[] {
  let calls: readonly number[] = [];
  const sent: number[] = [];
  let now = NOW;
  for (let i = 0; now < NOW + ms && sent.length < 5_000; i++) {
    now += steps[i % Math.max(steps.length, 1)] ?? 0;
    now = Math.max(now, nextAllowedMs(windows, calls, now));
    if (now >= NOW + ms) break;
    calls = withCall(windows, calls, now);
    sent.push(now);
  }
  return sent;
}

it.each([
  ["slack", 60],
  ["telegram", 20],
  ["discord", 30],
  ["pagerduty", 120],
  ["email", 30],
] as const)("lets %s have %i a minute and not one more", (type, perMinute) => {
  const sent = drive(rateWindows(type, undefined), 600_000);
  expect(sent.length).toBe(perMinute * 10);
});

it("limits a webhook only where its receiver says so", () => {
  expect(rateWindows("webhook", undefined)).toEqual([]);
  expect(nextAllowedMs([], [], NOW)).toBe(NOW);
  expect(drive(rateWindows("webhook", 2), 600_000)).toHaveLength(20);
  expect(rateWindows("slack", 5)).toEqual([{ count: 5, perMs: 60_000 }]);
});

it("never lets more through in any window, however calls are spaced", () => {
  const types: IntegrationType[] = ["slack", "telegram", "discord", "msteams"];
  fc.assert(
    fc.property(
      fc.constantFrom(...types),
      fc.array(fc.integer({ min: 0, max: 4_000 }), { minLength: 1, maxLength: 20 }),
      (type, steps) => {
        const windows = rateWindows(type, undefined);
        const sent = drive(windows, 300_000, steps);
        for (const { count, perMs } of windows)
          for (let i = count; i < sent.length; i++)
            expect((sent[i] as number) - (sent[i - count] as number)).toBeGreaterThanOrEqual(perMs);
      },
    ),
    { numRuns: 60 },
  );
});

it("waits for no longer than its window where the clock was set back", () => {
  const windows = rateWindows("telegram", undefined);
  const ahead = Array.from({ length: 20 }, (_, i) => NOW + 3_600_000 + i);
  expect(nextAllowedMs(windows, ahead, NOW)).toBe(NOW + 60_000);
});
