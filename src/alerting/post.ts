import type { PostedAlert } from "../core/alerts";
import { receive } from "./router";
import type { Outcome, RouterSettings, RouterState } from "./state";

/** Alerts that clients of Alertmanager's API post stand under one source: each lives and expires by itself. */
export const API_SOURCE = "api";

/** Takes alerts as `POST /api/v2/alerts` does (alertmanager api/v2): one that has no end expires `resolve_timeout` from now. */
export function postAlerts(
  state: RouterState,
  settings: RouterSettings,
  alerts: readonly PostedAlert[],
  nowMs: number,
): Outcome {
  const generation = (state.sources.get(API_SOURCE)?.generation ?? 0) + 1;
  return receive(
    state,
    settings,
    {
      source: API_SOURCE,
      generation,
      evaluatedAtMs: nowMs,
      alerts: alerts.map((a) => {
        const endsAtMs = a.endsAtMs ?? nowMs + settings.config.resolveTimeoutMs;
        return {
          labels: a.labels,
          annotations: a.annotations,
          startsAtMs: a.startsAtMs ?? Math.min(nowMs, endsAtMs),
          endsAtMs,
          status: endsAtMs <= nowMs ? "resolved" : "firing",
          generatorUrl: a.generatorUrl,
          value: Number.NaN,
        };
      }),
    },
    nowMs,
  );
}
