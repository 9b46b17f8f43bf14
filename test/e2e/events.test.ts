import { rm } from "node:fs/promises";
import { afterEach, expect, it } from "vitest";
import { lockD1 } from "./d1-lock";
import { type Vedette, eventually, startVedette } from "./vedette";

let running: Vedette | undefined;
afterEach(async () => {
  await running?.stop();
  if (running !== undefined) await rm(running.stateDir, { recursive: true, force: true });
  running = undefined;
});

const JSON_TYPE = { "content-type": "application/json" };

async function send(v: Vedette, body: unknown): Promise<number> {
  const r = await v.fetch("/api/v1/ingest/events", {
    method: "POST",
    token: "vdt_ingest_local",
    headers: JSON_TYPE,
    body: JSON.stringify(body),
  });
  await r.arrayBuffer();
  return r.status;
}

async function sendBeacon(v: Vedette, id: string): Promise<number> {
  const r = await v.fetch("/e?k=vdt_beacon_local", {
    method: "POST",
    headers: {
      "content-type": "text/plain",
      "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    },
    body: JSON.stringify({
      s: Date.now(),
      e: [{ i: id, n: "outage", t: Date.now(), u: "https://shop.example/" }],
    }),
  });
  await r.arrayBuffer();
  return r.status;
}

async function ids(v: Vedette): Promise<string[] | undefined> {
  const r = await v.fetch("/api/v1/events?event=outage&limit=1000", { token: "vdt_read_local" });
  if (r.status !== 200) return undefined;
  const { events } = (await r.json()) as { events: { id: string }[] };
  return events.map((e) => e.id).toSorted();
}

async function value(v: Vedette, query: string): Promise<number> {
  const r = await v.fetch(`/api/v1/query?query=${encodeURIComponent(query)}`, {
    token: "vdt_read_local",
  });
  const body = (await r.json()) as { data: { result: { value: [number, string] }[] } };
  return Number(body.data.result[0]?.value[1] ?? Number.NaN);
}

it("while D1 refuses, events are acknowledged and survive kill -9; repeated afterwards, each is there once", async () => {
  let v = await startVedette();
  running = v;
  const sent: string[] = [];
  const batches: { event: string; id: string; user_id: string; timestamp?: number }[][] = [];
  const sendSome = async (): Promise<void> => {
    for (let i = 0; i < 4; i++) {
      const batch = Array.from({ length: 5 }, (_, k) => ({
        event: "outage",
        id: `e${batches.length}.${k}`,
        user_id: `u${k}`,
        ...(i % 2 === 0 ? { timestamp: Date.now() } : {}),
      }));
      expect(await send(v, batch)).toBe(200);
      batches.push(batch);
      sent.push(...batch.map((e) => e.id));
      const beacon = `b${sent.length}`;
      expect(await sendBeacon(v, beacon)).toBe(204);
      sent.push(beacon);
    }
  };
  await sendSome();
  const release = lockD1(v.stateDir);
  await sendSome();
  expect((await v.fetch("/api/v1/events", { token: "vdt_read_local" })).status).toBe(503);
  await v.kill();
  release();

  v = await startVedette({ stateDir: v.stateDir });
  running = v;
  // A sender that never saw the answers sends everything again.
  for (const batch of batches) expect(await send(v, batch)).toBe(200);
  await eventually(
    "every acknowledged event is in D1",
    async () => (await ids(v))?.length === sent.length,
    60_000,
    250,
  );
  expect(await ids(v)).toEqual(sent.toSorted());
  await eventually(
    "each is counted once",
    async () => (await value(v, 'sum(events_total{event="outage"})')) === sent.length,
  );
  // Longer than the spill waits between drains: nothing comes twice.
  await new Promise((r) => setTimeout(r, 2_500));
  expect(await ids(v)).toHaveLength(sent.length);
});
