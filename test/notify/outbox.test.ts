import { expect, it } from "vitest";
import {
  type WaitingMessage,
  nextToSend,
  nextWake,
  shouldMerge,
  supersededBy,
} from "../../src/notify/outbox";

function message(
  seq: number,
  groupKey: string,
  nextAttemptMs: number,
  alerts: readonly string[] = [],
  attempts = 0,
): WaitingMessage {
  return { seq, groupKey, enqueuedAtMs: 0, attempts, nextAttemptMs, alerts };
}

const seqs = (list: readonly { readonly seq: number }[]): number[] => list.map((m) => m.seq);

it("sends the oldest of each group, and never past one that waits", () => {
  const queue = [message(1, "a", 50), message(2, "a", 0), message(3, "b", 0), message(4, "c", 0)];
  expect(seqs(nextToSend(queue, new Set(), 10, 10))).toEqual([3, 4]);
  expect(seqs(nextToSend(queue, new Set(["b"]), 10, 60))).toEqual([1, 4]);
  expect(seqs(nextToSend(queue, new Set(), 1, 60))).toEqual([1]);
  expect(seqs(nextToSend(queue, new Set(), 0, 60))).toEqual([]);
});

it("wakes for the earliest head, not before the receiver may be called", () => {
  const queue = [message(1, "a", 50), message(2, "a", 0), message(3, "b", 70)];
  expect(nextWake(queue, 0)).toBe(50);
  expect(nextWake(queue, 60)).toBe(60);
  expect(nextWake([], 0)).toBeUndefined();
});

it("drops what failed and is said again by a newer message, and keeps what is not", () => {
  const waiting = [
    message(1, "a", 0, ["x"], 2),
    message(2, "a", 0, ["x", "gone"], 1),
    message(3, "a", 0, ["x"], 0),
  ];
  expect(seqs(supersededBy(["x", "y"], waiting))).toEqual([1]);
});

it("makes one message of many only where they cannot leave anyway", () => {
  const fresh = [message(1, "a", 0)];
  expect(shouldMerge([], true)).toBe(false);
  expect(shouldMerge(fresh, false)).toBe(false);
  expect(shouldMerge(fresh, true)).toBe(true);
  expect(shouldMerge([message(1, "a", 0, [], 2)], false)).toBe(false);
  expect(shouldMerge([message(1, "a", 0, [], 3), message(2, "a", 0)], false)).toBe(true);
});
