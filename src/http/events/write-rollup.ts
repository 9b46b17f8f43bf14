import { BatchBuilder } from "../../core/batch";
import { METRIC_NAME, labelsKey, labelsOf } from "../../core/labels";
import type { Matcher } from "../../core/matchers";
import type { Series } from "../../core/series";
import { DEFAULT_ROLLUP_BUDGET, selectRollup } from "../../events/rollup";
import type { Deps } from "../deps";

const MAX_SAMPLES = 500_000;
/** How far back a series' last value counts, as in PromQL. */
const LOOKBACK_MS = 300_000;
const OVERFLOW = "vedette_analytics_rollup_overflow_total";

export interface WrittenRollup {
  readonly written: number;
  readonly overflow: number;
}

/**
 * Writes a point for each series that `selectors` choose (the project's `analytics_rollup`), its last value at `nowMs`,
 * within the budget and what the invocation may still write; the rest is counted. Call it once per project and minute.
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
    selectors.map((matchers) => ({ matchers, startMs: nowMs - LOOKBACK_MS, endMs: nowMs })),
    { maxSamples: MAX_SAMPLES },
  );
  const series = new Map<string, Series>();
  for (const s of answers.flat()) series.set(labelsKey(s.labels), s);
  const chosen = selectRollup([...series.values()], selectors, budget);
  const written = deps.analytics(projectId).writeRollupPoints(chosen.points);
  const overflow = chosen.overflow + chosen.points.length - written;
  if (overflow > 0) {
    const batch = new BatchBuilder(`${OVERFLOW} ${nowMs}`);
    batch.increment(batch.series(labelsOf({ [METRIC_NAME]: OVERFLOW })), nowMs, overflow);
    await metrics.append(batch.finish());
  }
  return { written, overflow };
}
