// From a sample's arrival to the webhook's: 100 rules over 10,000 series under steady ingest, beside Debian's
// Prometheus and Alertmanager at their fastest sane settings (scraped and evaluated each second, group_wait 0s).
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sleep } from "./cpu.mjs";
import { ADMIN, end, freePort, prometheusInstalled, ready, startVedette } from "./processes.mjs";
import { load } from "./remote-write.mjs";

const RUNS = Number(process.env.RUNS ?? 60);
const RULES = 100;
const SERIES = 10_000;
/** Requests a second of the steady load; all series are written once in 10 s. */
const REQUESTS_PER_S = 5;
const WAIT_MS = 30_000;
const ALERTMANAGER = "/usr/bin/prometheus-alertmanager";

export async function benchLatency(report) {
  const hook = await startHook();
  const vedette = await startVedette();
  const theirs = await startTheirs(hook);
  const stopLoad = steadyLoad([vedette.url, theirs?.url].filter((u) => u !== undefined));
  try {
    await put(
      vedette,
      "/config/v1/alertmanager",
      `route: {receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s}\nreceivers: [{name: hook, webhook_configs: [{url: '${hook.url}/vedette'}]}]\n`,
    );
    await put(vedette, "/config/v1/rules/latency", rulesYaml("15s"));
    await sleep(5_000);
    const [ours, prom] = [[], []];
    for (let run = 0; run < RUNS; run++) {
      // Off any grid: samples and evaluations must not beat together.
      await sleep(300 + Math.random() * 1_000);
      ours.push(await timed(hook, `/vedette ${run}`, () => push(vedette, run)));
      if (theirs !== undefined)
        prom.push(await timed(hook, `/prometheus ${run}`, () => theirs.expose(run)));
    }
    const told = theirs === undefined ? "" : `, Prometheus and Alertmanager ${figures(prom)}`;
    console.log(`  sample to webhook over ${RUNS} runs: Vedette ${figures(ours)}${told}`);
    const what = `sample to webhook, ${RULES} rules, ${SERIES} series`;
    report.add({ what: `${what}, p50`, value: quantile(ours, 0.5), unit: " ms", atMost: 1_000 });
    report.add({ what: `${what}, p99`, value: quantile(ours, 0.99), unit: " ms", atMost: 3_000 });
    if (theirs !== undefined) {
      report.add({
        what: "… Prometheus and Alertmanager, p50",
        value: quantile(prom, 0.5),
        unit: " ms",
      });
      report.add({
        what: "… Prometheus and Alertmanager, p99",
        value: quantile(prom, 0.99),
        unit: " ms",
      });
    }
  } finally {
    await stopLoad();
    await theirs?.stop();
    await vedette.stop();
    hook.stop();
  }
}

function rulesYaml(interval) {
  const rules = Array.from({ length: RULES - 1 }, (_, r) => ({
    alert: `High${r}`,
    expr: `avg by (part) (rate(bench_requests_total{part="${r}"}[1m])) > 1e9`,
  }));
  rules.push({ alert: "Seen", expr: "latency_probe > 0" });
  return JSON.stringify({ groups: [{ name: "g", interval, rules }] });
}

async function push(vedette, run) {
  const r = await fetch(`${vedette.url}/api/v1/import/prometheus`, {
    method: "POST",
    headers: ADMIN,
    body: `latency_probe{run="${run}"} 1`,
  });
  if (!r.ok) throw new Error(`the sample was refused: ${r.status} ${await r.text()}`);
}

async function timed(hook, key, act) {
  const arrived = hook.arrival(key);
  const start = performance.now();
  await act();
  return (await arrived) - start;
}

