// What a corpus of real alert rules costs: 1,000 of them in 50 groups, over series that they select.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { root } from "../install.mjs";
import { cpuSeconds, percent, sleep } from "./cpu.mjs";
import { matchingSeries } from "./matching-series.mjs";
import { ADMIN, startVedette } from "./processes.mjs";
import { load } from "./remote-write.mjs";

const CORPUS = join(root, "../shared/conformance/alert-rules");
const INTERVAL_S = 15;
const GROUPS = 50;
const RULES = 1000;
const PER_SELECTOR = 20;
/** Rules that select more series than this are left out. */
const MOST_SELECTED = 100;
const ROUNDS = 4;

export async function benchAlertRules(report) {
  if (!existsSync(CORPUS)) {
    console.log(`  There are no rules at ${CORPUS}; nothing to measure.`);
    return;
  }
  const whole = readdirSync(CORPUS)
    .filter((f) => f.endsWith(".yml"))
    .flatMap((f) => parse(readFileSync(join(CORPUS, f), "utf8")).groups)
    .flatMap((g) => g.rules.filter((r) => r.alert !== undefined));
  const data = await matchingSeries(
    whole.map((r) => r.expr),
    PER_SELECTOR,
  );
  // A few look at every series there is.
  const corpus = whole.filter((r) => data.selected(r.expr) <= MOST_SELECTED);
  const groups = Array.from({ length: GROUPS }, (_, n) => ({
    name: `g${n}`,
    interval: `${INTERVAL_S}s`,
    rules: [],
  }));
  // Copies go to other groups than their originals, as nothing of one group is asked for twice.
  for (let i = 0; i < RULES; i++) {
    const rule = corpus[i % corpus.length];
    const round = Math.floor(i / corpus.length);
    groups[Math.floor((i * GROUPS) / RULES)].rules.push({
      ...rule,
      labels: { ...rule.labels, copy: String(round), nth: String(i) },
    });
  }
  console.log(
    `  ${corpus.length} of ${whole.length} rules of the corpus, ${data.selectors} selectors, ${data.series.length} series, ${data.unmatched} selectors without any`,
  );
  const idle = await cpuShare(data.series, []);
  const busy = await cpuShare(data.series, groups);
  report.add({
    what: `${RULES} rules of the corpus in ${GROUPS} groups every ${INTERVAL_S} s, of a core`,
    value: (busy - idle) * 100,
    unit: " %",
    atMost: 20,
    note: `${percent(idle)} without rules`,
  });
}

async function cpuShare(series, groups) {
  const vedette = await startVedette();
  try {
    let round = 0;
    const write = () => load(vedette.url, samplesOf(series, round++), { headers: ADMIN });
    await write();
    for (const group of groups) await put(vedette.url, group);
    for (let k = 0; k < 3; k++) {
      await sleep(INTERVAL_S * 1000);
      await write();
    }
    const [cpu, began] = [cpuSeconds(), performance.now()];
    for (let k = 0; k < ROUNDS; k++) {
      await sleep(INTERVAL_S * 1000);
      await write();
    }
    const share = (cpuSeconds() - cpu) / ((performance.now() - began) / 1000);
    const told = groups.length === 0 ? "" : `, ${await state(vedette.url)}`;
    console.log(`  ${groups.length} groups: ${percent(share)} of a core${told}`);
    return share;
  } finally {
    await vedette.stop();
  }
}

const COUNTER = /_(?:total|count|sum|bucket)$/;

function samplesOf(series, round) {
  const isCounter = series.map((pairs) => COUNTER.test(new Map(pairs).get("__name__") ?? ""));
  return {
    series,
    times: [Date.now()],
    valueOf: (i) =>
      isCounter[i] ? (round + 1) * ((i % 13) + 1) * 10 : ((i * 7 + round) % 100) / 100,
  };
}

async function put(url, group) {
  const r = await fetch(`${url}/config/v1/rules/corpus`, {
    method: "POST",
    headers: { ...ADMIN, "content-type": "application/yaml" },
    body: JSON.stringify(group),
  });
  if (!r.ok) throw new Error(`${group.name}: ${r.status} ${await r.text()}`);
}

/** How the rules are, so that failing ones are not taken for cheap ones. */
async function state(url) {
  const ask = async (path) => (await fetch(`${url}${path}`, { headers: ADMIN })).json();
  const { data } = await ask("/api/v1/rules?exclude_alerts=true");
  const rules = data.groups.flatMap((g) => g.rules);
  const failed = rules.filter((r) => r.health !== "ok");
  const { data: firing } = await ask("/api/v1/alerts");
  for (const r of failed.slice(0, 3)) console.log(`  ${r.name}: ${r.lastError}`);
  return `${rules.length} rules, ${failed.length} not well, ${firing.alerts.length} alerts`;
}
