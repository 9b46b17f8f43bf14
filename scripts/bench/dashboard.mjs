// A dashboard as a browser loads it: 30 panels over 24 h, asked at once over six connections.
import { request, Agent } from "node:http";
import { ADMIN, startVedette } from "./processes.mjs";
import { load } from "./remote-write.mjs";
import { median } from "./report.mjs";
import { RUNS, STEP_S, gridEnd } from "./size.mjs";

const PANELS = 30;
const SERIES_PER_PANEL = 50;
const HOURS = 24;
/** Browsers open six connections to a host. */
const CONNECTIONS = 6;
/** 24 h over a panel some 700 pixels wide. */
const PANEL_STEP_S = 120;
/** Of 721; a rate has none before its second sample. */
const FULL_POINTS = 715;

export async function benchDashboard(report) {
  const endS = gridEnd();
  const vedette = await startVedette({ METRIC_OUT_OF_ORDER_WINDOW: "26h" });
  try {
    await load(vedette.url, dashboardSeries(endS), { headers: ADMIN });
    // Whatever the shard still folds and merges is not what a dashboard meets.
    await new Promise((r) => setTimeout(r, 5000));
    const seconds = [];
    let slowest = 0;
    for (let run = 0; run <= RUNS; run++) {
      const { all, panels } = await askAll(vedette.url, endS - 7 - run);
      if (run === 0) continue;
      seconds.push(all / 1000);
      slowest = Math.max(slowest, ...panels);
    }
    const note = `slowest panel ${slowest.toFixed(0)} ms`;
    report.add({
      what: `dashboard of ${PANELS} panels over ${HOURS} h, ${PANELS * SERIES_PER_PANEL} series`,
      value: median(seconds),
      unit: " s",
      atMost: 2,
      note,
    });
  } finally {
    await vedette.stop();
  }
}

/** One metric a panel, counters and gauges in turn. */
function dashboardSeries(endS) {
  const series = [];
  for (let panel = 0; panel < PANELS; panel++) {
    for (let k = 0; k < SERIES_PER_PANEL; k++) {
      series.push([
        ["__name__", metricOf(panel)],
        ["instance", `host-${k % 10}:9100`],
        ["job", "shop"],
        ["path", `/api/v1/resource/${Math.floor(k / 10)}`],
      ]);
    }
  }
  const points = (HOURS * 3600) / STEP_S;
  const times = Array.from(
    { length: points },
    (_, p) => (endS - (points - 1 - p) * STEP_S) * 1000 - 3_217,
  );
  const valueOf = (i, p) =>
    isCounter(Math.floor(i / SERIES_PER_PANEL))
      ? ((i % 7) + 1) * p + ((p * 7 + i * 13) % 5)
      : 500 + Math.round(4000 * Math.sin(p / 200 + i)) / 16;
  return { series, times, valueOf };
}

function isCounter(panel) {
  return panel % 2 === 0;
}

function metricOf(panel) {
  return isCounter(panel) ? `shop_requests_${panel}_total` : `shop_queue_${panel}_bytes`;
}

function queryOf(panel) {
  const metric = metricOf(panel);
  if (!isCounter(panel)) return panel % 3 === 0 ? metric : `avg_over_time(${metric}[10m])`;
  return panel % 3 === 0 ? `rate(${metric}[5m])` : `sum by (instance) (rate(${metric}[5m]))`;
}

async function askAll(url, end) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const start = performance.now();
  const panels = await Promise.all(
    Array.from({ length: PANELS }, (_, panel) => ask(agent, url, queryOf(panel), end)),
  );
  agent.destroy();
  return { all: performance.now() - start, panels };
}

function ask(agent, url, query, end) {
  const body = new URLSearchParams({
    query,
    start: end - HOURS * 3600,
    end,
    step: PANEL_STEP_S,
  }).toString();
  const headers = {
    ...ADMIN,
    "content-type": "application/x-www-form-urlencoded",
    "content-length": body.length,
  };
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const sent = request(
      `${url}/api/v1/query_range`,
      { agent, method: "POST", headers },
      (answer) => {
        const parts = [];
        answer.on("data", (d) => parts.push(d));
        answer.on("end", () => {
          const { status, data } = JSON.parse(Buffer.concat(parts).toString());
          const whole =
            status === "success" &&
            data.result.length > 0 &&
            data.result.every((r) => r.values.length >= FULL_POINTS);
          if (!whole) reject(new Error(`no whole answer to ${query}`));
          else resolve(performance.now() - start);
        });
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}
