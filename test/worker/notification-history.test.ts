import { env, exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import type { NotificationLogEntry } from "../../src/alerting/model";
import type { DeliveryRecord, NotificationQuery, PastNotification } from "../../src/notify/history";
import { makeNotificationHistory } from "../../src/storage/notification-history";
import { countingDb } from "./d1-double";

const history = makeNotificationHistory(env.DB, "default");

function decision(
  id: string,
  atMs: number,
  more: Partial<NotificationLogEntry> = {},
): NotificationLogEntry {
  return {
    id,
    atMs,
    groupKey: '{}:{alertname="A"}',
    receiver: "ops",
    integration: "ops/webhook/0",
    decision: "sent",
    reason: "first_notification",
    status: "firing",
    firing: ["00000000000000aa"],
    resolved: [],
    suppressed: { "00000000000000bb": "silenced" },
    alertNames: ["A"],
    ...more,
  };
}

function delivery(
  id: string,
  atMs: number,
  outcomes: readonly DeliveryRecord["log"][number]["outcome"][],
): DeliveryRecord {
  return {
    id,
    atMs,
    receiver: "ops",
    integration: "ops/webhook/0",
    groupKey: '{}:{alertname="A"}',
    reason: "first_notification",
    status: "firing",
    alertNames: [],
    firing: [],
    resolved: [],
    attempts: outcomes.length,
    log: outcomes.map((outcome, i) => ({
      attempt: i + 1,
      atMs: atMs + 10 * (i + 1),
      latencyMs: 7,
      outcome,
      statusCode: outcome === "delivered" ? 200 : 500,
      error: outcome === "delivered" ? null : "HTTP 500: it's down",
      response: outcome === "delivered" ? "ok" : "it's down",
      nextAttemptMs: null,
    })),
  };
}

const search = (q: Partial<NotificationQuery>): Promise<PastNotification[]> =>
  history.search({ fromMs: 0, toMs: 1_000, limit: 100, ...q });

it("makes one row of a decision and its delivery, whichever comes first and however often", async () => {
  await history.recordDecisions([decision("d", 100)]);
  await history.recordDeliveries([delivery("d", 100, ["failed"])]);
  await history.recordDeliveries([delivery("d", 100, ["failed", "delivered"])]);
  await history.recordDeliveries([delivery("d", 100, ["failed"])]);
  await history.recordDecisions([decision("d", 100)]);
  await history.recordDeliveries([delivery("r", 200, ["delivered"])]);
  await history.recordDecisions([decision("r", 200)]);
  const [late, early, ...rest] = await search({});
  expect(rest).toEqual([]);
  expect(early).toEqual({
    ...decision("d", 100),
    outcome: "delivered",
    attempts: 2,
    lastAttemptMs: 120,
    latencyMs: 7,
    statusCode: 200,
    error: null,
    response: "ok",
    deliveries: [
      expect.objectContaining({ notificationId: "d", attempt: 1, outcome: "failed" }),
      expect.objectContaining({ notificationId: "d", attempt: 2, outcome: "delivered" }),
    ],
  });
  expect(late).toMatchObject({ ...decision("r", 200), outcome: "delivered", attempts: 1 });
});

it("finds by every field, and by text whatever the case", async () => {
  await history.recordDecisions([
    decision("h", 300, {
      decision: "held",
      reason: "silenced",
      firing: [],
      alertNames: ["DiskFull"],
    }),
    decision("p", 310, { receiver: "pager", integration: "pager/pagerduty/0" }),
  ]);
  const ids = async (q: Partial<NotificationQuery>): Promise<string[]> =>
    (await search(q)).map((n) => n.id);
  expect(await ids({ decision: "held" })).toEqual(["h"]);
  expect(await ids({ receiver: "pager" })).toEqual(["p"]);
  expect(await ids({ integration: "pager/pagerduty/0" })).toEqual(["p"]);
  expect(await ids({ reason: "silenced" })).toEqual(["h"]);
  expect(await ids({ outcome: "delivered" })).toEqual(["r", "d"]);
  expect(await ids({ outcome: "none" })).toEqual(["p", "h"]);
  expect(await ids({ alert: "00000000000000aa" })).toEqual(["p", "r", "d"]);
  expect(await ids({ alert: "00000000000000bb" })).toEqual(["p", "h", "r", "d"]);
  expect(await ids({ alert: "0000" })).toEqual([]);
  expect(await ids({ text: "diskfull" })).toEqual(["h"]);
  expect(await ids({ text: "OK" })).toEqual(["r", "d"]);
  expect(await ids({ fromMs: 200, toMs: 310 })).toEqual(["h", "r"]);
  expect(await ids({ after: { atMs: 300, id: "h" }, limit: 1 })).toEqual(["r"]);
  expect(
    await makeNotificationHistory(env.DB, "other").search({ fromMs: 0, toMs: 1_000, limit: 9 }),
  ).toEqual([]);
});

it("costs a row written a decision and a row a delivery", async () => {
  const counting = countingDb(env.DB);
  const counted = makeNotificationHistory(counting.db, "counted");
  const many = Array.from({ length: 1_200 }, (_, i) => `n${i}`);
  await counted.recordDecisions(many.map((id, i) => decision(id, i)));
  expect(counting.written()).toBe(1_200);
  await counted.recordDeliveries(many.map((id, i) => delivery(id, i, ["delivered"])));
  expect(counting.written()).toBe(2_400);
  expect(await counted.deleteBefore(600, 500)).toBe(500);
  expect(await counted.deleteBefore(600, 500)).toBe(100);
});

it("answers by API page by page, and refuses by name what it cannot read", async () => {
  const get = async (query: string): Promise<{ status: number; body: Answer }> => {
    const r = await exports.default.fetch(`http://vedette.test/api/v1/notifications?${query}`, {
      headers: { authorization: "Bearer vdt_read_local" },
    });
    return { status: r.status, body: (await r.json()) as Answer };
  };
  const first = await get("from=0&to=1000&limit=3");
  expect(first.body.notifications.map((n) => n.id)).toEqual(["p", "h", "r"]);
  const second = await get(`from=0&to=1000&limit=3&cursor=${first.body.next_cursor ?? ""}`);
  expect(second.body.notifications.map((n) => n.id)).toEqual(["d"]);
  expect(second.body.next_cursor).toBeUndefined();
  expect(
    (await get("from=0&to=1000&outcome=none&q=disk")).body.notifications.map((n) => n.id),
  ).toEqual(["h"]);
  for (const [query, code] of [
    ["decision=perhaps", "parameter_malformed"],
    ["outcome=well", "parameter_malformed"],
    [`q=${"x".repeat(1_001)}`, "parameter_malformed"],
    ["cursor=!", "cursor_invalid"],
    ["to=never", "time_invalid"],
    ["limit=0", "limit_invalid"],
  ] as const)
    expect([query, await get(query)]).toMatchObject([query, { status: 400, body: { code } }]);
});

interface Answer {
  readonly notifications: readonly { readonly id: string }[];
  readonly next_cursor?: string;
  readonly code?: string;
}
