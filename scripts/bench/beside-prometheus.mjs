// Remote-write rate and query latency of both, A B A B, on the same data; medians and ratios ours ÷ theirs.
import { makeLoad, send } from "./remote-write.mjs";
import { startPrometheus, startVedette } from "./processes.mjs";

const SERIES = Number(process.env.SERIES ?? 5000);
const POINTS = Number(process.env.POINTS ?? 240);
const RUNS = Number(process.env.RUNS ?? 5);
const STEP_S = 15;
const RANGE_S = 3600;
const M = "http_requests_total";
const QUERIES = [
  ["range", `sum(rate(${M}[5m]))`],
  ["range", `sum by (code) (rate(${M}[5m]))`],
  ["range", `rate(${M}[5m])`],
  ["range", `topk(5, sum by (path) (rate(${M}[5m])))`],
  ["range", `${M}{pod="pod-7"}`],
  ["range", `avg_over_time(${M}[10m])`],
  ["range", `quantile_over_time(0.95, ${M}[10m])`],
  ["instant", `sum(rate(${M}[5m]))`],
  ["instant", `rate(${M}[5m])`],
  ["instant", `count by (instance) (${M})`],
  ["instant", `${M}{pod=~"pod-1.*"}`],
];
const OURS = { authorization: "Bearer vdt_admin_local" };

const endS = Math.floor(Date.now() / 1000 / STEP_S) * STEP_S;
const load = makeLoad({ series: SERIES, points: POINTS, stepS: STEP_S, batch: 2000, connections: 4, endS });
const vedette = await startVedette();
const prometheus = await startPrometheus();
if (prometheus === undefined) console.log("There is no /usr/bin/prometheus (Debian: apt-get install prometheus); only Vedette is measured.");
try {
  await compareWrites();
  await compareQueries();
} finally {
  await vedette.stop();
  await prometheus?.stop();
}

async function compareWrites() {
  const samples = SERIES * POINTS;
  const ours = await send(`${vedette.url}/api/v1/write`, load, OURS);
  const theirs = prometheus === undefined ? undefined : await send(`${prometheus.url}/api/v1/write`, load, {});
  const rate = (r) => Math.round(samples / r.seconds).toLocaleString("en");
  console.log(`remote write of ${samples.toLocaleString("en")} samples, 2,000 a request, 4 connections`);
  console.log(`  vedette    ${rate(ours)} samples/s, ${ours.failed} failed`);
  if (theirs !== undefined) {
    console.log(`  prometheus ${rate(theirs)} samples/s, ${theirs.failed} failed`);
    console.log(`  ratio      ${(theirs.seconds / ours.seconds).toFixed(2)} of Prometheus' rate`);
  }
}

async function compareQueries() {
  const logs = { range: [], instant: [] };
  for (const [kind, query] of QUERIES) {
    const times = { ours: [], theirs: [] };
    const last = {};
    for (let run = 0; run <= RUNS; run++) {
      // Each run asks another end, off the sample grid, so that no cache answers.
      const end = endS - 7 - run;
      const a = await ask(vedette.url, kind, query, end, OURS);
      const b = prometheus === undefined ? undefined : await ask(prometheus.url, kind, query, end, {});
      last.ours = a.text;
      last.theirs = b?.text;
      if (run === 0) continue;
      times.ours.push(a.ms);
      if (b !== undefined) times.theirs.push(b.ms);
    }
    const ours = median(times.ours);
    if (prometheus === undefined) {
      console.log(`${ours.toFixed(1).padStart(8)} ms  ${kind} ${query}`);
      continue;
    }
    const theirs = median(times.theirs);
    logs[kind].push(Math.log(ours / theirs));
    const verdict = agree(last.ours, last.theirs) ? "agree" : "DIFFER";
    console.log(`${(ours / theirs).toFixed(2)}x  ours ${ours.toFixed(1)} ms, theirs ${theirs.toFixed(1)} ms, ${verdict}  ${kind} ${query}`);
  }
  for (const [kind, all] of Object.entries(logs)) {
    if (all.length > 0) console.log(`${kind}: geometric mean of ours ÷ theirs ${Math.exp(all.reduce((x, y) => x + y, 0) / all.length).toFixed(3)}`);
  }
}

async function ask(base, kind, query, end, headers) {
  const form = kind === "instant" ? { query, time: end } : { query, start: end - RANGE_S, end, step: STEP_S };
  const start = performance.now();
  const r = await fetch(`${base}/api/v1/${kind === "instant" ? "query" : "query_range"}`, { method: "POST", body: new URLSearchParams(form), headers });
  const text = await r.text();
  return { ms: performance.now() - start, text };
}

function agree(a, b) {
  const [x, y] = [a, b].map(digest);
  return x.series === y.series && x.points === y.points && Math.abs(x.sum - y.sum) <= 1e-9 * Math.max(1, Math.abs(y.sum));
}

function digest(text) {
  const { status, data, error } = JSON.parse(text);
  if (status !== "success") throw new Error(error);
  let [points, sum] = [0, 0];
  for (const s of data.result) {
    for (const [, v] of s.values ?? [s.value]) {
      points++;
      sum += Number(v);
    }
  }
  return { series: data.result.length, points, sum };
}

function median(xs) {
  return [...xs].sort((a, b) => a - b)[xs.length >> 1];
}
