import { BatchBuilder } from "../core/batch";
import { labelsOf } from "../core/labels";
import type { Matcher } from "../core/matchers";
import type { Deps } from "../http/deps";
import { selectRollup } from "../events/rollup";
import { parseRollup } from "../http/settings/rollup";
import type { Job } from "./job";

const LOOKBACK_MS = 300_000;

/** Each minute's value of chosen series, kept three months by Analytics Engine beyond their raw samples. */
export const analyticsRollup: Job = {
  name: "analytics-rollup",
  pattern: "* * * * *",
  what: "writes the last value of the series chosen by analytics_rollup to Analytics Engine",
  async run(deps, nowMs) {
    const lines: string[] = [];
    for (const projectId of await deps.projectIds()) {
      const selectors = await loadRollup(deps, projectId);
      if (selectors.length === 0) continue;
      const answers = await deps
        .metrics(projectId)
        .select(
          selectors.map((matchers) => ({ matchers, startMs: nowMs - LOOKBACK_MS, endMs: nowMs })),
        );
      const { points, overflow } = selectRollup(answers.flat(), selectors);
      deps.analytics(projectId).writeRollupPoints(points);
      if (overflow > 0) await countOverflow(deps, projectId, overflow, nowMs);
      lines.push(`${projectId}: ${points.length} points, ${overflow} beyond the budget`);
    }
    return lines.length === 0 ? "no series are chosen" : lines.join("; ");
  },
};

async function loadRollup(deps: Deps, projectId: string): Promise<readonly (readonly Matcher[])[]> {
  const document = await deps.configStore(projectId).get("analytics_rollup", "default");
  if (document === undefined) return [];
  const parsed = parseRollup(JSON.parse(document.body));
  // Checked when it was put.
  return parsed.ok ? parsed.value : [];
}

async function countOverflow(
  deps: Deps,
  projectId: string,
  overflow: number,
  nowMs: number,
): Promise<void> {
  const batch = new BatchBuilder(`rollup-overflow/${projectId}/${nowMs}`);
  batch.increment(
    batch.series(labelsOf({ __name__: "vedette_analytics_rollup_overflow_total" })),
    nowMs,
    overflow,
  );
  await deps.metrics(projectId).append(batch.finish());
}
