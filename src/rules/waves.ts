import { METRIC_NAME, labelsOf } from "../core/labels";
import { compileMatchers } from "../core/matchers";
import { selectorsOf } from "../promql";
import type { LoadedRule } from "./evaluate";

/** Rules asked together: what they select is held in memory at once. */
const MAX_WAVE = 20;

/**
 * Cuts a group's rules into runs, in their order, in which no rule reads what another one of the run
 * writes: those of a run may be asked side by side.
 */
export function wavesOf<R extends LoadedRule>(rules: readonly R[]): R[][] {
  const waves: R[][] = [];
  let wave: R[] = [];
  let written = new Set<string>();
  for (const r of rules) {
    if (wave.length === MAX_WAVE || reads(r, written)) {
      waves.push(wave);
      wave = [];
      written = new Set();
    }
    wave.push(r);
    for (const name of writtenBy(r)) written.add(name);
  }
  if (wave.length > 0) waves.push(wave);
  return waves;
}

function writtenBy({ rule }: LoadedRule): readonly string[] {
  return rule.kind === "recording" ? [rule.name] : ["ALERTS", "ALERTS_FOR_STATE"];
}

function reads({ expr, templates }: LoadedRule, written: ReadonlySet<string>): boolean {
  if (written.size === 0) return false;
  // What a template queries is known only when it is filled in.
  if (templates.queries) return true;
  return selectorsOf(expr).some(({ matchers }) => {
    const named = compileMatchers(matchers.filter((m) => m.name === METRIC_NAME));
    return [...written].some((name) => named(labelsOf({ [METRIC_NAME]: name })));
  });
}
