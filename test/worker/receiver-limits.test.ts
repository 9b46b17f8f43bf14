import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Receiver } from "../../durable-objects/receiver";
import type { Integration } from "../../src/alerting/config";
import type { ActiveAlert } from "../../src/alerting/model";
import type { NotificationData } from "../../src/alerting/notification-data";
import type { AlertRouterRpc, OutgoingNotification, ReceiverRpc } from "../../src/core/objects";
import type { Env } from "../../src/env";
import type { DeliveryLogEntry } from "../../src/notify/model";
import type { ReceiverHealthView } from "../../src/notify/receiver-health";
import { alert, data } from "../notify/data";

interface Call {
  readonly url: string;
  readonly headers: Headers;
  readonly body: string;
  readonly atMs: number;
}

let calls: Call[] = [];
let answer: (call: Call) => Response | Promise<Response>;
const realFetch = globalThis.fetch;
let next = 0;

beforeEach(() => {
  calls = [];
  answer = () => new Response("ok");
  globalThis.fetch = ((input: RequestInfo | URL, init?: RequestInit) => {
    const call = {
      url: String(input),
      headers: new Headers(init?.headers),
      body: String(init?.body),
      atMs: Date.now(),
    };
    calls.push(call);
    return Promise.resolve(answer(call));
  }) as typeof fetch;
});

afterEach(() => {
  globalThis.fetch = realFetch;
});

function receiver(type: string): {
  readonly rpc: ReceiverRpc;
  readonly stub: DurableObjectStub;
  readonly id: string;
} {
  const id = `limits${++next}/${type}/0`;
  const stub = env.RECEIVER.getByName(`default/${id}`);
  // The stub answers any method by RPC; the interface says which the class has.
  return { rpc: stub as unknown as ReceiverRpc, stub, id };
}

function webhook(id: string, perMinute?: number): string {
  const integration: Integration = {
    type: "webhook",
    id,
    sendResolved: true,
    url: "https://example.com/hook",
    maxAlerts: 0,
    signingSecret: "s3cret",
    ...(perMinute === undefined ? {} : { perMinute }),
  };
  return JSON.stringify(integration);
}

function message(
  integration: string,
  id: string,
  of: NotificationData,
  reason = "new_alerts",
): OutgoingNotification {
  return {
    id: `${integration}-${id}`,
    receiver: "ops",
    integration,
    groupKey: of.groupKey,
    status: of.status,
    reason,
    dataJson: JSON.stringify(of),
  };
}

const one = (n: string, extra: Parameters<typeof alert>[1] = {}) =>
  alert({ alertname: "A", n }, { fingerprint: n, ...extra });

async function log(rpc: ReceiverRpc): Promise<DeliveryLogEntry[]> {
  return JSON.parse(await rpc.deliveries(50)) as DeliveryLogEntry[];
}

async function health(rpc: ReceiverRpc): Promise<ReceiverHealthView> {
  return JSON.parse(await rpc.health()) as ReceiverHealthView;
}

async function alertsAbout(id: string): Promise<ActiveAlert[]> {
  // As above.
  const router = env.ALERT_ROUTER.getByName("default/router") as unknown as AlertRouterRpc;
  const all = JSON.parse(await router.alerts()) as ActiveAlert[];
  return all.filter((a) => a.labels["integration"] === id && a.status === "firing");
}

it("makes one message of a group's where the limit is reached, and keeps it through an eviction", async () => {
  const { rpc, stub, id } = receiver("webhook");
  await rpc.enqueue(webhook(id, 2), message(id, "1", data([one("a")])));
  await rpc.enqueue(webhook(id, 2), message(id, "2", data([one("b")], { groupKey: "other" })));
  await vi.waitFor(() => expect(calls).toHaveLength(2));
  await evictDurableObject(stub).catch(() => undefined);
  await rpc.enqueue(webhook(id, 2), message(id, "3", data([one("a", { status: "resolved" })])));
  await rpc.enqueue(webhook(id, 2), message(id, "4", data([one("c")])));
  await rpc.enqueue(webhook(id, 2), message(id, "5", data([one("d")])));
  expect(calls).toHaveLength(2);
  expect((await health(rpc)).waiting).toBe(1);
  expect((await log(rpc)).map((d) => d.outcome)).toEqual([
    "superseded",
    "superseded",
    "delivered",
    "delivered",
  ]);
  const alarm = await runInDurableObject(stub, (_, s) => s.storage.getAlarm());
  expect((alarm ?? 0) - Date.now()).toBeGreaterThan(30_000);
  // A minute later.
  await runInDurableObject(stub, (_, s) => {
    s.storage.sql.exec("UPDATE settings SET data = '[]' WHERE id = 'calls'");
  });
  await evictDurableObject(stub).catch(() => undefined);
  await runDurableObjectAlarm(stub);
  await vi.waitFor(() => expect(calls).toHaveLength(3));
  const said = JSON.parse(calls[2]?.body ?? "") as NotificationData;
  expect(said.alerts.map((a) => [a.fingerprint, a.status])).toEqual([
    ["a", "resolved"],
    ["c", "firing"],
    ["d", "firing"],
  ]);
}, 40_000);

