import { rm } from "node:fs/promises";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { PastNotification } from "../../src/notify/history";
import { lockD1 } from "./d1-lock";
import { waitingIn } from "./outbox";
import { type Vedette, eventually, startVedette } from "./vedette";

/** A real receiver that takes everything; `seen` has what it was told, in order. */
const seen: { readonly key: string; readonly status: string }[] = [];
const server = createServer((req, res) => void take(req, res));
let v: Vedette | undefined;

async function take(req: IncomingMessage, res: ServerResponse): Promise<void> {
  let body = "";
  for await (const chunk of req) body += String(chunk);
  const data = JSON.parse(body) as { groupKey: string; status: string };
  seen.push({ key: data.groupKey, status: data.status });
  res.writeHead(200).end("thanks");
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  await v?.stop();
  if (v !== undefined) await rm(v.stateDir, { recursive: true, force: true });
  await new Promise((resolve) => server.close(resolve));
});

/** How long nothing more happens while D1 refuses: OUTAGE_SECONDS=600 tries ten minutes of it. */
const LASTS_MS = Number(process.env["OUTAGE_SECONDS"] ?? 2) * 1_000;

const yaml = { "content-type": "application/yaml" };

async function put(vedette: Vedette, path: string, method: string, body: string): Promise<void> {
  const r = await vedette.fetch(path, { method, body, token: "vdt_admin_local", headers: yaml });
  if (!r.ok) throw new Error(`${method} ${path}: ${r.status} ${await r.text()}`);
}

async function sample(vedette: Vedette, i: number, value: number): Promise<void> {
  const r = await vedette.fetch("/api/v1/import/prometheus", {
    method: "POST",
    body: `outage_level{i="${i}"} ${value}\n`,
    token: "vdt_ingest_local",
  });
  if (!r.ok) throw new Error(`sample: ${r.status} ${await r.text()}`);
}

async function read<T>(vedette: Vedette, path: string): Promise<T | undefined> {
  const r = await vedette.fetch(path, { token: "vdt_read_local" });
  return r.ok ? ((await r.json()) as T) : undefined;
}

const told = (i: number, status: string): number =>
  seen.filter((s) => s.key.includes(`i="${i}"`) && s.status === status).length;

it(
  "while D1 refuses, rules evaluate and notifications leave; the history follows, over a kill -9, each once",
  async () => {
    let vedette = await startVedette();
    v = vedette;
    const port = (server.address() as AddressInfo).port;
    await put(
      vedette,
      "/config/v1/alertmanager",
      "PUT",
      `route: { receiver: hook, group_by: [i], group_wait: 0s, group_interval: 1s, repeat_interval: 4h }
receivers: [{ name: hook, webhook_configs: [{ url: "http://127.0.0.1:${port}/" }] }]`,
    );
    await put(
      vedette,
      "/config/v1/rules/outage",
      "POST",
      `name: outage
interval: 1s
rules: [{ alert: Outage, expr: outage_level > 0, labels: { severity: page } }]`,
    );
    await sample(vedette, 0, 1);
    await eventually("the first is told", async () => told(0, "firing") === 1, 20_000);

    const release = lockD1(vedette.stateDir);
    for (let i = 1; i <= 8; i++) {
      await sample(vedette, i, 1);
      await eventually(
        `${i} is told while D1 refuses`,
        async () => told(i, "firing") === 1,
        15_000,
      );
    }
    for (let left = LASTS_MS; left > 0; left -= 30_000) {
      await new Promise((r) => setTimeout(r, Math.min(left, 30_000)));
      // A series without samples is gone after five minutes, and its alert ends.
      for (let i = 0; i <= 8; i++) await sample(vedette, i, 1);
    }
    for (let i = 0; i <= 3; i++) await sample(vedette, i, 0);
    await eventually(
      "the end of some is told while D1 refuses",
      async () => [0, 1, 2, 3].every((i) => told(i, "resolved") === 1),
      20_000,
    );
    // Killed between an answer and its record, the message would be sent once more.
    await eventually(
      "every answer is on record",
      async () => (await waitingIn(vedette, "hook")) === 0,
    );
    // What waits for D1 lies in the objects, not in their memory.
    const { stateDir } = vedette;
    await vedette.kill();
    release();
    vedette = await startVedette({ stateDir });
    v = vedette;

    interface Notifications {
      readonly notifications: readonly PastNotification[];
    }
    interface Alerts {
      readonly alerts: readonly {
        readonly labels: { readonly i: string };
        readonly endedAtMs: number | null;
      }[];
    }
    const sent = async (): Promise<readonly PastNotification[]> =>
      (await read<Notifications>(vedette, "/api/v1/notifications?decision=sent&q=outage&limit=500"))
        ?.notifications ?? [];
    await eventually(
      "every message is in the history, delivered",
      async () => (await sent()).filter((n) => n.outcome === "delivered").length === 13,
      90_000,
      500,
    );
    const rows = await sent();
    expect(rows.length).toBe(13);
    for (let i = 0; i <= 8; i++) {
      const of = rows
        .filter((n) => n.groupKey.includes(`i="${i}"`))
        .map((n) => [n.reason, n.response]);
      expect([i, of]).toEqual([
        i,
        i <= 3
          ? [
              ["all_resolved", "thanks"],
              ["first_notification", "thanks"],
            ]
          : [["first_notification", "thanks"]],
      ]);
      // None doubled on its way either.
      expect([i, told(i, "firing"), told(i, "resolved")]).toEqual([i, 1, i <= 3 ? 1 : 0]);
    }
    await eventually(
      "every firing is in the history, ended where it ended",
      async () => {
        const past =
          (await read<Alerts>(vedette, "/api/v1/alerts/history?name=Outage"))?.alerts ?? [];
        const ended = past.filter((a) => a.endedAtMs !== null).map((a) => Number(a.labels.i));
        return past.length === 9 && ended.toSorted().join() === "0,1,2,3";
      },
      60_000,
      500,
    );
  },
  LASTS_MS + 300_000,
);
