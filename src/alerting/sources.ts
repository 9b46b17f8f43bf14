import type { RoutedAlert } from "./model";
import type { RouterState, SourceState } from "./state";

/** Alerts that clients of Alertmanager's API post stand under one source: each lives and expires by itself. */
export const API_SOURCE = "api";

export const isPosted = (source: string): boolean => source === API_SOURCE;

/**
 * Whether an expiry is seen so late that nobody could speak before: the machine was stopped, or its clock set
 * forward. In doubt who is silent indeed lives a little longer; on probation only what passed its whole length
 * unseen counts, as alarms that are always slow must not prolong it for ever.
 */
export function isLate(
  expiresAtMs: number,
  lifetimeMs: number,
  onProbation: boolean,
  nowMs: number,
): boolean {
  return nowMs - expiresAtMs > (onProbation ? Math.max(SLOW_MS, lifetimeMs) : SLOW_MS);
}

/** An alarm later than this was not merely slow. */
const SLOW_MS = 1_000;

/** Read back from storage, and not heard from since. */
const sources = new WeakSet<SourceState>();
const alerts = new WeakSet<RoutedAlert>();

/** Marks a source that was read from storage: its alerts may have been refreshed without a row written. */
export function markRestored(source: SourceState): void {
  sources.add(source);
}

export function isForgotten(source: SourceState): boolean {
  return sources.has(source);
}

/** Marks the alerts of a state that was read from storage which used to be posted again and again. */
export function markPostedRestored(state: RouterState): void {
  for (const alert of state.alerts.values())
    if (isPosted(alert.source) && alert.lifetimeMs !== undefined) alerts.add(alert);
}

/** Takes the mark away; gives whether there was one. */
export function forgetRestored(alert: RoutedAlert): boolean {
  return alerts.delete(alert);
}
