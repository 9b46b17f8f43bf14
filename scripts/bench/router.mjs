// 10,000 active alerts in one router: taking them, inhibition, groups, and the API's answers.
import { createServer } from "node:http";
import { sleep } from "./cpu.mjs";
import { ADMIN, startVedette } from "./processes.mjs";
import { median } from "./report.mjs";

const ALERTS = 10_000;
const ROUNDS = 9;
const AT_MOST_MS = 200;

export async function benchRouter(report) {
  for (const shape of [NARROW, WIDE]) await benchShape(report, shape);
}

async function benchShape(report, { name, config, alertOf, silences }) {
  const hook = createServer((req, res) => {
    req.resume();
    req.on("end", () => res.end("ok"));
  });
  await new Promise((resolve) => hook.listen(0, "127.0.0.1", resolve));
  const vedette = await startVedette();
  try {
    await configure(vedette.url, config(`http://127.0.0.1:${hook.address().port}/`));
    const alerts = JSON.stringify(Array.from({ length: ALERTS }, (_, i) => alertOf(i)));
    const first = await timed(() => post(vedette.url, "/api/v2/alerts", alerts));
    console.log(`  ${name}: ${ALERTS} new alerts taken in ${first.toFixed(0)} ms`);
    for (let i = 0; i < silences; i++)
      await post(vedette.url, "/api/v2/silences", JSON.stringify(silenceOf(i)));
    await sleep(8_000);
    const told = await ask(vedette.url, "/api/v2/alerts?active=false&silenced=false");
    if (told.length === 0) throw new Error("no alert is inhibited: nothing is measured");
    const groups = await ask(vedette.url, "/api/v2/alerts/groups");
    console.log(`  ${told.length} of them inhibited, ${groups.length} groups`);
    const again = [];
    for (let k = 0; k < ROUNDS; k++)
      again.push(await timed(() => post(vedette.url, "/api/v2/alerts", alerts)));
    report.add({
      what: `${ALERTS} alerts told again, by API v2, ${name} (the median)`,
      value: median(again),
      unit: " ms",
      atMost: AT_MOST_MS,
    });
    for (const path of [
      "/api/v2/alerts",
      '/api/v2/alerts?filter=cluster="c7"',
      "/api/v2/alerts/groups",
      "/api/v1/alerts/active",
    ]) {
      const times = [];
      for (let k = 0; k < ROUNDS; k++) times.push(await timed(() => read(vedette.url, path)));
      report.add({
        what: `GET ${path} with ${ALERTS} alerts, ${name} (the median)`,
        value: median(times),
        unit: " ms",
        atMost: AT_MOST_MS,
      });
    }
  } finally {
    await vedette.stop();
    hook.closeAllConnections();
    hook.close();
  }
}

/** One route: 50 clusters of 200 alerts; the critical ones inhibit the warnings of their instance. */
const NARROW = {
  name: "one route",
  silences: 0,
  config: (
    hook,
  ) => `route: {receiver: hook, group_by: [cluster, alertname], group_wait: 1s, group_interval: 5m}
inhibit_rules:
- {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [instance]}
receivers: [{name: hook, webhook_configs: [{url: '${hook}'}]}]
`,
  alertOf: (i) => ({
    labels: {
      alertname: `Alert${i % 40}`,
      cluster: `c${i % 50}`,
      instance: `host-${Math.floor(i / 2)}:9100`,
      job: "api",
      severity: i % 2 === 0 ? "critical" : "warning",
    },
    annotations: { summary: `instance ${i} is not well`, runbook: "https://runbooks.example/api" },
    generatorURL: "http://prometheus.example/graph?g0.expr=up",
  }),
};

const TEAMS = ["db", "web", "mail", "edge"];
const SEVERITIES = ["info", "warning", "critical"];

/** A route for each team that goes on to one that groups by every label, two inhibitions, a hundred silences. */
const WIDE = {
  name: "3,500 groups",
  silences: 100,
  config: (hook) => `route:
  receiver: default
  group_by: [alertname, cluster]
  group_wait: 1h
  routes:
${TEAMS.map((t) => `  - { receiver: ${t}, matchers: ['team="${t}"'], continue: true }`).join("\n")}
  - { receiver: pager, matchers: ['severity="critical"'], group_by: ['...'] }
inhibit_rules:
- { source_matchers: ['severity="critical"'], target_matchers: ['severity=~"warning|info"'], equal: [cluster, alertname] }
- { source_matchers: ['alertname="ClusterDown"'], target_matchers: ['alertname!="ClusterDown"'], equal: [cluster] }
receivers:
${TEAMS.map((t) => `- name: ${t}`).join("\n")}
- name: default
- {name: pager, webhook_configs: [{url: '${hook}'}]}
`,
  alertOf: (i) => ({
    labels: {
      alertname: `Alert${i % 50}`,
      cluster: `c${i % 40}`,
      instance: `host-${i}.test:9100`,
      job: `job-${i % 7}`,
      severity: SEVERITIES[i % 3],
      team: TEAMS[i % 4],
    },
    annotations: { summary: `host-${i} has a problem of some kind`, runbook: "http://wiki.test/x" },
    generatorURL: "http://prometheus.test/graph?g0.expr=up&g0.tab=1",
  }),
};

function silenceOf(i) {
  const cluster = i % 4 === 0;
  return {
    matchers: [
      {
        name: cluster ? "cluster" : "instance",
        value: cluster ? `c${i}|none` : `host-${i}.test:9100`,
        isRegex: cluster,
      },
    ],
    startsAt: new Date().toISOString(),
    endsAt: new Date(Date.now() + 3_600_000).toISOString(),
    createdBy: "bench",
    comment: "",
  };
}

async function configure(url, body) {
  const r = await fetch(`${url}/config/v1/alertmanager`, {
    method: "PUT",
    headers: { ...ADMIN, "content-type": "application/yaml" },
    body,
  });
  if (!r.ok) throw new Error(`${r.status} ${await r.text()}`);
}

async function post(url, path, body) {
  const r = await fetch(url + path, {
    method: "POST",
    headers: { ...ADMIN, "content-type": "application/json" },
    body,
  });
  if (!r.ok) throw new Error(`${r.status} ${await r.text()}`);
}

/** The answer to its last byte; what the client makes of it is the client's time. */
async function read(url, path) {
  const r = await fetch(url + path, { headers: ADMIN });
  const text = await r.text();
  if (!r.ok) throw new Error(`${path}: ${r.status} ${text}`);
  return text;
}

async function ask(url, path) {
  return JSON.parse(await read(url, path));
}

async function timed(act) {
  const start = performance.now();
  await act();
  return performance.now() - start;
}
