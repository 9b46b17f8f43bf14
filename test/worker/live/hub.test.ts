import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, it } from "vitest";
import type { LiveAlert, LiveMessage } from "../../../src/core/live";
import { hub, nobodyWatches, ofType, ORIGIN, upgrade, watch, type Watcher } from "./socket";

const stub = env.LIVE_HUB.getByName("default/hub");
const open: Watcher[] = [];

async function watching(query?: string): Promise<Watcher> {
  const w = await watch(query);
  open.push(w);
  return w;
}

afterEach(async () => {
  for (const w of open.splice(0)) w.socket.close(1000, "done");
  await nobodyWatches();
});

const alert: LiveAlert = {
  fingerprint: "f1",
  labels: { alertname: "Slow", severity: "critical" },
  annotations: {},
  status: "firing",
  startsAtMs: 1,
  value: 2,
};
const alerts: LiveMessage = { type: "alerts", alerts: [alert] };

it("sends the snapshot before anything else, then what is published", async () => {
  const w = await watching();
  const line = { timeMs: Date.now(), level: "info", service: "shop", message: "hello" };
  const lease = await hub.publish([{ type: "logs", lines: [line] }]);
  expect(lease.watchedUntilMs).toBeGreaterThan(Date.now() + 5_000);
  expect((await w.next(ofType("logs"))).lines).toEqual([line]);
  expect(w.messages[0]?.type).toBe("snapshot");
  const second = await watching();
  expect((await second.next(ofType("snapshot"))).logs).toEqual([line]);
});

it("tells 100 sockets of an alert", async () => {
  const all = await Promise.all(Array.from({ length: 100 }, () => watching("?topics=alerts")));
  await Promise.all(all.map((w) => w.next(ofType("snapshot"))));
  const start = Date.now();
  await hub.publish([alerts]);
  const got = await Promise.all(all.map((w) => w.next(ofType("alerts"))));
  const took = Date.now() - start;
  expect(got.every((m) => m.alerts[0]?.fingerprint === "f1")).toBe(true);
  console.log(`alert to 100 sockets: ${took} ms`);
});

it("evaluates the figures once a second for all sockets, and not at all once nobody watches", async () => {
  const [a, b] = [await watching(), await watching()];
  await new Promise((r) => setTimeout(r, 3_300));
  const times = (w: Watcher): number[] => w.messages.filter(ofType("figures")).map((m) => m.atMs);
  expect(times(a).length).toBeGreaterThanOrEqual(2);
  expect(times(a).length).toBeLessThanOrEqual(4);
  expect(times(a)).toEqual(expect.arrayContaining(times(b)));
  a.socket.close();
  b.socket.close();
  await nobodyWatches();
  const quiet = await runInDurableObject(stub, async (_, state) => ({
    alarm: await state.storage.getAlarm(),
    sockets: state.getWebSockets().filter((s) => s.readyState === WebSocket.OPEN).length,
  }));
  expect(quiet).toEqual({ alarm: null, sockets: 0 });
  const seen = times(a).length;
  await new Promise((r) => setTimeout(r, 1_500));
  expect(times(a).length).toBe(seen);
});

it("gives no lease and keeps nothing while nobody watches", async () => {
  expect(await hub.watched()).toEqual({ watchedUntilMs: 0 });
  expect(
    await hub.publish([
      { type: "events", events: [{ timeMs: 1, name: "unseen", visitor: "v", properties: {} }] },
    ]),
  ).toEqual({ watchedUntilMs: 0 });
  const w = await watching();
  expect((await w.next(ofType("snapshot"))).events.map((e) => e.name)).not.toContain("unseen");
});

/** Takes the hub's timer away, as an eviction does. A private part, because nothing else can lose it in a test. */
async function loseTimer(): Promise<void> {
  await runInDurableObject(stub, async (instance) => {
    const inside = instance as unknown as { timer: number | undefined; ticking: boolean };
    while (inside.ticking || inside.timer === undefined) await scheduler.wait(5);
    clearTimeout(inside.timer);
    inside.timer = undefined;
  });
}

it("goes on after the object was evicted under its sockets", async () => {
  const w = await watching();
  await w.next(ofType("figures"));
  await loseTimer();
  await evictDurableObject(stub);
  const before = w.messages.length;
  await hub.publish([alerts]);
  expect((await w.next(ofType("alerts"))).alerts).toEqual([alert]);
  await scheduler.wait(1_500);
  expect(w.messages.slice(before).some((m) => m.type === "figures")).toBe(true);
}, 15_000);

it("has its timer revived by the alarm", async () => {
  const w = await watching();
  await w.next(ofType("figures"));
  await loseTimer();
  const before = w.messages.length;
  await scheduler.wait(1_300);
  expect(w.messages.slice(before).some((m) => m.type === "figures")).toBe(false);
  expect(await runDurableObjectAlarm(stub)).toBe(true);
  await scheduler.wait(1_500);
  expect(w.messages.slice(before).some((m) => m.type === "figures")).toBe(true);
}, 15_000);

it("sends a socket only the topics it asked for", async () => {
  const w = await watching("?topics=events");
  await hub.publish([
    alerts,
    { type: "events", events: [{ timeMs: 5, name: "signup", visitor: "v", properties: {} }] },
  ]);
  await w.next(ofType("events"));
  expect(new Set(w.messages.map((m) => m.type))).toEqual(new Set(["snapshot", "events"]));
});

it("answers pings and cuts off who speaks another language or lags behind", async () => {
  const w = await watching();
  const pong = new Promise((resolve) =>
    w.socket.addEventListener("message", (e) => e.data === "pong" && resolve(true)),
  );
  w.socket.send("ping");
  expect(await pong).toBe(true);
  w.socket.send(`ack:${Date.now()}`);
  w.socket.send(`ack:${Date.now() - 60_000}`);
  expect(await w.closed()).toMatchObject({ code: 1013 });
  const other = await watching();
  other.socket.send("subscribe");
  expect(await other.closed()).toMatchObject({ code: 1008 });
});

it("cuts off who never says that it has read, and keeps who does", async () => {
  const [silent, reading] = [await watching("?topics=logs"), await watching("?topics=logs")];
  const message = "x".repeat(2_000);
  const lines = Array.from({ length: 200 }, (_, i) => ({
    timeMs: i,
    level: "info",
    service: "",
    message,
  }));
  for (let i = 0; i < 14; i++) {
    await hub.publish([{ type: "logs", lines }]);
    reading.socket.send(`ack:${Date.now()}`);
    // The hub hears the acknowledgement before the next publication.
    await scheduler.wait(20);
  }
  expect(await silent.closed()).toMatchObject({
    code: 1013,
    reason: expect.stringContaining("unacknowledged"),
  });
  expect(reading.socket.readyState).toBe(WebSocket.OPEN);
});

it("lets nobody in without the read scope, from a foreign page, or for an unknown topic", async () => {
  expect((await upgrade({})).status).toBe(401);
  expect((await upgrade({ authorization: "Bearer vdt_ingest_local" })).status).toBe(403);
  const foreign = await upgrade({
    authorization: "Bearer vdt_read_local",
    origin: "https://evil.example",
  });
  expect(foreign.status).toBe(403);
  expect(await foreign.json()).toMatchObject({ code: "origin_refused" });
  expect(
    (await upgrade({ authorization: "Bearer vdt_read_local" }, "?topics=weather")).status,
  ).toBe(400);
  const own = await upgrade({ authorization: "Bearer vdt_read_local", origin: ORIGIN });
  expect(own.status).toBe(101);
  own.webSocket?.accept();
  own.webSocket?.close();
});
