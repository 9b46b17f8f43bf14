import { expect, it } from "vitest";
import { type QueuedMessage, nextToSend, nextWake, supersededBy } from "../../src/notify/outbox";

function message(
  seq: number,
  group: string,
  nextAttemptMs: number,
  alerts: string[] = [],
  attempts = 0,
): QueuedMessage {
  return {
    seq,
    enqueuedAtMs: 0,
    attempts,
    nextAttemptMs,
    notification: {
      id: String(seq),
      receiver: "r",
      integration: "r/webhook/0",
      groupKey: group,
      status: "firing",
      reason: "new_alerts",
      dataJson: JSON.stringify({ alerts: alerts.map((fingerprint) => ({ fingerprint })) }),
    },
  };
}

const seqs = (list: readonly QueuedMessage[]): number[] => list.map((m) => m.seq);

it("sends the oldest of each group, and never past one that waits", () => {
  const queue = [message(1, "a", 50), message(2, "a", 0), message(3, "b", 0), message(4, "c", 0)];
  expect(seqs(nextToSend(queue, new Set(), 0, 10, 10))).toEqual([3, 4]);
  expect(seqs(nextToSend(queue, new Set(["b"]), 0, 10, 60))).toEqual([1, 4]);
  expect(seqs(nextToSend(queue, new Set(), 0, 1, 60))).toEqual([1]);
  expect(seqs(nextToSend(queue, new Set(), 0, 0, 60))).toEqual([]);
  expect(seqs(nextToSend(queue, new Set(), 100, 10, 60))).toEqual([]);
});

it("wakes for the earliest head, not before the receiver's hold ends", () => {
  const queue = [message(1, "a", 50), message(2, "a", 0), message(3, "b", 70)];
  expect(nextWake(queue, 0)).toBe(50);
  expect(nextWake(queue, 60)).toBe(60);
  expect(nextWake([], 0)).toBeUndefined();
});

it("drops what failed and is said again by a newer message, and keeps what is not", () => {
  const queue = [
    message(1, "a", 0, ["x"], 2),
    message(2, "a", 0, ["x", "gone"], 1),
    message(3, "a", 0, ["x"], 0),
    message(4, "a", 0, ["x"], 1),
    message(5, "b", 0, ["x"], 1),
  ];
  const newer = message(9, "a", 0, ["x", "y"]).notification;
  expect(seqs(supersededBy(newer, queue, new Set([4])))).toEqual([1]);
});
