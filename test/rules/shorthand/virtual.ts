import { evaluateGroup } from "../../../src/rules/evaluate-group";
import { startGroup } from "../../../src/rules/group";
import { parseRuleFile } from "../../../src/rules/rule-file";
import { orShorthand } from "../../../src/rules/shorthand/rule-source";
import { loadSeries } from "../../../src/rules/testing/load-series";
import { VirtualStore } from "../../../src/rules/testing/virtual-store";

const MINUTE = 60_000;

/**
 * Evaluates a rule file every minute of virtual time over series that have a sample a minute (in promtool's
 * notation), with the durations that the file has. Gives when each alert fired: `{A: "6m-42m"}`; "" for never.
 */
export async function firings(
  ruleFile: string,
  series: Readonly<Record<string, string>>,
  minutes: number,
): Promise<Record<string, string>> {
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
  const spans = new Map<string, [number, number][]>();
  for (const g of groups) for (const r of g.rules) spans.set(r.rule.name, []);
  const settings = { externalUrl: "", externalLabels: {}, queryOffsetMs: 0 };
  for (let minute = 0; minute <= minutes; minute++) {
    const atMs = (minute + 1) * MINUTE;
    store.visibleUntilMs = atMs;
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
        const firing = [...r.progress.alerting.alerts.values()].some((a) => a.phase === "firing");
        const list = spans.get(r.rule.name) ?? [];
        const last = list.at(-1);
        if (firing && last !== undefined && last[1] === minute - 1) last[1] = minute;
        else if (firing) list.push([minute, minute]);
      }
    }
  }
  return Object.fromEntries(
    [...spans].map(([name, list]) => [
      name,
      list.map(([from, to]) => `${from}m-${to === minutes ? "" : `${to + 1}m`}`).join(" "),
    ]),
  );
}
