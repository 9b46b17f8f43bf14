import { createHmac } from "node:crypto";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { NotificationData } from "../../src/alerting/notification-data";
import { type Vedette, eventually, startVedette } from "./vedette";

interface Arrival {
  readonly path: string;
  readonly atMs: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Real services: `/hang…` never answers, `/slow` after a while, `/slack` and `/telegram` in their own terms, `/gone` is not there. */
const arrivals: Arrival[] = [];
const open: ServerResponse[] = [];
let slowMs = 0;
let goneIsBack = false;
let onSlow: () => void = () => undefined;
const server = createServer((req, res) => void take(req, res));

let vedette: Vedette;
let base: string;
let vars: Record<string, string>;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  vars = {
    WATCHDOG_URL: `${base}/watchdog`,
    EMAIL_PROVIDER: "http",
    EMAIL_API_KEY: "key",
    EMAIL_API_URL: `${base}/mail`,
    EMAIL_FROM: "Vedette <alerts@example.com>",
  };
  vedette = await startVedette({ vars });
});

afterAll(async () => {
  for (const res of open) res.destroy();
  await vedette?.stop();
  await new Promise((resolve) => server.close(resolve));
});

async function take(req: IncomingMessage, res: ServerResponse): Promise<void> {
  let body = "";
  for await (const chunk of req) body += String(chunk);
  const path = req.url ?? "";
  arrivals.push({ path, atMs: Date.now(), headers: req.headers, body });
  const json = (status: number, value: unknown): void =>
    void res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  if (path.startsWith("/hang")) open.push(res);
  else if (path === "/slack") json(200, { ok: true });
  else if (path.includes("/sendMessage")) {
    const broken = body.includes("parse_mode") && body.includes("unclosed");
    if (broken) json(400, { ok: false, description: "Bad Request: can't parse entities: x" });
    else json(200, { ok: true });
  } else if (path === "/gone" && !goneIsBack) res.writeHead(410).end();
  else if (path === "/slow") {
    open.push(res);
    onSlow();
    setTimeout(() => res.writeHead(200).end(), slowMs);
  } else res.writeHead(200).end();
}

const at = (path: string): Arrival[] => arrivals.filter((a) => a.path === path);
const speaksOf = (a: Arrival, name: string): boolean => a.body.includes(name);

async function configure(yaml: string): Promise<void> {
  const r = await vedette.fetch("/config/v1/alertmanager", {
    method: "PUT",
    body: yaml,
    token: "vdt_admin_local",
    headers: { "content-type": "application/yaml" },
  });
  if (!r.ok) throw new Error(`configuration: ${r.status} ${await r.text()}`);
}

/** As Prometheus posts an alert; `endsInMs` below 0 resolves it. */
async function post(alertname: string, endsInMs = 600_000): Promise<void> {
  const r = await vedette.fetch("/api/v2/alerts", {
    method: "POST",
    token: "vdt_ingest_local",
    headers: { "content-type": "application/json" },
    body: JSON.stringify([
      {
        labels: { alertname, severity: "warning" },
        annotations: { summary: `${alertname} <b>happened</b>` },
        endsAt: new Date(Date.now() + endsInMs).toISOString(),
      },
    ]),
  });
  if (!r.ok) throw new Error(`alert: ${r.status} ${await r.text()}`);
}

const TIMES =
  "group_by: [alertname]\n  group_wait: 0s\n  group_interval: 2s\n  repeat_interval: 4h";

it("tells every service in its own terms, on time beside two that hang", async () => {
  await configure(`
route:
  receiver: all
  ${TIMES}
receivers:
  - name: all
    webhook_configs:
      - { url: "${base}/hang1" }
      - { url: "${base}/hang2" }
      - { url: "${base}/hook", signing_secret: s3cret }
    slack_configs:
      - { api_url: "${base}/slack", channel: "#ops" }
    telegram_configs:
      - { api_url: "${base}", bot_token: "1:token", chat_id: 5, message: "<b>unclosed {{ .CommonLabels.alertname }}" }
    discord_configs:
      - { webhook_url: "${base}/discord" }
    msteamsv2_configs:
      - { webhook_url: "${base}/teams" }
    pagerduty_configs:
      - { url: "${base}/pagerduty", routing_key: key }
    email_configs:
      - { to: ops@example.com }
`);
  const names = Array.from({ length: 12 }, (_, i) => `Fault${i}`);
  const posted = new Map<string, number>();
  for (const name of names) {
    posted.set(name, Date.now());
    await post(name);
    await new Promise((r) => setTimeout(r, 1_000));
  }
  const lateness: Record<string, number> = {};
  for (const path of ["/hook", "/slack", "/discord", "/teams", "/pagerduty", "/mail"]) {
    for (const name of names) {
      const first = await eventually(`${name} at ${path}`, async () =>
        at(path).find((a) => speaksOf(a, name)),
      );
      lateness[path] = Math.max(lateness[path] ?? 0, first.atMs - (posted.get(name) ?? 0));
    }
  }
  console.log(
    `at most ms from alert to message beside hanging receivers: ${JSON.stringify(lateness)}`,
  );
  for (const ms of Object.values(lateness)) expect(ms).toBeLessThan(2_000);

  const hook = at("/hook")[0];
  const m = /^t=(\d+),v1=([0-9a-f]+)$/.exec(String(hook?.headers["x-vedette-signature"]));
  const mac = createHmac("sha256", "s3cret").update(`${m?.[1]}.${hook?.body}`).digest("hex");
  expect(m?.[2]).toBe(mac);
  expect(String(hook?.headers["link"])).toMatch(/<http:\S+\/a\/\S+>; rel="acknowledge", </);
  const plain = await eventually("Telegram's plain form", async () =>
    at("/bot1:token/sendMessage").find((a) => !a.body.includes("parse_mode")),
  );
  expect(JSON.parse(plain.body)).toMatchObject({ chat_id: 5 });
  expect(JSON.parse(at("/mail")[0]?.body ?? "")).toMatchObject({
    from: { name: "Vedette", email: "alerts@example.com" },
    to: [{ email: "ops@example.com" }],
    subject: "[FIRING:1] Fault0 (warning)",
  });
  // A hanging one holds four messages at once, each for 10 s: it was called, and called again.
  expect(at("/hang1").length).toBeGreaterThanOrEqual(4);
  for (const name of names) await post(name, -1_000);
}, 90_000);

