import { expect, it } from "vitest";
import type { NotificationData } from "../../src/alerting/notification-data";
import type { OutgoingNotification } from "../../src/core/objects";
import { mergeMessages } from "../../src/notify/merge";
import { alert, data } from "./data";

function outgoing(id: string, of: NotificationData, reason = "new_alerts"): OutgoingNotification {
  return {
    id,
    receiver: "ops",
    integration: "ops/slack/0",
    groupKey: of.groupKey,
    status: of.status,
    reason,
    dataJson: JSON.stringify(of),
  };
}

const a = alert({ alertname: "A", x: "1" }, { fingerprint: "a" });
const b = alert({ alertname: "A", x: "2" }, { fingerprint: "b" });
const ended = { status: "resolved" } as const;

it("says of each alert what the last message said of it", () => {
  const merged = mergeMessages([
    outgoing("1", data([a])),
    outgoing("2", data([{ ...a, ...ended }, b])),
    outgoing("3", data([{ ...b, ...ended }])),
  ]);
  expect(merged).toMatchObject({ id: "3", status: "resolved" });
  const said = JSON.parse(merged?.dataJson ?? "") as NotificationData;
  expect(said.alerts.map((x) => [x.fingerprint, x.status])).toEqual([
    ["a", "resolved"],
    ["b", "resolved"],
  ]);
  expect(said.commonLabels).toEqual({ alertname: "A" });
});

it("still fires where one of them does", () => {
  const merged = mergeMessages([
    outgoing("1", data([a])),
    outgoing("2", data([{ ...b, ...ended }])),
  ]);
  expect(merged?.status).toBe("firing");
});

it("leaves alone what speaks of something else, and what would be too large", () => {
  const one = outgoing("1", data([a]));
  for (const reason of ["escalation", "report", "test"]) {
    expect(mergeMessages([one, outgoing("2", data([b]), reason)])).toBeUndefined();
  }
  const big = { annotations: { text: "x".repeat(600_000) } };
  expect(
    mergeMessages([
      outgoing("1", data([{ ...a, ...big }])),
      outgoing("2", data([{ ...b, ...big }])),
    ]),
  ).toBeUndefined();
  expect(mergeMessages([])).toBeUndefined();
});
