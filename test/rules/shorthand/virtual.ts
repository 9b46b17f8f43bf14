import { evaluateGroup } from "../../../src/rules/evaluate-group";
import { startGroup } from "../../../src/rules/group";
import { parseRuleFile } from "../../../src/rules/rule-file";
import { orShorthand } from "../../../src/rules/shorthand/rule-source";
import { loadSeries } from "../../../src/rules/testing/load-series";
import { VirtualStore } from "../../../src/rules/testing/virtual-store";

const MINUTE = 60_000;

interface Firing {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Evaluates a rule file every minute of virtual time over series that have a sample a minute (in promtool's
 * notation), with the durations that the file has. Gives the alerts that fire at each minute.
 */
export async function timeline(
  ruleFile: string,
  series: Readonly<Record<string, string>>,
  minutes: number,
): Promise<Firing[][]> {
  const parsed = orShorthand((t) => parseRuleFile(t))(ruleFile);
  if (!parsed.ok)
    throw new Error(`${parsed.error.line}:${parsed.error.column}: ${parsed.error.message}`);
  const store = new VirtualStore();
  const input = Object.entries(series).map(([s, values]) => ({ series: s, values }));
  const loaded = loadSeries(store, input, MINUTE, MINUTE, 1e6);
  if (!loaded.ok) throw new Error(loaded.error);
  const groups = parsed.value.groups.map((g) =>
    startGroup({ ...g, namespace: "test", version: 0 }, new Map()),
  );
  const settings = { externalUrl: "", externalLabels: {}, queryOffsetMs: 0 };
  const out: Firing[][] = [];
  for (let minute = 0; minute <= minutes; minute++) {
    const atMs = (minute + 1) * MINUTE;
    store.visibleUntilMs = atMs;
    const firing: Firing[] = [];
    for (const g of groups) {
      const { samples } = await evaluateGroup(g, {
        queryable: store,
        clock: () => 0,
        atMs,
        occasion: "grid",
        settings,
        onFault: (_, e) => {
          throw e;
        },
      });
      for (const s of samples) store.add(s);
      for (const r of g.rules) {
        if (r.progress.health === "err") throw new Error(`${r.rule.name}: ${r.progress.lastError}`);
        for (const a of r.progress.alerting.alerts.values())
          if (a.phase === "firing") firing.push(a);
      }
    }
    out.push(firing);
  }
  return out;
}

/** When each alert of a {@link timeline} fired: `{A: "6m-42m"}`, "" for never, no end where it still fires. */
export async function firings(
  ruleFile: string,
  series: Readonly<Record<string, string>>,
  minutes: number,
): Promise<Record<string, string>> {
  const parsed = orShorthand((t) => parseRuleFile(t))(ruleFile);
  const rules = parsed.ok ? parsed.value.groups.flatMap((g) => g.rules) : [];
  const spans = new Map(rules.map((r): [string, [number, number][]] => [r.name, []]));
  for (const [minute, alerts] of (await timeline(ruleFile, series, minutes)).entries())
    for (const name of new Set(alerts.map((a) => a.labels["alertname"] ?? ""))) {
      const list = spans.get(name) ?? [];
      const last = list.at(-1);
      if (last?.[1] === minute - 1) last[1] = minute;
      else list.push([minute, minute]);
    }
  return Object.fromEntries(
    [...spans].map(([name, list]) => [
      name,
      list.map(([from, to]) => `${from}m-${to === minutes ? "" : `${to + 1}m`}`).join(" "),
    ]),
  );
}
