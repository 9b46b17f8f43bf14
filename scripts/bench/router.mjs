// 10,000 active alerts in one router: taking them, inhibition, groups, and the API's answers.
import { createServer } from "node:http";
import { sleep } from "./cpu.mjs";
import { ADMIN, startVedette } from "./processes.mjs";
import { median } from "./report.mjs";

const ALERTS = 10_000;
const ROUNDS = 9;
const AT_MOST_MS = 200;

export async function benchRouter(report) {
  const hook = createServer((req, res) => {
    req.resume();
    req.on("end", () => res.end("ok"));
  });
  await new Promise((resolve) => hook.listen(0, "127.0.0.1", resolve));
  const vedette = await startVedette();
  try {
    await configure(vedette.url, `http://127.0.0.1:${hook.address().port}/`);
    const alerts = JSON.stringify(Array.from({ length: ALERTS }, (_, i) => alertOf(i)));
    const first = await timed(() => post(vedette.url, alerts));
    console.log(`  ${ALERTS} new alerts taken in ${first.toFixed(0)} ms`);
    await sleep(8_000);
    const told = await ask(vedette.url, "/api/v2/alerts?active=false&silenced=false");
    if (told.length === 0) throw new Error("no alert is inhibited: nothing is measured");
    console.log(`  ${told.length} of them inhibited`);
    const again = [];
    for (let k = 0; k < ROUNDS; k++) again.push(await timed(() => post(vedette.url, alerts)));
    report.add({
      what: `${ALERTS} alerts told again, by API v2 (the median)`,
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
      for (let k = 0; k < ROUNDS; k++) times.push(await timed(() => ask(vedette.url, path)));
      report.add({
        what: `GET ${path} with ${ALERTS} alerts (the median)`,
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

/** 50 clusters of 200 alerts; the critical ones inhibit the warnings of their instance. */
function alertOf(i) {
  return {
    labels: {
      alertname: `Alert${i % 40}`,
      cluster: `c${i % 50}`,
      instance: `host-${Math.floor(i / 2)}:9100`,
      job: "api",
      severity: i % 2 === 0 ? "critical" : "warning",
    },
    annotations: { summary: `instance ${i} is not well`, runbook: "https://runbooks.example/api" },
    generatorURL: "http://prometheus.example/graph?g0.expr=up",
  };
}

async function configure(url, hook) {
  const r = await fetch(`${url}/config/v1/alertmanager`, {
    method: "PUT",
    headers: { ...ADMIN, "content-type": "application/yaml" },
    body: `route: {receiver: hook, group_by: [cluster, alertname], group_wait: 1s, group_interval: 5m}
inhibit_rules:
- {source_matchers: [severity="critical"], target_matchers: [severity="warning"], equal: [instance]}
receivers: [{name: hook, webhook_configs: [{url: '${hook}'}]}]
`,
  });
  if (!r.ok) throw new Error(`${r.status} ${await r.text()}`);
}

async function post(url, body) {
  const r = await fetch(`${url}/api/v2/alerts`, {
    method: "POST",
    headers: { ...ADMIN, "content-type": "application/json" },
    body,
  });
  if (!r.ok) throw new Error(`${r.status} ${await r.text()}`);
}

async function ask(url, path) {
  const r = await fetch(url + path, { headers: ADMIN });
  if (!r.ok) throw new Error(`${path}: ${r.status} ${await r.text()}`);
  return r.json();
}

async function timed(act) {
  const start = performance.now();
  await act();
  return performance.now() - start;
}
