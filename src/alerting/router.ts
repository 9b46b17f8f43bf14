import type { FiringSet } from "../core/alerts";
import { settleClock } from "./clock-steps";
import { dropOldCooldowns } from "./cooldown";
import { calmDown, nextCalmMs } from "./flap";
import { forgetOldDismissals } from "./dismiss";
import { flushDue } from "./flush";
import { nextFlushMs, regroup } from "./grouping";
import { holdIncidents } from "./holds";
import { moveIncidents } from "./moved-incidents";
import { type ReceiveVerdict, expireAlerts, nextExpiryMs, receiveSet } from "./receive";
import { type Outcome, type RouterSettings, type RouterState, emptyOutcome } from "./state";
import { nextTurnMs, turnWindows } from "./window-turns";

/** Takes a firing set and flushes what is due at once, such as a group with `group_wait: 0s`. */
export function receive(
  state: RouterState,
  settings: RouterSettings,
  set: FiringSet,
  nowMs: number,
): Outcome & { readonly verdict: ReceiveVerdict } {
  const out = emptyOutcome();
  settleClock(state, settings, nowMs);
  turn(state, settings, nowMs, out);
  const verdict = receiveSet(state, settings, set, nowMs, out);
  if (verdict.taken) {
    flushDue(state, settings, nowMs, out);
    holdIncidents(state, nowMs, out);
  }
  return { ...out, verdict };
}

/** What time alone brings: alerts that expire or are calm, windows that start or end, groups that are due. */
export function tick(state: RouterState, settings: RouterSettings, nowMs: number): Outcome {
  const out = emptyOutcome();
  settleClock(state, settings, nowMs);
  expireAlerts(state, nowMs, out);
  forgetOldDismissals(state, nowMs);
  turn(state, settings, nowMs, out);
  dropOldCooldowns(state, nowMs);
  flushDue(state, settings, nowMs, out);
  holdIncidents(state, nowMs, out);
  return out;
}

/** Puts a new configuration in force. Alerts and what receivers were told stay; groups form anew. */
export function reconfigure(state: RouterState, settings: RouterSettings, nowMs: number): Outcome {
  const out = emptyOutcome();
  regroup(state, settings.config, nowMs);
  settleClock(state, settings, nowMs);
  moveIncidents(state, settings, nowMs, out);
  turn(state, settings, nowMs, out);
  expireAlerts(state, nowMs, out);
  flushDue(state, settings, nowMs, out);
  holdIncidents(state, nowMs, out);
  return out;
}

/** What follows of a change to silences or maintenance windows. */
export function follows(
  state: RouterState,
  settings: RouterSettings,
  nowMs: number,
  out: Outcome,
): Outcome {
  flushDue(state, settings, nowMs, out);
  holdIncidents(state, nowMs, out);
  return out;
}

/** Whoever comes first at the time does it: an evaluation, or the alarm. */
function turn(state: RouterState, settings: RouterSettings, nowMs: number, out: Outcome): void {
  calmDown(state, nowMs);
  turnWindows(state, settings, nowMs, out);
}

/** When `tick` is due next. */
export function nextTick(state: RouterState): {
  readonly flushMs: number | undefined;
  readonly expiryMs: number | undefined;
  /** A maintenance window starts or ends. */
  readonly windowMs: number | undefined;
  /** An alert that flaps is calm. */
  readonly calmMs: number | undefined;
} {
  return {
    flushMs: nextFlushMs(state),
    expiryMs: nextExpiryMs(state),
    windowMs: nextTurnMs(state),
    calmMs: nextCalmMs(state),
  };
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

/** The incident after one that a person resolved while its group still fired: `x`, `x-r2`, `x-r3`, … */
export function successorOf(incidentId: string): string {
  const m = /^(.*)-r(\d+)$/.exec(incidentId);
  return m === null ? `${incidentId}-r2` : `${m[1] ?? ""}-r${Number(m[2]) + 1}`;
}

/** From now on the group's firing belongs to another incident. */
export function moveToIncident(state: RouterState, toldKey: string, incidentId: string): void {
  const told = state.told.get(toldKey);
  if (told?.incidentId === undefined) return;
  // The new one has not been told what holds it.
  const { heldBy: _, ...rest } = told;
  state.told.set(toldKey, { ...rest, incidentId });
  state.dirty.told.add(toldKey);
}
