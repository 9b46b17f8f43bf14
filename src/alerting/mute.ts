import type { Route, RouterConfig } from "./config";
import { anyContains } from "./time-interval";

interface Answer {
  readonly config: RouterConfig;
  readonly nowMs: number;
  readonly by: readonly string[];
}

/** A flush asks once per alert, with one answer for all of them. */
const answers = new WeakMap<Route, Answer>();

/**
 * Names of the time intervals by which a route is silent now: the `mute_time_intervals` that hold, or
 * else all its `active_time_intervals` where none of them does (alertmanager/timeinterval, Intervener).
 */
export function mutedBy(route: Route, config: RouterConfig, nowMs: number): readonly string[] {
  const hit = answers.get(route);
  if (hit !== undefined && hit.config === config && hit.nowMs === nowMs) return hit.by;
  const by = decide(route, config, nowMs);
  answers.set(route, { config, nowMs, by });
  return by;
}

function decide(route: Route, config: RouterConfig, nowMs: number): readonly string[] {
  const holds = (name: string): boolean =>
    (config.timeIntervals ?? []).some((t) => t.name === name && anyContains(t.intervals, nowMs));
  const muting = (route.muteTimeIntervals ?? []).filter(holds);
  if (muting.length > 0) return muting;
  const active = route.activeTimeIntervals ?? [];
  return active.some(holds) ? [] : active;
}
