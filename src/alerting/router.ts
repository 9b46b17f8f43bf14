import type { FiringSet } from "../core/alerts";
import { flushDue } from "./flush";
import { nextFlushMs, regroup } from "./grouping";
import { type ReceiveVerdict, expireAlerts, nextExpiryMs, receiveSet } from "./receive";
import { type Outcome, type RouterSettings, type RouterState, emptyOutcome } from "./state";

/** Takes a firing set and flushes what is due at once, such as a group with `group_wait: 0s`. */
export function receive(
  state: RouterState,
  settings: RouterSettings,
  set: FiringSet,
  nowMs: number,
): Outcome & { readonly verdict: ReceiveVerdict } {
  const out = emptyOutcome();
  const verdict = receiveSet(state, settings, set, nowMs, out);
  if (verdict.taken) flushDue(state, settings, nowMs, out);
  return { ...out, verdict };
}

/** What time alone brings: alerts that expire, groups that are due. */
export function tick(state: RouterState, settings: RouterSettings, nowMs: number): Outcome {
  const out = emptyOutcome();
  expireAlerts(state, nowMs, out);
  flushDue(state, settings, nowMs, out);
  return out;
}

/** Puts a new configuration in force. Alerts and what receivers were told stay; groups form anew. */
export function reconfigure(state: RouterState, settings: RouterSettings, nowMs: number): Outcome {
  regroup(state, settings.config, nowMs);
  return tick(state, settings, nowMs);
}

/** When `tick` is due next. */
export function nextTick(state: RouterState): {
  readonly flushMs: number | undefined;
  readonly expiryMs: number | undefined;
} {
  return { flushMs: nextFlushMs(state), expiryMs: nextExpiryMs(state) };
}

/** An alert is taken in hand by a person; false where it is not active. */
export function acknowledge(
  state: RouterState,
  fingerprint: string,
  by: string,
  nowMs: number,
): boolean {
  const alert = state.alerts.get(fingerprint);
  if (alert === undefined || alert.status !== "firing") return false;
  alert.acknowledgedBy = by;
  alert.updatedAtMs = nowMs;
  state.dirty.alerts.add(fingerprint);
  return true;
}
