import type { RoutedAlert } from "./model";
import type { RouterState, SourceState } from "./state";

/** Alerts that clients of Alertmanager's API post stand under one source: each lives and expires by itself. */
export const API_SOURCE = "api";

export const isPosted = (source: string): boolean => source === API_SOURCE;

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
