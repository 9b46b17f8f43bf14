import type { AlertingRule, Rule } from "../model";

/** One version of a stored group; no rules where it was deleted. */
export interface GroupVersion {
  readonly updatedAtMs: number;
  readonly rules: readonly Rule[];
}

/**
 * Since when a rule has run as it is: the oldest of the versions, newest first, that have it without
 * a break. Annotations may have changed, as they change no alert's course.
 */
export function ranSinceMs(
  rule: AlertingRule,
  versions: readonly GroupVersion[],
): number | undefined {
  const wanted = courseOf(rule);
  let since: number | undefined;
  for (const v of versions) {
    if (!v.rules.some((r) => r.kind === "alerting" && courseOf(r) === wanted)) break;
    since = v.updatedAtMs;
  }
  return since;
}

function courseOf(r: AlertingRule): string {
  const labels = Object.entries(r.labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([r.name, r.expr, labels, r.forMs, r.keepFiringForMs, r.cooldownMs]);
}
