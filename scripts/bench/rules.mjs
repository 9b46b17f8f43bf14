// What rules cost: CPU of the whole Worker while many rules, or many firing alerts, are evaluated every 15 s.
import { cpuSeconds, percent, sleep } from "./cpu.mjs";
import { ADMIN, startVedette } from "./processes.mjs";
import { load } from "./remote-write.mjs";

const INTERVAL_S = 15;
const GROUPS = 50;
const RULES = 1000;
const SERIES = 5000;
const ALERTS = 20_000;
/** Evaluations of each group while CPU is counted. */
const ROUNDS = 4;

export async function benchRules(report) {
  const idle = await cpuShare("no rules", SERIES, undefined);
  const many = await cpuShare(`${RULES} rules in ${GROUPS} groups`, SERIES, manyRules);
  const cost = ((many - idle) * INTERVAL_S * 1000) / RULES;
  report.add({
    what: `CPU of one evaluation of a rule (${RULES} rules, ${SERIES} series)`,
    value: cost,
    unit: " ms",
    note: `${percent(many - idle)} of a core`,
  });
  const quiet = await cpuShare("no alerts", ALERTS, undefined);
  const loud = await cpuShare(`${ALERTS} firing alerts`, ALERTS, manyAlerts);
  report.add({
    what: `${ALERTS} firing alerts every ${INTERVAL_S} s, of a core`,
    value: (loud - quiet) * 100,
    unit: " %",
    note: `with ${percent(quiet)} for their samples`,
  });
}

/** CPU seconds a second, with all series written anew each interval. */
async function cpuShare(what, series, rules) {
  const vedette = await startVedette();
  try {
    let round = 0;
    const write = () => load(vedette.url, gauges(series, round++), { headers: ADMIN });
    await write();
    if (rules !== undefined) await rules(vedette.url);
    // The first evaluations make the series and hand everything over.
    for (let k = 0; k < 2; k++) {
      await sleep(INTERVAL_S * 1000);
      await write();
    }
    const [cpu, began] = [cpuSeconds(), performance.now()];
    for (let k = 0; k < ROUNDS; k++) {
      await sleep(INTERVAL_S * 1000);
      await write();
    }
    const share = (cpuSeconds() - cpu) / ((performance.now() - began) / 1000);
    console.log(
      `  ${what}: ${percent(share)} of a core${rules === undefined ? "" : `, ${await state(vedette.url)}`}`,
    );
    return share;
  } finally {
    await vedette.stop();
  }
}

/** Half of them record, half alert and stay quiet. */
async function manyRules(url) {
  for (let g = 0; g < GROUPS; g++) {
    const rules = Array.from({ length: RULES / GROUPS }, (_, r) => {
      const of = `bench_gauge{part="${(g * (RULES / GROUPS) + r) % 100}"}`;
      return r % 2 === 0
        ? { record: `part:bench_gauge:sum${g}_${r}`, expr: `sum by (part) (${of})` }
        : {
            alert: `High${g}_${r}`,
            expr: `avg by (part) (${of}) > 1e9`,
            for: "5m",
            annotations: { summary: "{{ $labels.part }} is at {{ $value }}" },
          };
    });
    await put(url, { name: `g${g}`, interval: `${INTERVAL_S}s`, rules });
  }
}

async function manyAlerts(url) {
  const rules = [0, 1].map((half) => ({
    alert: `Half${half}`,
    expr: `bench_gauge{half="${half}"} >= 0`,
    annotations: { summary: "{{ $labels.instance }} is at {{ $value }}" },
  }));
  await put(url, { name: "alerts", interval: `${INTERVAL_S}s`, rules });
}

async function put(url, group) {
  const r = await fetch(`${url}/config/v1/rules/bench`, {
    method: "POST",
    headers: { ...ADMIN, "content-type": "application/yaml" },
    body: JSON.stringify(group),
  });
  if (!r.ok) throw new Error(`${r.status} ${await r.text()}`);
}

/** How the rules are, so that failing ones are not taken for cheap ones. */
async function state(url) {
  const { data } = await (
    await fetch(`${url}/api/v1/rules?exclude_alerts=true`, { headers: ADMIN })
  ).json();
  const rules = data.groups.flatMap((g) => g.rules);
  const failed = rules.filter((r) => r.health !== "ok").length;
  const missed = data.groups.reduce((n, g) => n + (g.missedEvaluations ?? 0), 0);
  return `${rules.length} rules, ${failed} not well, ${missed} evaluations missed`;
}

/** Values that stay as they are, as those of most alerts do. */
function gauges(series, round) {
  return {
    series: Array.from({ length: series }, (_, i) => [
      ["__name__", "bench_gauge"],
      ["half", String(i % 2)],
      ["instance", `host-${i}:9100`],
      ["job", "api"],
      ["part", String(i % 100)],
    ]),
    times: [Date.now()],
    valueOf: (i) => i % 97,
    round,
  };
}
