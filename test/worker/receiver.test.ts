import { env, exports } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Integration } from "../../src/alerting/config";
import type { OutgoingNotification, ReceiverRpc } from "../../src/core/objects";
import { Receiver } from "../../durable-objects/receiver";
import type { Env } from "../../src/env";
import { alert, data } from "../notify/data";
import type { DeliveryLogEntry, InboxMessage } from "../../src/notify/model";

let calls: {
  readonly url: string;
  readonly summary: string;
  readonly redirect: string | undefined;
}[] = [];
let answer: (call: number) => Response | Promise<Response>;
const realFetch = globalThis.fetch;
let next = 0;

beforeEach(() => {
  calls = [];
  answer = () => new Response("ok");
  globalThis.fetch = ((input: RequestInfo | URL, init?: RequestInit) => {
    const data = JSON.parse(String(init?.body)) as { commonAnnotations: { n: string } };
    calls.push({ url: String(input), summary: data.commonAnnotations.n, redirect: init?.redirect });
    const made = Promise.resolve(answer(calls.length));
    // As the real one: the caller's signal ends the wait.
    return Promise.race([
      made,
      new Promise<never>((_, reject) =>
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error)),
      ),
    ]);
  }) as typeof fetch;
});

afterEach(() => {
  globalThis.fetch = realFetch;
});

/** A receiver of its own for each test. */
function receiver(): {
  readonly rpc: ReceiverRpc;
  readonly stub: DurableObjectStub;
  readonly id: string;
} {
  const id = `r${++next}/webhook/0`;
  const stub = env.RECEIVER.getByName(`default/${id}`);
  // The stub answers any method by RPC; the interface says which the class has.
  return { rpc: stub as unknown as ReceiverRpc, stub, id };
}

function webhook(
  id: string,
  extra: Partial<Extract<Integration, { type: "webhook" }>> = {},
): string {
  const integration: Integration = {
    type: "webhook",
    id,
    sendResolved: true,
    url: "https://example.com/hook",
    maxAlerts: 0,
    timeoutMs: 0,
    ...extra,
  };
  return JSON.stringify(integration);
}

function message(integration: string, n: string, groupKey = "g"): OutgoingNotification {
  return {
    id: `${integration}-${n}`,
    receiver: "r",
    integration,
    groupKey,
    status: "firing",
    reason: "first_notification",
    dataJson: JSON.stringify(
      data([alert({ alertname: "A", n }, { fingerprint: n })], { commonAnnotations: { n } }),
    ),
  };
}

async function log(rpc: ReceiverRpc): Promise<DeliveryLogEntry[]> {
  return JSON.parse(await rpc.deliveries(50)) as DeliveryLogEntry[];
}

it("sends at once, follows no redirect, and takes the same message once", async () => {
  const { rpc, id } = receiver();
  await rpc.enqueue(webhook(id), message(id, "1"));
  await rpc.enqueue(webhook(id), message(id, "1"));
  await vi.waitFor(async () => expect(await log(rpc)).toHaveLength(1));
  await rpc.enqueue(webhook(id), message(id, "1"));
  expect(calls).toEqual([{ url: "https://example.com/hook", summary: "1", redirect: "manual" }]);
  answer = () =>
    new Response(null, { status: 302, headers: { location: "http://169.254.169.254/" } });
  await rpc.enqueue(webhook(id), message(id, "2"));
  await vi.waitFor(async () =>
    expect((await log(rpc))[0]).toMatchObject({ outcome: "rejected", statusCode: 302 }),
  );
});

