import type { Matcher } from "../core/matchers";
import type { Deps } from "../http/deps";
import { writeRollupPoints } from "../http/events/write-rollup";
import { parseRollup } from "../http/settings/rollup";
import { each } from "./each";
import { type Job, EVERY_MINUTE } from "./job";

/** Each minute's value of chosen series, kept three months by Analytics Engine beyond their raw samples. */
export const analyticsRollup: Job = {
  name: "analytics-rollup",
  pattern: EVERY_MINUTE,
  what: "writes the last value of the series chosen by analytics_rollup to Analytics Engine",
  async run(deps, nowMs) {
    const lines = await each(await deps.projectIds(), String, async (projectId) => {
      const selectors = await loadRollup(deps, projectId);
      if (selectors.length === 0) return "";
      const { written, overflow } = await writeRollupPoints(deps, projectId, selectors, nowMs);
      return `${projectId}: ${written} points, ${overflow} beyond the budget`;
    });
    return lines.filter((l) => l !== "").join("; ") || "no series are chosen";
  },
};

async function loadRollup(deps: Deps, projectId: string): Promise<readonly (readonly Matcher[])[]> {
  const document = await deps.configStore(projectId).get("analytics_rollup", "default");
  if (document === undefined) return [];
  const parsed = parseRollup(JSON.parse(document.body));
  // Checked when it was put.
  return parsed.ok ? parsed.value : [];
}
