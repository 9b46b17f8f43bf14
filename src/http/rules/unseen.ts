import type { MetricReader } from "../../core/metric-store";
import type { RuleReads } from "../../rules/rule-file";
import { suggestion } from "../../rules/shorthand/suggestion";

const RECENT_MS = 3_600_000;
/** Names looked through; with more of them nothing is said. */
const MAX_NAMES = 20_000;

/**
 * Rules whose paths lead to no series of the last hour: `line:column: …`, with the name that may be meant. Nothing
 * where the store does not answer, as a rule may be put before its data comes.
 */
export async function unseenWarnings(
  reader: MetricReader,
  nowMs: number,
  reads: readonly RuleReads[],
): Promise<string[]> {
  if (reads.length === 0) return [];
  let names: readonly string[];
  try {
    names = await reader.labelValues("__name__", [], nowMs - RECENT_MS, nowMs, MAX_NAMES + 1);
  } catch (e) {
    console.warn("rules: metrics not looked up", e);
    return [];
  }
  if (names.length > MAX_NAMES) return [];
  const known = new Set(names);
  return reads.flatMap(({ rule, line, column, metrics }) => {
    const [first, ...others] = metrics;
    if (first === undefined || metrics.some((m) => known.has(m))) return [];
    const more = others.length === 0 ? "" : ` or ${others.length} other names`;
    const meant = metrics.map((m) => suggestion(m, names)).find((s) => s !== "") ?? "";
    return [`${line}:${column}: ${rule}: no series ${first}${more} in the last hour${meant}`];
  });
}