it("tries again after a 500, keeps the group's order, and logs each attempt", async () => {
  const { rpc, id } = receiver();
  answer = (n) => (n <= 2 ? new Response("no <b>", { status: 500 }) : new Response("ok"));
  await rpc.enqueue(webhook(id), message(id, "first"));
  await rpc.enqueue(webhook(id), message(id, "second"));
  await rpc.enqueue(webhook(id), message(id, "other", "another group"));
  await vi.waitFor(
    async () => expect((await log(rpc)).filter((d) => d.outcome === "delivered")).toHaveLength(3),
    {
      timeout: 9_000,
      interval: 100,
    },
  );
  const order = (await log(rpc))
    .reverse()
    .filter((d) => d.outcome === "delivered")
    .map((d) => d.notificationId);
  expect(order.indexOf(`${id}-first`)).toBeLessThan(order.indexOf(`${id}-second`));
  const first = (await log(rpc)).filter((d) => d.outcome === "failed").at(-1);
  expect(first).toMatchObject({ statusCode: 500, error: "HTTP 500: no <b>" });
  expect(first?.nextAttemptMs).toBeGreaterThan(first?.atMs ?? 0);
}, 15_000);

it("lets a hanging webhook delay neither other groups nor other receivers", async () => {
  const { rpc, id } = receiver();
  answer = (n) => (n === 1 ? new Promise<Response>(() => undefined) : new Response("ok"));
  await rpc.enqueue(webhook(id, { timeoutMs: 3_000 }), message(id, "stuck", "slow"));
  const start = Date.now();
  await rpc.enqueue(webhook(id), message(id, "free", "quick"));
  const other = receiver();
  await other.rpc.enqueue(webhook(other.id), message(other.id, "elsewhere"));
  await vi.waitFor(async () => {
    expect(await log(rpc)).toHaveLength(1);
    expect(await log(other.rpc)).toHaveLength(1);
  });
  expect(Date.now() - start).toBeLessThan(2_500);
  await vi.waitFor(
    async () => expect((await log(rpc)).some((d) => d.error === "no answer within 3 s")).toBe(true),
    {
      timeout: 4_000,
      interval: 50,
    },
  );
  answer = () => new Response("ok");
  await vi.waitFor(async () => expect((await log(rpc))[0]?.outcome).toBe("delivered"), {
    timeout: 4_000,
    interval: 50,
  });
}, 15_000);

it("keeps quiet for as long as Retry-After asks, all groups together", async () => {
  const { rpc, id } = receiver();
  answer = (n) =>
    n === 1
      ? new Response("slow down", { status: 429, headers: { "retry-after": "2" } })
      : new Response("ok");
  await rpc.enqueue(webhook(id), message(id, "1", "a"));
  await vi.waitFor(async () => expect(await log(rpc)).toHaveLength(1));
  const start = Date.now();
  await rpc.enqueue(webhook(id), message(id, "2", "b"));
  await new Promise((r) => setTimeout(r, 500));
  expect(calls).toHaveLength(1);
  await vi.waitFor(() => expect(calls).toHaveLength(3), { timeout: 5_000, interval: 50 });
  expect(Date.now() - start).toBeGreaterThan(1_400);
}, 10_000);

it("forgets nothing when the object dies between the promise and the sending", async () => {
  const { rpc, stub, id } = receiver();
  answer = (n) => (n === 1 ? new Promise<Response>(() => undefined) : new Response("ok"));
  await rpc.enqueue(webhook(id), message(id, "1"));
  await vi.waitFor(() => expect(calls).toHaveLength(1));
  const rows = (s: DurableObjectState): number =>
    s.storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM outbox").one().n;
  expect(await runInDurableObject(stub, (_, s) => rows(s))).toBe(1);
  expect(await runInDurableObject(stub, (_, s) => s.storage.getAlarm())).toBeGreaterThan(
    Date.now(),
  );
  await evictDurableObject(stub).catch(() => undefined);
  await runDurableObjectAlarm(stub);
  await vi.waitFor(
    async () => expect((await log(rpc)).map((d) => d.outcome)).toContain("delivered"),
    { timeout: 5_000 },
  );
}, 20_000);

