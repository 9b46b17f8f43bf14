import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { ReceiverHistory } from "../../durable-objects/receiver-history";
import { Timers } from "../../durable-objects/timers";
import type { OutgoingNotification } from "../../src/core/objects";
import type { Attempt } from "../../src/notify/history";
import { makeNotificationHistory } from "../../src/storage/notification-history";
import { countingDb, refusingDb } from "./d1-double";

let down = false;
const counting = countingDb(env.DB);
const db = refusingDb(counting.db, () => (down ? new Error("D1_ERROR: overloaded") : undefined));
const history = makeNotificationHistory(db, "default");
const stored = () => history.search({ fromMs: 0, toMs: 1e15, limit: 100 });

const message = (id: string): OutgoingNotification => ({
  id,
  receiver: "ops",
  integration: "ops/webhook/0",
  groupKey: "{}:{}",
  status: "firing",
  reason: "first_notification",
  dataJson: "{}",
  decidedAtMs: 1_000,
});

const tried = (attempt: number, outcome: Attempt["outcome"] = "failed"): Attempt => ({
  attempt,
  atMs: 2_000 + attempt,
  latencyMs: 5,
  outcome,
  statusCode: outcome === "failed" ? 500 : 200,
  error: null,
  response: null,
  nextAttemptMs: null,
});

/** The same storage as of another life of the object, each time it is asked for. */
async function inObject<T>(
  name: string,
  work: (h: ReceiverHistory, timers: Timers, state: DurableObjectState) => Promise<T>,
): Promise<T> {
  const stub = env.RECEIVER.getByName(`default/${name}`);
  return await runInDurableObject(stub, async (_, state) => {
    const timers = new Timers(state.storage);
    return await work(
      new ReceiverHistory(state.storage, timers, () => history, Date.now),
      timers,
      state,
    );
  });
}

const left = (state: DurableObjectState): number =>
  state.storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM history").one().n;

it("keeps what D1 refuses, over lives of the object, and brings it there once it may", async () => {
  down = true;
  await inObject("kept", async (h, timers, state) => {
    for (let i = 0; i < 250; i++) {
      h.note(message(`m${i}`), tried(1));
      h.note(message(`m${i}`), tried(2, "delivered"));
    }
    await h.follow();
    expect(left(state)).toBe(250);
    expect(timers.at("history")).toBeGreaterThan(Date.now());
    expect(h.isDue(Date.now() + 60_000)).toBe(true);
  });
  down = false;
  const before = counting.written();
  await inObject("kept", async (h, timers, state) => {
    await h.follow();
    expect(left(state)).toBe(0);
    expect(timers.at("history")).toBeUndefined();
  });
  expect(counting.written() - before).toBe(250);
  const rows = await history.search({ fromMs: 0, toMs: 1e15, limit: 500 });
  expect(rows.length).toBe(250);
  expect(rows.every((r) => r.outcome === "delivered" && r.deliveries.length === 2)).toBe(true);
});

it("tells of the 1st, 2nd, 4th, 8th failure and of the end, and keeps the attempts between", async () => {
  await env.DB.exec("DELETE FROM notifications");
  const seen: (number | undefined)[] = [];
  await inObject("failing", async (h, _timers, state) => {
    for (let n = 1; n <= 30; n++) {
      h.note(message("f"), tried(n));
      await h.follow();
      seen.push((await stored())[0]?.attempts);
    }
    expect(left(state)).toBe(1);
    h.note(message("f"), tried(31, "delivered"));
    await h.follow();
    expect(left(state)).toBe(0);
  });
  expect([...new Set(seen)]).toEqual([1, 2, 4, 8, 16]);
  const [row] = await stored();
  expect(row).toMatchObject({ outcome: "delivered", attempts: 31 });
  expect(row?.deliveries.map((d) => d.attempt)).toEqual(
    Array.from({ length: 20 }, (_, i) => i + 12),
  );
});

it("forgets no attempt that came while the one before was written", async () => {
  await env.DB.exec("DELETE FROM notifications");
  await inObject("race", async (h) => {
    h.note(message("r"), tried(1));
    const first = h.follow();
    h.note(message("r"), tried(2, "delivered"));
    await first;
    // The one that was under way has taken it along.
    expect(await stored()).toMatchObject([{ outcome: "delivered", attempts: 2 }]);
  });
});
