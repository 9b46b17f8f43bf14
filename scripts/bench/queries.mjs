// Query latency of both on the same data, in turn.
import { ADMIN, prometheusInstalled, startPrometheus, startVedette } from "./processes.mjs";
import { load, requestCounters } from "./remote-write.mjs";
import { geometricMean, median } from "./report.mjs";
import { POINTS, RUNS, SERIES, STEP_S, gridEnd } from "./size.mjs";

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
/** Beyond this ratio a query must at least be this near, in ms: a ratio of two small times says little. */
const NEAR_MS = 3;

export async function benchQueries(report) {
  if (!prometheusInstalled()) return;
  const endS = gridEnd();
  const data = requestCounters({ series: SERIES, points: POINTS, stepS: STEP_S, endS });
  const [vedette, prometheus] = [await startVedette(), await startPrometheus()];
  try {
    await load(vedette.url, data, { headers: ADMIN });
    await load(prometheus.url, data);
    await compareQueries(report, {
      vedette,
      prometheus,
      endS,
      where: "from the head",
      atMost: { range: 0.5, instant: 1 },
    });
  } finally {
    await vedette.stop();
    await prometheus.stop();
  }
}

/** Every query of both servers in turn; both hold the same data up to `endS`. */
export async function compareQueries(report, { vedette, prometheus, endS, where, atMost }) {
  const ratios = { range: [], instant: [] };
  for (const [kind, query] of QUERIES) {
    const times = { ours: [], theirs: [] };
    const last = {};
    for (let run = 0; run <= RUNS; run++) {
      // Each run asks another end, off the sample grid, so that no cache answers.
      const end = endS - 7 - run;
      const a = await ask(vedette.url, kind, query, end, ADMIN);
      const b = await ask(prometheus.url, kind, query, end, {});
      last.ours = a.text;
      last.theirs = b.text;
      // The first is for warming up.
      if (run === 0) continue;
      times.ours.push(a.ms);
      times.theirs.push(b.ms);
    }
    const [ours, theirs] = [median(times.ours), median(times.theirs)];
    ratios[kind].push(ours / theirs);
    if (!agree(last.ours, last.theirs)) throw new Error(`the answers to ${query} differ`);
    const bound =
      kind === "range"
        ? {
            target: `≤ 1.5 or +${NEAR_MS} ms`,
            holds: ours / theirs <= 1.5 || ours - theirs <= NEAR_MS,
          }
        : {};
    report.add({
      what: `${kind} ${query} ${where}, ours ÷ theirs`,
      value: ours / theirs,
      note: `${ours.toFixed(1)} ms, theirs ${theirs.toFixed(1)} ms`,
      ...bound,
    });
  }
  for (const [kind, all] of Object.entries(ratios)) {
    report.add({
      what: `${kind} queries ${where}, ours ÷ theirs, geometric mean`,
      value: geometricMean(all),
      atMost: atMost[kind],
    });
  }
}

async function ask(base, kind, query, end, headers) {
  const form =
    kind === "instant" ? { query, time: end } : { query, start: end - RANGE_S, end, step: STEP_S };
  const start = performance.now();
  const r = await fetch(`${base}/api/v1/${kind === "instant" ? "query" : "query_range"}`, {
    method: "POST",
    body: new URLSearchParams(form),
    headers,
  });
  const text = await r.text();
  return { ms: performance.now() - start, text };
}

function agree(a, b) {
  const [x, y] = [a, b].map(digest);
  return (
    x.series === y.series &&
    x.points === y.points &&
    Math.abs(x.sum - y.sum) <= 1e-9 * Math.max(1, Math.abs(y.sum))
  );
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
