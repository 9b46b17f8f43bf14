import type { PostedAlert } from "../core/alerts";
import { settleClock } from "./clock-steps";
import { flushDue } from "./flush";
import { holdIncidents } from "./holds";
import { takePosted } from "./posted";
import { type Outcome, type RouterSettings, type RouterState, emptyOutcome } from "./state";

/**
 * Takes alerts as `POST /api/v2/alerts` does (alertmanager/api/v2): one that has no end expires
 * `resolve_timeout` from now, one that has no start begins now, or at its end.
 */
export function postAlerts(
  state: RouterState,
  settings: RouterSettings,
  alerts: readonly PostedAlert[],
  nowMs: number,
): Outcome {
  const out = emptyOutcome();
  settleClock(state, settings, nowMs);
  for (const a of alerts)
    takePosted(
      state,
      settings,
      {
        labels: a.labels,
        annotations: a.annotations,
        generatorUrl: a.generatorUrl,
        startsAtMs: a.startsAtMs ?? a.endsAtMs ?? nowMs,
        endsAtMs: a.endsAtMs ?? nowMs + settings.config.resolveTimeoutMs,
        endAssumed: a.endsAtMs === undefined,
      },
      nowMs,
      out,
    );
  flushDue(state, settings, nowMs, out);
  holdIncidents(state, nowMs, out);
  return out;
}
