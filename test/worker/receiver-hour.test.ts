import { env } from "cloudflare:workers";
import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Integration } from "../../src/alerting/config";
import type { ActiveAlert } from "../../src/alerting/model";
import type { NotificationData } from "../../src/alerting/notification-data";
import type { AlertRouterRpc, OutgoingNotification, ReceiverRpc } from "../../src/core/objects";
import type { ReceiverHealthView } from "../../src/notify/receiver-health";
import { alert, data } from "../notify/data";

const MINUTE = 60_000;
const GROUPS = 5;
const realFetch = globalThis.fetch;
const realNow = Date.now;
let ahead = 0;
let broken = true;
const told: { readonly url: string; readonly data: NotificationData; readonly atMs: number }[] = [];

beforeEach(() => {
  ahead = 0;
  broken = true;
  Date.now = () => realNow() + ahead;
  globalThis.fetch = ((input: RequestInfo | URL, init?: RequestInit) => {
    const url = String(input);
    if (url.endsWith("/broken") && broken)
      return Promise.resolve(new Response("down", { status: 503 }));
    told.push({
      url,
      data: JSON.parse(String(init?.body)) as NotificationData,
      atMs: Date.now(),
    });
    return Promise.resolve(new Response("ok"));
  }) as typeof fetch;
});
afterEach(() => {
  globalThis.fetch = realFetch;
  Date.now = realNow;
});

interface Side {
  readonly rpc: ReceiverRpc;
  readonly stub: DurableObjectStub;
  readonly id: string;
  readonly json: string;
}

function side(name: string): Side {
  const id = `${name}/webhook/0`;
  const stub = env.RECEIVER.getByName(`default/${id}`);
  const integration: Integration = {
    type: "webhook",
    id,
    sendResolved: true,
    url: `https://example.com/${name}`,
    maxAlerts: 0,
  };
  // The stub answers any method by RPC; the interface says which the class has.
  return { rpc: stub as unknown as ReceiverRpc, stub, id, json: JSON.stringify(integration) };
}

/** Each minute one of the groups changes: its alert begins, or ends. */
function message(to: Side, minute: number): OutgoingNotification {
  const group = minute % GROUPS;
  const status = Math.floor(minute / GROUPS) % 2 === 0 ? "firing" : "resolved";
  const of = data([alert({ alertname: `G${group}` }, { fingerprint: `g${group}`, status })], {
    groupKey: `group ${group}`,
  });
  return {
    id: `${to.id}-${minute}`,
    receiver: to.id.split("/")[0] ?? "",
    integration: to.id,
    groupKey: of.groupKey,
    status,
    reason: "new_alerts",
    dataJson: JSON.stringify(of),
  };
}

async function health(of: Side): Promise<ReceiverHealthView> {
  return JSON.parse(await of.rpc.health()) as ReceiverHealthView;
}

async function downAlerts(id: string): Promise<readonly ActiveAlert[]> {
  // As above.
  const router = env.ALERT_ROUTER.getByName("default/router") as unknown as AlertRouterRpc;
  const all = JSON.parse(await router.alerts()) as ActiveAlert[];
  return all.filter((a) => a.labels["integration"] === id && a.status === "firing");
}

it("an hour of failures: the other receiver on time, each alert's last word kept, an alert about it all along", async () => {
  const sound = side("sound");
  const failing = side("broken");
  for (let minute = 0; minute < 60; minute++) {
    ahead = minute * MINUTE;
    const start = Date.now();
    await failing.rpc.enqueue(failing.json, message(failing, minute));
    await sound.rpc.enqueue(sound.json, message(sound, minute));
    await vi.waitFor(() =>
      expect(told.filter((t) => t.url.endsWith("/sound"))).toHaveLength(minute + 1),
    );
    expect(Date.now() - start).toBeLessThan(5_000);
    // Whatever of the failing one has become due within the minute.
    ahead += MINUTE - 1;
    await runDurableObjectAlarm(failing.stub);
    if (minute >= 5)
      await vi.waitFor(async () => expect(await downAlerts(failing.id)).toHaveLength(1));
  }
  const { failing: why, waiting } = await health(failing);
  expect(why?.failures).toBeGreaterThan(10);
  expect(why?.lost).toBe(0);
  // A message for each group, not one for each change.
  expect(waiting).toBeLessThanOrEqual(GROUPS * 3);

  broken = false;
  for (let i = 0; i < 20 && (await health(failing)).waiting > 0; i++) {
    ahead += 5 * MINUTE;
    await runDurableObjectAlarm(failing.stub);
    await new Promise((r) => setTimeout(r, 50));
  }
  expect((await health(failing)).waiting).toBe(0);
  const lastWord = (url: string): Record<string, string> =>
    Object.fromEntries(
      told
        .filter((t) => t.url.endsWith(url))
        .flatMap((t) => t.data.alerts.map((a) => [a.fingerprint, a.status])),
    );
  expect(lastWord("/broken")).toEqual(lastWord("/sound"));
  expect(Object.keys(lastWord("/broken"))).toHaveLength(GROUPS);
  expect(told.filter((t) => t.url.endsWith("/broken")).length).toBeLessThanOrEqual(GROUPS * 3);
  await vi.waitFor(async () => expect(await downAlerts(failing.id)).toEqual([]));
}, 60_000);

it("sends what waits as soon as one message got through to a receiver that was down", async () => {
  const failing = { ...side("back"), json: side("back").json.replace('/back"', '/broken"') };
  for (const minute of [0, 1, 2]) await failing.rpc.enqueue(failing.json, message(failing, minute));
  for (let minute = 1; minute <= 12; minute++) {
    ahead = minute * MINUTE;
    await runDurableObjectAlarm(failing.stub);
    await new Promise((r) => setTimeout(r, 20));
  }
  await vi.waitFor(async () => expect(await downAlerts(failing.id)).toHaveLength(1));
  expect((await health(failing)).waiting).toBe(3);

  broken = false;
  const test = { ...message(failing, 3), id: "test", groupKey: "test/1", reason: "test" as const };
  await failing.rpc.enqueue(failing.json, test);
  // No clock moves on: none of them waits for its turn.
  await vi.waitFor(async () => expect((await health(failing)).waiting).toBe(0));
}, 20_000);

it("sends what waits to where a mended receiver is", async () => {
  const failing = side("mended");
  const wrong = failing.json.replace('/mended"', '/broken"');
  await failing.rpc.enqueue(wrong, { ...message(failing, 0), id: "before" });
  await vi.waitFor(async () => expect((await health(failing)).failing?.failures).toBe(1));
  await failing.rpc.enqueue(failing.json, { ...message(failing, 1), id: "after" });
  await vi.waitFor(async () => expect((await health(failing)).waiting).toBe(0), {
    timeout: 5_000,
  });
  expect(told.filter((t) => t.url.endsWith("/mended"))).toHaveLength(2);
}, 10_000);
