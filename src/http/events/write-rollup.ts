import { BatchBuilder } from "../../core/batch";
import { METRIC_NAME, labelsKey, labelsOf } from "../../core/labels";
import type { Matcher } from "../../core/matchers";
import type { Series } from "../../core/series";
import { DEFAULT_ROLLUP_BUDGET, selectRollup } from "../../events/rollup";
import type { Deps } from "../deps";

/** A minute's samples of the chosen series: more than a budget of series could carry. */
const MAX_SAMPLES = 500_000;
const MINUTE_MS = 60_000;
const OVERFLOW = "vedette_analytics_rollup_overflow_total";

export interface WrittenRollup {
  readonly written: number;
  readonly overflow: number;
}

/**
 * Writes the points of the minute that ended at `nowMs` for the series that `selectors` choose (the project's
 * `analytics_rollup`), within the budget; what did not fit is counted. Call it once per project and minute, in an invocation
 * that writes few other points.
 * @throws ShardUnavailableError | SampleBudgetError
 */
export async function writeRollupPoints(
  deps: Deps,
  projectId: string,
  selectors: readonly (readonly Matcher[])[],
  nowMs: number,
  budget: number = DEFAULT_ROLLUP_BUDGET,
): Promise<WrittenRollup> {
  if (selectors.length === 0) return { written: 0, overflow: 0 };
  const metrics = deps.metrics(projectId);
  const answers = await metrics.select(
    selectors.map((matchers) => ({ matchers, startMs: nowMs - MINUTE_MS, endMs: nowMs })),
    { maxSamples: MAX_SAMPLES },
  );
  const series = new Map<string, Series>();
  for (const s of answers.flat()) series.set(labelsKey(s.labels), s);
  const { points, overflow } = selectRollup([...series.values()], selectors, budget);
  deps.analytics(projectId).writeRollupPoints(points);
  if (overflow > 0) {
    const batch = new BatchBuilder(`${OVERFLOW} ${nowMs}`);
    batch.increment(batch.series(labelsOf({ [METRIC_NAME]: OVERFLOW })), nowMs, overflow);
    await metrics.append(batch.finish());
  }
  return { written: points.length, overflow };
}
