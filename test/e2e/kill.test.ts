import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lockD1 } from "./d1-lock";
import { type Vedette, eventually, freePort, startVedette } from "./vedette";

const ROUNDS = 20;
/** Each client waits this long between two requests, so that a kill falls before, in and after them. */
const PACE_MS = 5;
/** What D1 refused is kept and written later. */
const DRAINED_MS = 90_000;

/** One request that a client repeats, as it is, until it is acknowledged. */
interface Sending {
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const clients: Readonly<Record<string, (n: number) => Sending>> = {
  sample: (n) => ({
    path: "/api/v1/import/prometheus",
    body: `kill_sample{n="${n}"} ${n} ${Date.now()}`,
    headers: {},
  }),
  increment: (n) => ({
    path: "/api/v1/ingest/metrics",
    body: JSON.stringify({ name: "kill_increments", type: "counter", value: 1, delta: true }),
    headers: { "idempotency-key": `increment-${n}`, "content-type": "application/json" },
  }),
  event: (n) => ({
    path: "/api/v1/ingest/events",
    body: JSON.stringify({
      event: "kill",
      id: `event-${n}`,
      user_id: `u${n % 7}`,
      timestamp: Date.now(),
    }),
    headers: { "content-type": "application/json" },
  }),
  log: (n) => ({
    path: "/api/v1/ingest/logs",
    body: JSON.stringify({
      level: "info",
      service: "kill",
      message: `killed line${n}`,
      timestamp: new Date().toISOString(),
    }),
    headers: { "idempotency-key": `log-${n}`, "content-type": "application/json" },
  }),
};

let stateDir: string;
let port: number;
let vedette: Vedette;

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), "vedette-kill-"));
  port = await freePort();
});
afterAll(async () => {
  await vedette?.stop();
  await rm(stateDir, { recursive: true, force: true });
});

it(
  `loses and doubles nothing that was acknowledged through ${ROUNDS} kills, D1 refusing in every other round`,
  { timeout: 400_000 },
  async () => {
    const acknowledged: Record<string, number> = {};
    const pending: Record<string, Sending | undefined> = {};
    for (const name of Object.keys(clients)) acknowledged[name] = 0;

    for (let round = 0; round < ROUNDS; round++) {
      vedette = await startVedette({ stateDir, port });
      let running = true;
      const writing = Object.entries(clients).map(async ([name, make]) => {
        while (running) {
          const next = pending[name] ?? make(acknowledged[name] as number);
          pending[name] = next;
          const status = await send(next);
          if (status === undefined) break; // the process is gone: the request stays pending and is repeated after the restart
          expect(status, `${name} was answered`).toBeLessThan(300);
          pending[name] = undefined;
          (acknowledged[name] as number)++;
          await new Promise((r) => setTimeout(r, PACE_MS));
        }
      });
      // In every other round D1 refuses writes, from somewhere within it until the process is dead.
      await new Promise((r) => setTimeout(r, 50 + Math.random() * 300));
      const unlock = round % 2 === 1 ? lockD1(stateDir) : undefined;
      await new Promise((r) => setTimeout(r, Math.random() * 600));
      await vedette.kill();
      running = false;
      await Promise.all(writing);
      unlock?.();
    }

    vedette = await startVedette({ stateDir, port });
    for (const [name, sending] of Object.entries(pending)) {
      if (sending === undefined) continue;
      expect(await send(sending)).toBeLessThan(300);
      (acknowledged[name] as number)++;
    }
    console.log(`acknowledged through ${ROUNDS} kills: ${JSON.stringify(acknowledged)}`);
    for (const name of Object.keys(clients))
      expect(acknowledged[name], name).toBeGreaterThan(ROUNDS);

    // Samples: every one is there; a repeated one has the same time, so a doubled one cannot be.
    const samples = await query(`count(last_over_time(kill_sample[30m]))`);
    expect(samples).toBe(acknowledged["sample"]);
    await eventually(
      "the counter's last value",
      async () =>
        (await query("last_over_time(kill_increments_total[10m])")) === acknowledged["increment"],
    );
    await eventually(
      "every event once",
      async () => {
        const r = await vedette.fetch("/api/v1/events/summary", { token: "vdt_read_local" });
        const summary = (await r.json()) as { events: number };
        return summary.events === acknowledged["event"];
      },
      DRAINED_MS,
    );
    await eventually(
      "every line once",
      async () => {
        const r = await vedette.fetch("/api/v1/logs?query=killed&service=kill&limit=1000", {
          token: "vdt_read_local",
        });
        const lines = ((await r.json()) as { lines: { message: string }[] }).lines.map(
          (l) => l.message,
        );
        expect(new Set(lines).size).toBe(lines.length);
        return lines.length === acknowledged["log"];
      },
      DRAINED_MS,
    );
  },
);

/** The status, or undefined where the connection broke. */
async function send(s: Sending): Promise<number | undefined> {
  try {
    const r = await vedette.fetch(s.path, {
      method: "POST",
      body: s.body,
      headers: s.headers,
      token: "vdt_ingest_local",
      signal: AbortSignal.timeout(5_000),
    });
    await r.arrayBuffer();
    return r.status;
  } catch {
    return undefined;
  }
}

async function query(expr: string): Promise<number> {
  const r = await vedette.fetch(`/api/v1/query?query=${encodeURIComponent(expr)}`, {
    token: "vdt_read_local",
  });
  const body = (await r.json()) as { data: { result: { value: [number, string] }[] } };
  return Number(body.data.result[0]?.value[1] ?? Number.NaN);
}
