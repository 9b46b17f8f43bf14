// Bytes a sample takes in cut blocks, index included: of the counters, and of what a node_exporter tells.
import { blockBytes, startOnCutBlocks } from "./cut.mjs";
import { ADMIN, startNodeExporter } from "./processes.mjs";
import { load, requestCounters } from "./remote-write.mjs";
import { POINTS, SERIES, STEP_S, gridEnd } from "./size.mjs";

const AGO_S = 6 * 3600;
const SCRAPES = Number(process.env.SCRAPES ?? 240);
const SCRAPE_EVERY_MS = Number(process.env.SCRAPE_EVERY_MS ?? 1000);

export async function benchBytes(report) {
  const endS = gridEnd(AGO_S);
  const counters = requestCounters({ series: SERIES, points: POINTS, stepS: STEP_S, endS });
  await measure(report, `${SERIES} counters`, counters, SERIES * POINTS);
  const exporter = await startNodeExporter();
  if (exporter === undefined) {
    console.log(
      "  There is no /usr/bin/prometheus-node-exporter (Debian: apt-get install prometheus-node-exporter).",
    );
    return;
  }
  const { data, samples } = await scrapes(exporter.url, endS).finally(exporter.stop);
  await measure(
    report,
    `${data.series.length} series of a node_exporter, ${SCRAPES} scrapes`,
    data,
    samples,
  );
}

async function measure(report, of, data, samples) {
  const server = await startOnCutBlocks("48h", (url) => load(url, data, { headers: ADMIN }));
  try {
    const { bytes, database } = blockBytes(server.stateDir);
    const note = `the database as a whole ${(database / samples).toFixed(2)}`;
    report.add({
      what: `bytes a sample in cut blocks, ${of}`,
      value: bytes / samples,
      atMost: 1.5,
      note,
    });
  } finally {
    await server.stop();
  }
}

/** Real scrapes, a second apart to save time, under timestamps as far apart as a scraper's. */
async function scrapes(url, endS) {
  const bySeries = new Map();
  const times = [];
  let samples = 0;
  for (let p = 0; p < SCRAPES; p++) {
    const next = performance.now() + SCRAPE_EVERY_MS;
    // Prometheus moves a scrape's time onto its grid where it is within 2 ms of it, so that times pack well.
    times.push((endS - (SCRAPES - 1 - p) * STEP_S) * 1000 - 217);
    const text = await (await fetch(url)).text();
    for (const [key, labels, value] of parse(text)) {
      let series = bySeries.get(key);
      if (series === undefined) bySeries.set(key, (series = { labels, values: [] }));
      series.values[p] = value;
      samples++;
    }
    await new Promise((r) => setTimeout(r, Math.max(0, next - performance.now())));
  }
  const all = [...bySeries.values()];
  return {
    data: { series: all.map((s) => s.labels), times, valueOf: (i, p) => all[i].values[p] },
    samples,
  };
}

const LINE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** The lines of a text exposition: key, labels sorted by name, value. */
function* parse(text) {
  for (const line of text.split("\n")) {
    const found = LINE.exec(line);
    if (found === null) continue;
    const [, name, inner = "", value] = found;
    const labels = [
      ["__name__", name],
      ["instance", "node:9100"],
      ["job", "node"],
    ];
    for (const [, label, quoted] of inner.matchAll(LABEL))
      labels.push([label, JSON.parse(`"${quoted}"`)]);
    labels.sort(([a], [b]) => (a < b ? -1 : 1));
    yield [
      `${name}{${inner}}`,
      labels.filter(([, v]) => v !== ""),
      value === "+Inf" ? Infinity : value === "-Inf" ? -Infinity : Number(value),
    ];
  }
}
