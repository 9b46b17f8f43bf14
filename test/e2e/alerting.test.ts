import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { NotificationLogEntry } from "../../src/alerting/model";
import type { DeliveryLogEntry, InboxMessage } from "../../src/notify/model";
import { waitingIn } from "./outbox";
import { type Vedette, eventually, startVedette } from "./vedette";

const ADMIN = "vdt_admin_local";

interface Arrival {
  readonly path: string;
  readonly atMs: number;
  readonly status: string;
  readonly names: readonly string[];
}

/** A real receiver: `/ok` takes, `/flaky` fails twice first, `/hang` never answers, `/gone` is permanent. */
const arrivals: Arrival[] = [];
const hanging: ServerResponse[] = [];
let flaky = 0;
const server = createServer((req, res) => void take(req, res));

let vedette: Vedette;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  vedette = await startVedette();
});

afterAll(async () => {
  for (const res of hanging) res.destroy();
  await vedette?.stop();
  await new Promise((resolve) => server.close(resolve));
});

async function take(req: IncomingMessage, res: ServerResponse): Promise<void> {
  let body = "";
  for await (const chunk of req) body += String(chunk);
  const data = JSON.parse(body) as { status: string; alerts: { labels: Record<string, string> }[] };
  const path = req.url ?? "";
  arrivals.push({
    path,
    atMs: Date.now(),
    status: data.status,
    names: data.alerts.map((a) => a.labels["alertname"] ?? ""),
  });
  if (path === "/hang") hanging.push(res);
  else if (path === "/flaky" && ++flaky <= 2) res.writeHead(500).end("not now");
  else if (path === "/gone") res.writeHead(410).end();
  else res.writeHead(200).end();
}

const at = (path: string): Arrival[] => arrivals.filter((a) => a.path === path);

async function admin(path: string, method: string, body: string): Promise<void> {
  const r = await vedette.fetch(path, {
    method,
    body,
    token: ADMIN,
    headers: { "content-type": "application/yaml" },
  });
  if (!r.ok) throw new Error(`${method} ${path}: ${r.status} ${await r.text()}`);
}

async function sample(line: string): Promise<void> {
  const r = await vedette.fetch("/api/v1/import/prometheus", {
    method: "POST",
    body: `${line}\n`,
    token: "vdt_ingest_local",
  });
  if (!r.ok) throw new Error(`sample: ${r.status} ${await r.text()}`);
}

async function json<T>(path: string): Promise<T> {
  return (await (await vedette.fetch(path, { token: "vdt_read_local" })).json()) as T;
}

interface Log {
  readonly notifications: readonly (NotificationLogEntry & {
    readonly deliveries: readonly DeliveryLogEntry[];
  })[];
}

it("shows an alert in the built-in inbox without any configuration", async () => {
  await admin(
    "/config/v1/rules/demo",
    "POST",
    "name: queue\ninterval: 5s\nrules:\n  - alert: QueueDeep\n    expr: demo_queue_depth > 10\n    labels: { severity: warning }\n",
  );
  const start = Date.now();
  await sample("demo_queue_depth 42");
  const message = await eventually("the alert in the inbox", async () => {
    const { messages } = await json<{ messages: InboxMessage[] }>("/api/v1/receiver/inbox");
    return messages[0];
  });
  console.log(`sample to inbox: ${Date.now() - start} ms`);
  expect(message).toMatchObject({
    receiver: "inbox",
    status: "firing",
    data: { commonLabels: { alertname: "QueueDeep", severity: "warning" } },
  });
});

it("delivers to a webhook in time while others fail, hang or are gone, and logs every attempt", async () => {
  const { port } = server.address() as AddressInfo;
  const hook = (name: string): string =>
    `  - name: ${name}\n    webhook_configs: [{ url: "http://127.0.0.1:${port}/${name}" }]\n`;
  await admin(
    "/config/v1/alertmanager",
    "PUT",
    `route:
  receiver: ok
  group_by: [alertname]
  group_wait: 0s
  group_interval: 2s
  routes:
    - { receiver: hang, continue: true }
    - { receiver: gone, continue: true }
    - { receiver: flaky, continue: true }
    - { receiver: ok }
receivers:
${["ok", "hang", "gone", "flaky"].map(hook).join("")}`,
  );
  await eventually(
    "the alert that fires already, at the new receiver",
    async () => at("/ok").length > 0,
  );
  const before = at("/ok").length;
  await admin(
    "/config/v1/rules/demo",
    "POST",
    "name: errors\ninterval: 5s\nrules:\n  - alert: Errors\n    expr: demo_errors > 0\n    annotations: { summary: '{{ $value }} errors' }\n",
  );
  const start = Date.now();
  await sample("demo_errors 3");
  const first = await eventually("the webhook", async () =>
    at("/ok")
      .slice(before)
      .find((a) => a.names.includes("Errors")),
  );
  console.log(`sample to webhook beside a hanging one: ${first.atMs - start} ms`);
  expect(first.atMs - start).toBeLessThan(3_000);
  await eventually("the flaky one to take it", async () => at("/flaky").length >= 3, 30_000);
  // The hanging receiver is given up after 10 s and tried again.
  await eventually("the hanging one tried again", async () => at("/hang").length >= 3, 40_000);
  const deliveries = await eventually("the log", async () => {
    const { notifications } = await json<Log>("/api/v1/notifications?limit=500");
    const all = notifications.flatMap((n) => n.deliveries);
    return all.some((d) => d.receiver === "hang") && all;
  });
  const outcomes = (receiver: string): string[] => [
    ...new Set(
      deliveries
        .filter((d) => d.receiver === receiver)
        .map((d) => `${d.outcome} ${d.statusCode ?? d.error}`),
    ),
  ];
  expect(outcomes("ok")).toEqual(["delivered 200"]);
  expect(outcomes("gone")).toEqual(["rejected 410"]);
  expect(outcomes("flaky").sort()).toEqual(["delivered 200", "failed 500"]);
  expect(outcomes("hang")).toEqual(["failed no answer within 10 s"]);
  await sample("demo_errors 0");
  await eventually(
    "the resolution",
    async () => at("/ok").some((a) => a.status === "resolved" && a.names.includes("Errors")),
    20_000,
  );
});

it("loses and doubles no notification over a kill", async () => {
  const told = (): number => at("/ok").filter((a) => a.names.includes("Late")).length;
  await admin(
    "/config/v1/rules/demo",
    "POST",
    "name: late\ninterval: 2s\nrules:\n  - alert: Late\n    expr: demo_late > 0\n",
  );
  await sample("demo_late 1");
  await eventually("the first telling", async () => told() === 1);
  // Killed between the answer and its record, the message would be sent once more.
  await eventually("its record", async () => (await waitingIn(vedette, "ok")) === 0);
  await vedette.kill();
  vedette = await startVedette({ stateDir: vedette.stateDir, port: vedette.port });
  await new Promise((r) => setTimeout(r, 5_000));
  expect(told()).toBe(1);
  await sample("demo_late 0");
  await eventually(
    "the resolution after the restart",
    async () => at("/ok").some((a) => a.status === "resolved" && a.names.includes("Late")),
    20_000,
  );
});
