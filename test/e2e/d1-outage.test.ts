import { rm } from "node:fs/promises";
import { afterEach, expect, it } from "vitest";
import { lockD1 } from "./d1-lock";
import { type Vedette, eventually, startVedette } from "./vedette";

let running: Vedette | undefined;
afterEach(async () => {
  await running?.stop();
  if (running !== undefined) await rm(running.stateDir, { recursive: true, force: true });
});

const WRITER = "vdt_ingest_local";
const READER = "vdt_read_local";
const BATCH = 20;

async function sendLogs(v: Vedette, batch: number): Promise<number> {
  const now = Date.now();
  const logs = Array.from({ length: BATCH }, (_, i) => ({
    timestamp: new Date(now + i).toISOString(),
    level: "warn",
    service: "outage",
    message: `line ${batch * BATCH + i} marked giraffe`,
  }));
  const r = await v.fetch("/api/v1/ingest/logs", {
    method: "POST",
    token: WRITER,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ logs }),
  });
  await r.arrayBuffer();
  return r.status;
}

async function sendTrace(v: Vedette, n: number): Promise<number> {
  const ns = `${Date.now()}000000`;
  const span = {
    traceId: n.toString(16).padStart(32, "e"),
    spanId: n.toString(16).padStart(16, "f"),
    name: "work",
    startTimeUnixNano: ns,
    endTimeUnixNano: ns,
  };
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "outage" } }] };
  const r = await v.fetch("/v1/traces", {
    method: "POST",
    token: WRITER,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }),
  });
  await r.arrayBuffer();
  return r.status;
}

async function sendEvent(v: Vedette, n: number): Promise<number> {
  const r = await v.fetch("/api/v1/ingest/events", {
    method: "POST",
    token: WRITER,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      id: `outage-${n}`,
      event: "outage_order",
      timestamp: new Date().toISOString(),
      user_id: `u${n % 3}`,
    }),
  });
  await r.arrayBuffer();
  return r.status;
}

async function events(v: Vedette): Promise<number> {
  const r = await v.fetch("/api/v1/events?event=outage_order&limit=1000", { token: READER });
  return ((await r.json()) as { events: unknown[] }).events.length;
}

async function messages(v: Vedette): Promise<string[] | undefined> {
  const r = await v.fetch("/api/v1/logs?query=giraffe&limit=5000", { token: READER });
  if (r.status !== 200) return undefined;
  const { lines } = (await r.json()) as { lines: { message: string }[] };
  return lines.map((l) => l.message);
}

async function traces(v: Vedette): Promise<number> {
  const r = await v.fetch("/api/v1/traces?service=outage&limit=1000", { token: READER });
  return ((await r.json()) as { traces: unknown[] }).traces.length;
}

async function value(v: Vedette, query: string): Promise<number> {
  const r = await v.fetch(`/api/v1/query?query=${encodeURIComponent(query)}`, { token: READER });
  const body = (await r.json()) as { data: { result: { value: [number, string] }[] } };
  return Number(body.data.result[0]?.value[1] ?? Number.NaN);
}

it("while D1 refuses, logs, spans and events are acknowledged and survive kill -9; afterwards each is there once", async () => {
  let v = await startVedette();
  running = v;
  let logBatches = 0;
  let spans = 0;
  let sentEvents = 0;
  const sendSome = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) {
      expect(await sendLogs(v, logBatches)).toBe(200);
      logBatches++;
      expect(await sendTrace(v, spans)).toBe(200);
      spans++;
      expect(await sendEvent(v, sentEvents)).toBe(200);
      sentEvents++;
    }
  };
  await sendSome();

  let release = lockD1(v.stateDir);
  await sendSome();
  const refused = await v.fetch("/api/v1/logs", { token: READER });
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ code: "store_unavailable" });
  const spills = (await (await v.fetch("/api/v1/spill", { token: READER })).json()) as {
    spills: { signal: string; pending: number }[];
  };
  expect(Object.fromEntries(spills.spills.map((x) => [x.signal, x.pending]))).toMatchObject({
    logs: 5,
    traces: 5,
  });
  // Drains that fail in between must not lose or double anything.
  await new Promise((r) => setTimeout(r, 2_500));
  await sendSome();
  const { stateDir } = v;
  await v.kill();
  release();

  v = await startVedette({ stateDir });
  running = v;
  release = lockD1(stateDir);
  await sendSome();
  release();
  await sendSome();

  const wanted = Array.from({ length: logBatches * BATCH }, (_, i) => `line ${i} marked giraffe`);
  await eventually(
    "every acknowledged line, span and event is in D1",
    async () =>
      (await messages(v))?.length === wanted.length &&
      (await traces(v)) === spans &&
      (await events(v)) === sentEvents,
    60_000,
    250,
  );
  expect(new Set(await messages(v))).toEqual(new Set(wanted));
  await eventually(
    "the lines are counted",
    async () => (await value(v, 'sum(log_lines_total{service="outage"})')) === wanted.length,
  );
  await eventually(
    "the spans are counted",
    async () => (await value(v, 'sum(traces_spanmetrics_calls_total{service="outage"})')) === spans,
  );
});