it("sends a message once when its alarm comes twice", async () => {
  const { rpc, stub, id } = receiver("webhook");
  answer = () => new Promise((resolve) => setTimeout(() => resolve(new Response("ok")), 1_000));
  await rpc.enqueue(webhook(id), message(id, "1", data([one("a")])));
  await vi.waitFor(() => expect(calls).toHaveLength(1));
  await runInDurableObject(stub, async (object) => {
    // The class of this namespace.
    const alarmed = object as unknown as Receiver;
    await Promise.all([alarmed.alarm(), alarmed.alarm()]);
  });
  expect(calls).toHaveLength(1);
  await vi.waitFor(async () => expect((await log(rpc))[0]?.outcome).toBe("delivered"), {
    timeout: 4_000,
  });
  await runInDurableObject(stub, async (object) => (object as unknown as Receiver).alarm());
  expect(calls).toHaveLength(1);
});

it("raises an alert about itself once a message is lost, repeats it, and ends it at the first success", async () => {
  const { rpc, stub, id } = receiver("webhook");
  answer = () => new Response("gone", { status: 410 });
  await rpc.enqueue(webhook(id), message(id, "1", data([one("a")])));
  await vi.waitFor(async () => expect(await alertsAbout(id)).toHaveLength(1));
  const [raised] = await alertsAbout(id);
  expect(raised?.labels).toMatchObject({ alertname: "VedetteReceiverDown", severity: "high" });
  expect(raised?.annotations["description"]).toContain("HTTP 410: gone");
  expect((await health(rpc)).failing?.lost).toBe(1);
  const due = await runInDurableObject(stub, (_, s) => {
    const row = s.storage.sql
      .exec<{ at_ms: number }>("SELECT at_ms FROM timers WHERE name = 'health'")
      .one();
    s.storage.sql.exec("UPDATE timers SET at_ms = 0 WHERE name = 'health'");
    return row.at_ms - Date.now();
  });
  expect(due).toBeGreaterThan(40_000);
  const before = await generation(stub);
  await runDurableObjectAlarm(stub);
  await vi.waitFor(async () => expect(await generation(stub)).toBeGreaterThan(before));

  answer = () => new Response("ok");
  await rpc.enqueue(webhook(id), message(id, "2", data([one("b")])));
  await vi.waitFor(async () => expect(await alertsAbout(id)).toHaveLength(0));
  expect((await health(rpc)).failing).toBeNull();
  const timers = await runInDurableObject(stub, (_, s) =>
    s.storage.sql.exec("SELECT name FROM timers WHERE name = 'health'").toArray(),
  );
  expect(timers).toEqual([]);
}, 20_000);

function generation(stub: DurableObjectStub): Promise<number> {
  return runInDurableObject(stub, (_, s) =>
    Number(
      s.storage.sql
        .exec<{ data: string }>("SELECT data FROM settings WHERE id = 'alert_generation'")
        .one().data,
    ),
  );
}

it("raises no alert for a test, nor for a short failure", async () => {
  const { rpc, id } = receiver("webhook");
  answer = () => new Response("no", { status: 404 });
  await rpc.enqueue(webhook(id), message(id, "1", data([one("a")]), "test"));
  await vi.waitFor(async () => expect((await log(rpc))[0]?.outcome).toBe("rejected"));
  answer = () => new Response("no", { status: 503, headers: { "retry-after": "600" } });
  await rpc.enqueue(webhook(id), message(id, "2", data([one("b")])));
  await vi.waitFor(async () => expect(await log(rpc)).toHaveLength(2));
  expect((await health(rpc)).failing).toMatchObject({ failures: 2, lost: 0 });
  expect(await alertsAbout(id)).toEqual([]);
});

it("signs each attempt, and says which message it is", async () => {
  const { rpc, id } = receiver("webhook");
  answer = () => (calls.length === 1 ? new Response("", { status: 500 }) : new Response("ok"));
  await rpc.enqueue(webhook(id), message(id, "1", data([one("a")])));
  await vi.waitFor(() => expect(calls).toHaveLength(2), { timeout: 5_000 });
  for (const c of calls) {
    const m = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(c.headers.get("x-vedette-signature") ?? "");
    const key = await crypto.subtle.importKey(
      "raw",
      new TextEncoder().encode("s3cret"),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["verify"],
    );
    const mac = Uint8Array.from(m?.[2]?.match(/../g) ?? [], (h) => Number.parseInt(h, 16));
    const signed = new TextEncoder().encode(`${m?.[1]}.${c.body}`);
    expect(await crypto.subtle.verify("HMAC", key, mac, signed)).toBe(true);
    expect(c.headers.get("idempotency-key")).toBe(`${id}-1`);
  }
});