it("keeps a built-in receiver's messages, and shows them", async () => {
  const r = await exports.default.fetch("http://vedette.test/api/v1/receivers/inbox/test", {
    method: "POST",
    headers: { authorization: "Bearer vdt_admin_local" },
  });
  expect(r.status).toBe(202);
  const inbox = await exports.default.fetch("http://vedette.test/api/v1/receiver/inbox", {
    headers: { authorization: "Bearer vdt_read_local" },
  });
  const { messages } = (await inbox.json()) as { messages: InboxMessage[] };
  // Beside it are alerts about receivers of other tests that are down.
  expect(messages.filter((m) => m.reason === "test")).toMatchObject([
    {
      receiver: "inbox",
      reason: "test",
      data: { version: "4", notification_reason: "test", commonLabels: { alertname: "TestAlert" } },
    },
  ]);
  const unknown = await exports.default.fetch("http://vedette.test/api/v1/receivers/nobody/test", {
    method: "POST",
    headers: { authorization: "Bearer vdt_admin_local" },
  });
  expect(unknown.status).toBe(404);
});

it("calls no private address of a deployment, even where one got into the configuration", async () => {
  const { stub, id } = receiver();
  const deployed: Env = { ...env, LOCAL: "" };
  await runInDurableObject(stub, async (_, state) => {
    const object = new Receiver(state, deployed);
    await object.enqueue(webhook(id, { url: "http://0xa9fea9fe/latest" }), message(id, "1"));
    await vi.waitFor(async () =>
      expect(JSON.parse(await object.deliveries(1))).toMatchObject([
        { outcome: "url_refused", error: "169.254.169.254 is a private or reserved address" },
      ]),
    );
  });
  expect(calls).toEqual([]);
});

it("shows a message that cannot be made, lets others pass it, and gives it up after a day", async () => {
  const { rpc, stub, id } = receiver();
  // A message that only another version could read.
  await rpc.enqueue(webhook(id), { ...message(id, "broken"), dataJson: "{}" });
  await rpc.enqueue(webhook(id), message(id, "sound", "another group"));
  await vi.waitFor(async () => {
    const outcomes = (await log(rpc)).map((d) => [d.notificationId, d.outcome]);
    expect(outcomes).toContainEqual([`${id}-broken`, "failed"]);
    expect(outcomes).toContainEqual([`${id}-sound`, "delivered"]);
  });
  expect((await log(rpc)).find((d) => d.outcome === "failed")?.error).toContain(
    "it could not be made",
  );
  await runInDurableObject(stub, (_, state) => {
    state.storage.sql.exec(
      "UPDATE outbox SET enqueued_at_ms = enqueued_at_ms - 90000000, next_attempt_ms = 0",
    );
  });
  // What it holds in memory knows nothing of that.
  await evictDurableObject(stub).catch(() => undefined);
  await runDurableObjectAlarm(stub);
  await vi.waitFor(async () =>
    expect((await log(rpc))[0]).toMatchObject({
      notificationId: `${id}-broken`,
      outcome: "gave_up",
      nextAttemptMs: null,
    }),
  );
}, 20_000);

it("rests while as many messages hang as may be on their way at once", async () => {
  const { rpc, stub, id } = receiver();
  answer = () => new Promise<Response>(() => undefined);
  for (let n = 0; n < 6; n++) await rpc.enqueue(webhook(id), message(id, `m${n}`, `g${n}`));
  const before = Date.now();
  const alarm = await runInDurableObject(stub, (_, s) => s.storage.getAlarm());
  // Two wait for room, which an alarm would not make.
  expect((alarm ?? 0) - before).toBeGreaterThan(5_000);
});

it("keeps out of its log what the other side repeats of the receiver's secrets", async () => {
  const { rpc, id } = receiver();
  const url = "https://example.com/hooks/0123456789abcdef01";
  const authorization = { kind: "bearer", type: "Bearer", credentials: "the-credentials" } as const;
  const echo = `{"url":"${url}","authorization":"Bearer the-credentials"}`;
  answer = (call) => new Response(echo, { status: call === 1 ? 400 : 200 });
  await rpc.enqueue(webhook(id, { url, authorization }), message(id, "1", "a"));
  await rpc.enqueue(webhook(id, { url, authorization }), message(id, "2", "b"));
  await vi.waitFor(async () => {
    const log = await rpc.deliveries(10);
    expect(JSON.parse(log) as DeliveryLogEntry[]).toHaveLength(2);
    expect(log).toContain("<secret>");
    expect(log).not.toMatch(/the-credentials|0123456789abcdef01/);
  });
  expect(calls[0]?.url).toBe(url);
});