/** Collects webhooks of both by path and run. */
async function startHook() {
  const waiting = new Map();
  const server = createServer((req, res) => {
    let text = "";
    req.on("data", (d) => (text += d));
    req.on("end", () => {
      const at = performance.now();
      for (const alert of JSON.parse(text).alerts)
        if (alert.status === "firing") waiting.get(`${req.url} ${alert.labels.run}`)?.(at);
      res.end("ok");
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    arrival: (key) =>
      new Promise((resolve, reject) => {
        const late = () => reject(new Error(`${key}: no webhook within ${WAIT_MS} ms`));
        const timer = setTimeout(late, WAIT_MS);
        waiting.set(key, (at) => {
          clearTimeout(timer);
          resolve(at);
        });
      }),
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Debian's Prometheus, which scrapes the probes, and its Alertmanager; undefined where they are not installed. */
async function startTheirs(hook) {
  if (!prometheusInstalled()) return undefined;
  if (!existsSync(ALERTMANAGER)) {
    console.log(`  There is no ${ALERTMANAGER}; nothing to compare with.`);
    return undefined;
  }
  const shown = new Set();
  const exporter = createServer((_, res) => {
    res.setHeader("content-type", "text/plain; version=0.0.4");
    res.end([...shown].map((run) => `latency_probe{run="${run}"} 1\n`).join(""));
  });
  await new Promise((resolve) => exporter.listen(0, "127.0.0.1", resolve));
  const dir = mkdtempSync(join(tmpdir(), "alertmanager-bench-"));
  const file = (name, text) => {
    writeFileSync(join(dir, name), text);
    return join(dir, name);
  };
  const amPort = await freePort();
  const am = spawn(
    ALERTMANAGER,
    [
      `--config.file=${file("am.yml", `route: {receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s}\nreceivers: [{name: hook, webhook_configs: [{url: '${hook.url}/prometheus'}]}]\n`)}`,
      `--storage.path=${join(dir, "am")}`,
      `--web.listen-address=127.0.0.1:${amPort}`,
      "--cluster.listen-address=",
      "--log.level=error",
    ],
    { stdio: "ignore" },
  );
  await ready(`http://127.0.0.1:${amPort}/-/ready`, am);
  const port = await freePort();
  file("rules.yml", rulesYaml("1s"));
  const config = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: ["rules.yml"],
    alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${amPort}`] }] }] },
    scrape_configs: [
      {
        job_name: "probe",
        static_configs: [{ targets: [`127.0.0.1:${exporter.address().port}`] }],
      },
    ],
  };
  const prometheus = spawn(
    "/usr/bin/prometheus",
    [
      `--config.file=${file("prometheus.yml", JSON.stringify(config))}`,
      `--storage.tsdb.path=${join(dir, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--web.enable-remote-write-receiver",
      "--log.level=error",
    ],
    { stdio: "ignore" },
  );
  const url = `http://127.0.0.1:${port}`;
  await ready(`${url}/-/ready`, prometheus);
  return {
    url,
    expose: (run) => shown.add(run),
    async stop() {
      exporter.closeAllConnections();
      exporter.close();
      await end(prometheus, undefined);
      await end(am, undefined);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The same samples to all, a part of the series at a time; the answer ends it. */
function steadyLoad(urls) {
  const perRequest = SERIES / (10 * REQUESTS_PER_S);
  let [going, n] = [true, 0];
  const work = (async () => {
    while (going) {
      const from = (n % (10 * REQUESTS_PER_S)) * perRequest;
      const data = {
        series: Array.from({ length: perRequest }, (_, i) => [
          ["__name__", "bench_requests_total"],
          ["instance", `host-${from + i}:9100`],
          ["job", "api"],
          ["part", String((from + i) % RULES)],
        ]),
        times: [Date.now()],
        valueOf: (i) => n * 10 + i,
      };
      const began = performance.now();
      await Promise.all(urls.map((url) => load(url, data, { connections: 1, headers: ADMIN })));
      n++;
      await sleep(Math.max(0, 1_000 / REQUESTS_PER_S - (performance.now() - began)));
    }
  })();
  return async () => {
    going = false;
    await work;
  };
}

async function put(vedette, path, body) {
  const r = await fetch(vedette.url + path, {
    method: "PUT",
    headers: { ...ADMIN, "content-type": "application/yaml" },
    body,
  });
  if (!r.ok) throw new Error(`${path}: ${r.status} ${await r.text()}`);
}

function quantile(xs, q) {
  const sorted = xs.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

function figures(xs) {
  return `p50 ${quantile(xs, 0.5).toFixed(0)} ms, p99 ${quantile(xs, 0.99).toFixed(0)} ms, max ${Math.max(...xs).toFixed(0)} ms`;
}