it("sends a message of Telegram again as plain text where its markup is refused", async () => {
  const { rpc, id } = receiver("telegram");
  answer = (c) =>
    c.body.includes("parse_mode")
      ? Response.json(
          { ok: false, error_code: 400, description: "Bad Request: can't parse entities: x" },
          { status: 400 },
        )
      : Response.json({ ok: true });
  const integration: Integration = {
    type: "telegram",
    id,
    sendResolved: true,
    apiUrl: "https://api.telegram.org",
    botToken: "1:secret",
    chatId: 5,
    message: "<b>unclosed",
    disableNotifications: false,
    parseMode: "HTML",
  };
  await rpc.enqueue(JSON.stringify(integration), message(id, "1", data([one("a")])));
  await vi.waitFor(async () => expect((await log(rpc))[0]?.outcome).toBe("delivered"));
  expect(calls).toHaveLength(2);
  expect(JSON.parse(calls[1]?.body ?? "")).toMatchObject({
    chat_id: 5,
    text: expect.stringContaining("unclosed") as string,
  });
  answer = () => {
    throw new Error(`cannot reach ${calls[0]?.url}`);
  };
  await rpc.enqueue(JSON.stringify(integration), message(id, "2", data([one("b")])));
  // Telegram takes one a second.
  await vi.waitFor(async () => expect((await log(rpc))[0]?.outcome).toBe("failed"), {
    timeout: 3_000,
  });
  expect(JSON.stringify(await log(rpc))).not.toContain("1:secret");
});

const email = (id: string): string =>
  JSON.stringify({
    type: "email",
    id,
    sendResolved: true,
    to: "ops@example.com",
    headers: {},
  } satisfies Integration);

it("says that a deployment has no way to send mail, and raises the alert about it", async () => {
  const { rpc, id } = receiver("email");
  await rpc.enqueue(email(id), message(id, "1", data([one("a")])));
  await vi.waitFor(async () => expect((await log(rpc))[0]?.outcome).toBe("no_mail_provider"));
  await vi.waitFor(async () => expect(await alertsAbout(id)).toHaveLength(1));
  expect(calls).toEqual([]);
});

it.each([
  ["takes", undefined, "delivered", null],
  ["refuses for good", "E_SENDER_NOT_VERIFIED", "rejected", "E_SENDER_NOT_VERIFIED: said"],
  ["limits", "E_RATE_LIMIT_EXCEEDED", "failed", "E_RATE_LIMIT_EXCEEDED: said"],
])("sends mail by the binding, which %s it", async (_, code, outcome, error) => {
  const { stub, id } = receiver("email");
  const sent: EmailMessageBuilder[] = [];
  const EMAIL = {
    send: (m: EmailMessageBuilder) => {
      sent.push(m);
      return code === undefined
        ? Promise.resolve({ messageId: "1" })
        : Promise.reject(Object.assign(new Error("said"), { code }));
    },
  } as unknown as SendEmail; // the builder's form of send() is all that is used
  const bound: Env = { ...env, EMAIL, EMAIL_FROM: "Vedette <alerts@example.com>" };
  await runInDurableObject(stub, async (__, state) => {
    const object = new Receiver(state, bound);
    await object.enqueue(email(id), message(id, "1", data([one("a")])));
    await vi.waitFor(async () =>
      expect(JSON.parse(await object.deliveries(1))).toMatchObject([{ outcome, error }]),
    );
  });
  expect(sent[0]).toMatchObject({
    from: { name: "Vedette", email: "alerts@example.com" },
    to: ["ops@example.com"],
    subject: "[FIRING:1] HighErrors (critical)",
  });
});

it("sends mail by a provider, which knows a repeated attempt by its key", async () => {
  const { stub, id } = receiver("email");
  const bound: Env = {
    ...env,
    EMAIL_FROM: "alerts@example.com",
    EMAIL_PROVIDER: "resend",
    EMAIL_API_KEY: "re_key",
  };
  await runInDurableObject(stub, async (_, state) => {
    const object = new Receiver(state, bound);
    await object.enqueue(email(id), message(id, "1", data([one("a")])));
    await vi.waitFor(async () =>
      expect(JSON.parse(await object.deliveries(1))).toMatchObject([{ outcome: "delivered" }]),
    );
  });
  expect(calls[0]?.url).toBe("https://api.resend.com/emails");
  expect(calls[0]?.headers.get("authorization")).toBe("Bearer re_key");
  expect(calls[0]?.headers.get("idempotency-key")).toBe(`${id}-1`);
});
