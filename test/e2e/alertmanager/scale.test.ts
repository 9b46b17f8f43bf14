import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Vedette, startVedette } from "../vedette";

const ALERTS = 10_000;
const LIMIT_MS = 200;

const CONFIG = `route:
  receiver: default
  group_by: [alertname, cluster]
  group_wait: 1h
  routes:
${["db", "web", "mail", "edge"].map((t) => `  - { receiver: ${t}, matchers: ['team="${t}"'], continue: true }`).join("\n")}
  - { receiver: pager, matchers: ['severity="critical"'], group_by: ['...'] }
inhibit_rules:
- { source_matchers: ['severity="critical"'], target_matchers: ['severity=~"warning|info"'], equal: [cluster, alertname] }
- { source_matchers: ['alertname="ClusterDown"'], target_matchers: ['alertname!="ClusterDown"'], equal: [cluster] }
receivers:
${["default", "pager", "db", "web", "mail", "edge"].map((name) => `- name: ${name}`).join("\n")}
`;

let vedette: Vedette;

beforeAll(async () => {
  vedette = await startVedette();
  await ok("PUT", "/config/v1/alertmanager", CONFIG, "application/yaml");
  for (let i = 0; i < ALERTS; i += 1_000)
    await ok(
      "POST",
      "/api/v2/alerts",
      JSON.stringify(Array.from({ length: 1_000 }, (_, n) => alert(i + n))),
    );
  for (let i = 0; i < 100; i++)
    await ok(
      "POST",
      "/api/v2/silences",
      JSON.stringify({
        matchers: [
          {
            name: i % 4 === 0 ? "cluster" : "instance",
            value: i % 4 === 0 ? `c${i}|none` : `host-${i}.test:9100`,
            isRegex: i % 4 === 0,
          },
        ],
        startsAt: "2026-01-01T00:00:00Z",
        endsAt: "2099-01-01T00:00:00Z",
        createdBy: "ann",
        comment: "",
      }),
    );
}, 180_000);
afterAll(async () => {
  await vedette?.stop();
});

it.each(["/api/v2/alerts", "/api/v2/alerts/groups"])(
  `%s answers ${ALERTS} alerts within ${LIMIT_MS} ms`,
  async (path) => {
    const times: number[] = [];
    let bytes = 0;
    const ask = async (): Promise<void> => {
      const start = performance.now();
      const r = await vedette.fetch(path, { token: "vdt_read_local" });
      const text = await r.text();
      times.push(performance.now() - start);
      bytes = text.length;
      expect(r.status).toBe(200);
      const all = JSON.parse(text) as { alerts?: unknown[] }[];
      expect(all.flatMap((a) => a.alerts ?? [a]).length).toBeGreaterThanOrEqual(ALERTS);
    };
    for (let i = 0; i < 3; i++) await ask(); // until the code is compiled
    times.length = 0;
    const before = await cpuMs();
    for (let i = 0; i < 10; i++) await ask();
    const cpu = ((await cpuMs()) - before) / 10;
    times.sort((x, y) => x - y);
    const [best = 0, median = 0] = [times[0], times[5]];
    console.log(
      `${path}: ${bytes} characters, CPU ${cpu.toFixed(0)} ms, waited ${best.toFixed(0)} to ${median.toFixed(0)} ms`,
    );
    // Of a busy machine the process' own time tells what it takes.
    expect(Math.min(cpu, median)).toBeLessThan(LIMIT_MS);
  },
);

/** User and system time of the Worker's process, ms. */
async function cpuMs(): Promise<number> {
  const stat = await readFile(`/proc/${vedette.workerdPid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function alert(n: number): object {
  const team = ["db", "web", "mail", "edge"][n % 4];
  return {
    labels: {
      alertname: `Alert${n % 50}`,
      cluster: `c${n % 40}`,
      instance: `host-${n}.test:9100`,
      job: `job-${n % 7}`,
      severity: ["info", "warning", "critical"][n % 3],
      team,
    },
    annotations: { summary: `host-${n} has a problem of some kind`, runbook: "http://wiki.test/x" },
    startsAt: "2026-01-01T00:00:00Z",
    endsAt: "2099-01-01T00:00:00Z",
    generatorURL: "http://prometheus.test/graph?g0.expr=up&g0.tab=1",
  };
}

async function ok(
  method: string,
  path: string,
  body: string,
  type = "application/json",
): Promise<void> {
  const r = await vedette.fetch(path, {
    method,
    body,
    headers: { "content-type": type },
    token: "vdt_admin_local",
  });
  expect(r.status, await r.text()).toBe(200);
}
