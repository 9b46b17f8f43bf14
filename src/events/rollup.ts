import type { RollupPoint } from "../core/events";
import { METRIC_NAME, metricName, renderLabels, withoutLabels } from "../core/labels";
import { type Matcher, compileMatchers } from "../core/matchers";
import type { Series } from "../core/series";
import { isStaleAt, bitsOf } from "../core/stale";

/** Points of one project and minute (design, section 2). */
export const DEFAULT_ROLLUP_BUDGET = 200;

export interface RollupSelection {
  readonly points: readonly RollupPoint[];
  /** Series that were chosen and did not fit into the budget. */
  readonly overflow: number;
}

const NAME: ReadonlySet<string> = new Set([METRIC_NAME]);

/**
 * The minute's points: the last value of each series that one of the selectors chooses. Beyond the
 * budget the selectors that stand first win, and within one the label sets that sort first, so that every minute keeps the same series.
 */
export function selectRollup(
  series: readonly Series[],
  selectors: readonly (readonly Matcher[])[],
  budget: number = DEFAULT_ROLLUP_BUDGET,
): RollupSelection {
  const tests = selectors.map(compileMatchers);
  const chosen = series
    .map((s) => ({ s, rank: tests.findIndex((test) => test(s.labels)) }))
    .filter(({ rank }) => rank >= 0)
    .flatMap(({ s, rank }) => {
      const value = lastValue(s);
      return value === undefined ? [] : [{ rank, key: renderLabels(s.labels), s, value }];
    })
    .toSorted((a, b) => a.rank - b.rank || (a.key < b.key ? -1 : 1));
  return {
    points: chosen.slice(0, budget).map(({ s, value }) => ({
      metric: metricName(s.labels),
      labels: renderLabels(withoutLabels(s.labels, NAME)),
      value,
    })),
    overflow: Math.max(0, chosen.length - budget),
  };
}

/** Undefined for a series that ended, and for a value that a point cannot hold. */
function lastValue(s: Series): number | undefined {
  const i = s.values.length - 1;
  if (i < 0 || isStaleAt(bitsOf(s.values), i)) return undefined;
  const value = s.values[i];
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}