it("tells through the others that a receiver is down, and that it is back", async () => {
  await configure(`
route:
  receiver: ops
  ${TIMES}
  routes:
    - { receiver: lonely, matchers: [alertname = "Lonely"] }
receivers:
  - { name: ops, webhook_configs: [{ url: "${base}/ops" }] }
  - { name: lonely, webhook_configs: [{ url: "${base}/gone" }] }
`);
  await post("Lonely");
  const told = await eventually(
    "the alert about the receiver",
    async () => at("/ops").find((a) => speaksOf(a, "VedetteReceiverDown")),
    20_000,
  );
  const { alerts } = JSON.parse(told.body) as NotificationData;
  expect(alerts[0]).toMatchObject({
    status: "firing",
    labels: {
      receiver: "lonely",
      integration: "lonely/webhook/0",
      type: "webhook",
      severity: "high",
    },
  });
  expect(at("/gone").filter((a) => speaksOf(a, "VedetteReceiverDown"))).toEqual([]);
  goneIsBack = true;
  const test = await vedette.fetch("/api/v1/receivers/lonely/test", {
    method: "POST",
    token: "vdt_admin_local",
  });
  expect(test.status).toBe(202);
  await eventually(
    "the end of the alert",
    async () =>
      at("/ops").some(
        (a) => speaksOf(a, "VedetteReceiverDown") && speaksOf(a, '"status":"resolved"'),
      ),
    20_000,
  );
}, 60_000);

it("sends a message again, once at most and never not at all, when killed between sending and recording", async () => {
  await configure(`
route: { receiver: slow, group_by: [alertname], group_wait: 0s, group_interval: 2s }
receivers:
  - { name: slow, webhook_configs: [{ url: "${base}/slow" }] }
`);
  const counts: number[] = [];
  for (let round = 0; round < 4; round++) {
    const name = `Killed${round}`;
    slowMs = 60_000;
    const arrived = new Promise<void>((resolve) => (onSlow = resolve));
    // Half of the rounds while the webhook is being called, half just around it.
    await post(name);
    if (round % 2 === 0) await arrived;
    else await new Promise((r) => setTimeout(r, 5 + round * 20));
    await vedette.kill();
    slowMs = 0;
    vedette = await startVedette({ stateDir: vedette.stateDir, port: vedette.port, vars });
    const told = (): number => at("/slow").filter((a) => speaksOf(a, name)).length;
    await eventually(`${name} after the kill`, async () => told() > 0, 40_000);
    await eventually(`${name} recorded as delivered`, () => delivered(name), 60_000);
    await new Promise((r) => setTimeout(r, 3_000));
    counts.push(told());
  }
  console.log(`arrivals of a message whose sender was killed: ${counts.join(", ")}`);
  for (const n of counts) {
    expect(n).toBeGreaterThanOrEqual(1);
    expect(n).toBeLessThanOrEqual(2);
  }
}, 300_000);

async function delivered(alertname: string): Promise<boolean> {
  const r = await vedette.fetch("/api/v1/notifications?limit=100", { token: "vdt_read_local" });
  const { notifications } = (await r.json()) as {
    notifications: {
      alertNames: string[];
      receiver: string;
      deliveries: { outcome: string }[];
    }[];
  };
  return notifications.some(
    (n) =>
      n.receiver === "slow" &&
      n.alertNames.includes(alertname) &&
      n.deliveries.some((d) => d.outcome === "delivered"),
  );
}

it("calls the address outside while all is well", async () => {
  const r = await vedette.fetch("/api/v1/jobs/outbound-watchdog/run", {
    method: "POST",
    token: "vdt_admin_local",
  });
  expect(await r.json()).toMatchObject({ outcome: "ok" });
  expect(at("/watchdog")).toHaveLength(1);
});

it("sends mail by the binding that a local start has", async () => {
  const local = await startVedette({ vars: { EMAIL_FROM: "Vedette <alerts@example.com>" } });
  try {
    const put = await local.fetch("/config/v1/alertmanager", {
      method: "PUT",
      body: "route: {receiver: mail}\nreceivers: [{name: mail, email_configs: [{to: ops@example.com}]}]\n",
      token: "vdt_admin_local",
      headers: { "content-type": "application/yaml" },
    });
    expect(put.status).toBe(200);
    const test = await local.fetch("/api/v1/receivers/mail/test", {
      method: "POST",
      token: "vdt_admin_local",
    });
    expect(test.status).toBe(202);
    const outcome = await eventually("the mail's delivery", async () => {
      const r = await local.fetch("/api/v1/notifications?limit=10", { token: "vdt_read_local" });
      const { notifications } = (await r.json()) as {
        notifications: { deliveries: { outcome: string; error: string | null }[] }[];
      };
      return notifications.flatMap((n) => n.deliveries)[0];
    });
    expect(outcome).toMatchObject({ outcome: "delivered", error: null });
  } finally {
    await local.stop();
  }
}, 90_000);
