import { expect, it } from "vitest";
import {
  DOWN_AFTER_MS,
  FORGET_AFTER_MS,
  type ReceiverHealth,
  integrationNamed,
  judgeHealth,
  receiverAlert,
  withFailure,
} from "../../src/notify/receiver-health";

const NOW = 1_700_000_000_000;

function failing(times: readonly number[], lost: boolean = false): ReceiverHealth | undefined {
  let h: ReceiverHealth | undefined;
  for (const t of times) h = withFailure(h, { error: "HTTP 500", lost }, NOW + t);
  return h;
}

it("is down after two minutes and three failures, not sooner", () => {
  expect(judgeHealth(undefined, NOW)).toEqual({ down: false, reason: "delivering" });
  const h = failing([0, 1_000, 3_000]);
  expect(judgeHealth(h, NOW + 3_000)).toEqual({
    down: false,
    reason: "short_failure",
    atMs: NOW + DOWN_AFTER_MS,
  });
  expect(judgeHealth(h, NOW + DOWN_AFTER_MS)).toEqual({ down: true, reason: "failing" });
  expect(judgeHealth(failing([0]), NOW + DOWN_AFTER_MS)).toMatchObject({
    down: false,
    reason: "short_failure",
  });
});

it("is down at once where a message is lost", () => {
  expect(judgeHealth(failing([0], true), NOW)).toEqual({ down: true, reason: "lost" });
});

it("is forgotten a day after the last attempt", () => {
  expect(judgeHealth(failing([0, 1, 2], true), NOW + 2 + FORGET_AFTER_MS)).toEqual({
    down: false,
    reason: "forgotten",
  });
});

it("raises an alert that names the receiver and its last error, and ends it", () => {
  const h = { ...failing([0, 1, 2], true), raisedAtMs: NOW + 5 } as ReceiverHealth;
  const i = integrationNamed("team/a/slack/0");
  expect(i).toEqual({ id: "team/a/slack/0", receiver: "team/a", type: "slack" });
  const set = receiverAlert(i, h, "firing", 7, NOW + 10, "https://v.example");
  expect(set).toMatchObject({
    source: "receiver/team/a/slack/0",
    generation: 7,
    alerts: [
      {
        labels: {
          alertname: "VedetteReceiverDown",
          receiver: "team/a",
          integration: "team/a/slack/0",
          type: "slack",
          severity: "high",
        },
        status: "firing",
        startsAtMs: NOW + 5,
        endsAtMs: NOW + 10 + 300_000,
        value: 3,
      },
    ],
  });
  expect(set.alerts[0]?.annotations["description"]).toBe(
    "3 failures in a row since 2023-11-14T22:13:20.000Z. 3 messages will not arrive. The last error: HTTP 500",
  );
  const over = receiverAlert(i, h, "resolved", 8, NOW + 20, "");
  expect(over.alerts[0]).toMatchObject({ status: "resolved", endsAtMs: NOW + 20 });
});
