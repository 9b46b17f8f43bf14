import { type Labels, METRIC_NAME, labelsKey, withLabel } from "../core/labels";
import type { Queryable } from "../core/metric-store";
import type { Series } from "../core/series";
import { bitsOf, isStaleAt } from "../core/stale";
import type { AlertingRule } from "./model";
import { identityOf } from "./rendered";
import type { Alert, AlertingState } from "./state";

/** How long ago an alert's last `ALERTS_FOR_STATE` may stand. */
const OUTAGE_TOLERANCE_MS = 3_600_000;
/** A restored alert stays pending for at least this; rules with a shorter `for` begin anew. */
const GRACE_MS = 10 * 60_000;

/**
 * Gives pending alerts of a rule that remembers nothing the time that they became active, as their
 * `ALERTS_FOR_STATE` has it: after a restored database, or beside a sibling that wrote it. The time
 * without evaluations does not count, as in Prometheus.
 */
export async function restoreForState(
  rule: AlertingRule,
  state: AlertingState,
  queryable: Queryable,
  atMs: number,
): Promise<AlertingState> {
  if (rule.forMs < GRACE_MS || state.alerts.size === 0) return state;
  const [found = []] = await queryable.select([
    {
      matchers: [
        { type: "=", name: METRIC_NAME, value: "ALERTS_FOR_STATE" },
        { type: "=", name: "alertname", value: rule.name },
      ],
      startMs: atMs - OUTAGE_TOLERANCE_MS,
      endMs: atMs,
    },
  ]);
  if (found.length === 0) return state;
  const byKey = new Map<string, Series>(found.map((s) => [labelsKey(own(s.labels)), s]));
  const alerts = new Map(state.alerts);
  for (const [key, alert] of state.alerts) {
    const series = byKey.get(identityOf(alert.labels).key);
    if (series === undefined || alert.phase !== "pending") continue;
    const activeAtMs = restoredMs(series, rule.forMs, atMs);
    if (activeAtMs !== undefined) alerts.set(key, { ...alert, activeAtMs } satisfies Alert);
  }
  return { ...state, alerts };
}

function own(labels: Labels): Labels {
  return withLabel(labels, METRIC_NAME, "");
}

/** Undefined where the series has ended. */
function restoredMs(series: Series, forMs: number, atMs: number): number | undefined {
  const last = series.timestamps.length - 1;
  if (last < 0 || isStaleAt(bitsOf(series.values), last)) return undefined;
  const downAtMs = series.timestamps[last] as number;
  const activeAtMs = (series.values[last] as number) * 1000;
  if (!Number.isFinite(activeAtMs)) return undefined;
  const remainingMs = forMs - (downAtMs - activeAtMs);
  // It was firing: the next evaluation finds `for` over.
  if (remainingMs <= 0) return activeAtMs;
  if (remainingMs < GRACE_MS) return atMs + GRACE_MS - forMs;
  return activeAtMs + (atMs - downAtMs);
}
