import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Vedette, eventually, freePort, startVedette } from "../vedette";
import { installed } from "./server";

interface Webhook {
  readonly status: string;
  readonly receiver: string;
  readonly groupKey: string;
  readonly alerts: readonly {
    readonly status: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly startsAt: string;
    readonly endsAt: string;
    readonly generatorURL: string;
    readonly fingerprint: string;
  }[];
}

interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly endsAt: string;
  readonly updatedAt: string;
  readonly startsAt: string;
}

const RULES = `groups:
- name: demo
  interval: 1s
  rules:
  - alert: QueueDeep
    expr: queue_depth > 10
    labels: { severity: warning, team: "db" }
    annotations: { summary: "{{ $labels.queue }} holds {{ $value }}" }
  - alert: Always
    expr: vector(1)
    labels: { team: web }
`;

// Prometheus is Debian's; where it is not installed nobody sends.
describe.skipIf(!installed("prometheus"))("a real Prometheus whose Alertmanager this is", () => {
  /** What Prometheus scrapes. */
  let depth = 3;
  const webhooks: Webhook[] = [];
  const server = createServer((req, res) => {
    if (req.url === "/metrics") {
      res.end(`queue_depth{queue="mail"} ${depth}\nqueue_depth{queue="jobs"} 1\n`);
      return;
    }
    let text = "";
    req.on("data", (chunk) => (text += String(chunk)));
    req.on("end", () => {
      webhooks.push(JSON.parse(text) as Webhook);
      res.end();
    });
  });
  let vedette: Vedette;
  let url: string;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    vedette = await startVedette();
    const put = await vedette.fetch("/config/v1/alertmanager", {
      method: "PUT",
      body: `route:
  receiver: other
  group_wait: 0s
  group_interval: 1s
  routes:
  - matchers: [team="db"]
    receiver: hook
    group_by: [alertname]
receivers:
- name: other
- name: hook
  webhook_configs: [{ url: "http://${target}/hook" }]
`,
      headers: { "content-type": "application/yaml" },
      token: "vdt_admin_local",
    });
    expect(put.status, await put.text()).toBe(200);
    ({ url, stop } = await startPrometheus(target, new URL(vedette.url).host));
  }, 90_000);
  afterAll(async () => {
    await stop?.();
    await vedette?.stop();
    server.close();
  });

  const active = async (): Promise<readonly ActiveAlert[]> =>
    (await (
      await vedette.fetch("/api/v2/alerts", { token: "vdt_read_local" })
    ).json()) as ActiveAlert[];

  const counters = async (): Promise<(name: string) => number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return (name) =>
      [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))]
        .map(([, value]) => Number(value))
        .reduce((a, b) => a + b, 0);
  };
  /** Prometheus looks for its Alertmanagers every 5 s; what it would have sent before is dropped. */
  let early = 0;

  it("knows it under both ways to name a token", async () => {
    const found = await eventually("both to be known", async () => {
      const r = await fetch(`${url}/api/v1/alertmanagers`);
      const { data } = (await r.json()) as { data: { activeAlertmanagers: { url: string }[] } };
      return data.activeAlertmanagers.length === 2 && data.activeAlertmanagers;
    });
    early = (await counters())("prometheus_notifications_dropped_total");
    for (const { url: address } of found) expect(address).toBe(`${vedette.url}/api/v2/alerts`);
  });

  it("an alert that fires there reaches the webhook, and its end does", async () => {
    depth = 42;
    const fired = await eventually("the webhook", async () => webhooks.at(0), 15_000);
    expect(fired).toMatchObject({
      status: "firing",
      receiver: "hook",
      groupKey: '{}/{team="db"}:{alertname="QueueDeep"}',
      alerts: [
        {
          status: "firing",
          labels: { alertname: "QueueDeep", queue: "mail", severity: "warning", team: "db" },
          annotations: { summary: "mail holds 42" },
          endsAt: "0001-01-01T00:00:00Z",
        },
      ],
    });
    const [alert] = fired.alerts;
    expect(alert?.generatorURL).toContain("queue_depth");
    // Four times the longer of resend delay and evaluation interval ahead, as Prometheus says.
    const known = (await active()).find((a) => a.labels["alertname"] === "QueueDeep");
    const aheadMs = Date.parse(known?.endsAt ?? "") - Date.now();
    expect(aheadMs).toBeGreaterThan(0);
    expect(aheadMs).toBeLessThanOrEqual(4 * 5_000 + 1_000);
    depth = 3;
    const resolved = await eventually(
      "the resolution",
      async () => webhooks.find((w) => w.status === "resolved"),
      15_000,
    );
    expect(resolved.alerts).toHaveLength(1);
    expect(resolved.alerts[0]?.fingerprint).toBe(alert?.fingerprint);
    expect(resolved.alerts[0]?.startsAt).toBe(alert?.startsAt);
    expect(Date.parse(resolved.alerts[0]?.endsAt ?? "")).toBeGreaterThan(
      Date.parse(alert?.startsAt ?? ""),
    );
    expect(webhooks.map((w) => w.status)).toEqual(["firing", "resolved"]);
  });

  it("goes on to fire while Prometheus sends it again", async () => {
    const first = (await active()).find((a) => a.labels["alertname"] === "Always");
    const again = await eventually(
      "it to be sent again",
      async () => {
        const now = (await active()).find((a) => a.labels["alertname"] === "Always");
        return now !== undefined && now.endsAt > (first?.endsAt ?? "") && now;
      },
      20_000,
    );
    expect(again.startsAt).toBe(first?.startsAt);
  });

  it("dropped no notification, and had none refused", async () => {
    const sum = await counters();
    expect(sum("prometheus_notifications_sent_total")).toBeGreaterThan(2);
    expect(sum("prometheus_notifications_errors_total")).toBe(0);
    expect(sum("prometheus_notifications_dropped_total")).toBe(early);
    expect(sum("prometheus_notifications_alertmanagers_discovered")).toBe(2);
  });
});

async function startPrometheus(
  target: string,
  alertmanager: string,
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), "prometheus-"));
  const targets = `static_configs: [{ targets: ["${alertmanager}"] }]`;
  await writeFile(join(dir, "rules.yml"), RULES);
  await writeFile(
    join(dir, "prometheus.yml"),
    `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
scrape_configs:
- job_name: queues
  static_configs: [{ targets: ["${target}"] }]
alerting:
  alertmanagers:
  - api_version: v2
    basic_auth: { username: prometheus, password: vdt_ingest_local }
    ${targets}
  - authorization: { credentials: vdt_ingest_local }
    ${targets}
`,
  );
  const child = spawn(
    "prometheus",
    [
      `--config.file=${join(dir, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(dir, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--rules.alert.resend-delay=5s",
      "--log.level=error",
    ],
    { stdio: "ignore" },
  );
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    await gone;
    await rm(dir, { recursive: true, force: true });
  };
  await eventually("Prometheus is ready", async () => (await fetch(`${url}/-/ready`)).ok, 20_000);
  return { url, stop };
}
