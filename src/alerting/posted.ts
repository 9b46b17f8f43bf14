import type { AlertInstance, StringMap } from "../core/alerts";
import { begin, firesAgain, refresh, resolve, withoutEmpty } from "./alert-changes";
import { isDismissed } from "./dismiss";
import { fingerprint } from "./fingerprint";
import { reportedStatus } from "./flap";
import { hurryGroups, placeAlert } from "./grouping";
import type { RoutedAlert } from "./model";
import { API_SOURCE, forgetRestored, isLate, isPosted } from "./sources";
import type { Outcome, RouterSettings, RouterState } from "./state";

/** An alert with its times as Alertmanager fills them in. */
export interface TimedAlert {
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly generatorUrl: string;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  /** It was posted without an end. */
  readonly endAssumed: boolean;
}

/**
 * Takes one posted alert, merged with the one that is known as Alertmanager merges them
 * (alertmanager/types, Alert.Merge). Differs in two points: what a rule of this project still sends is the
 * rule's to end, and the resolution of an alert that does not fire is no news, however often it is posted.
 */
export function takePosted(
  state: RouterState,
  settings: RouterSettings,
  posted: TimedAlert,
  nowMs: number,
  out: Outcome,
): void {
  const labels = withoutEmpty(posted.labels);
  const id = fingerprint(labels);
  const told = {
    status: posted.endsAtMs <= nowMs ? ("resolved" as const) : ("firing" as const),
    // One that came without a beginning is given its end for it.
    startsAtMs: Math.min(posted.startsAtMs, nowMs),
    endsAtMs: posted.endsAtMs,
  };
  if (isDismissed(state, id, told, API_SOURCE, false)) return;
  const existing = state.alerts.get(id);
  const fires = existing !== undefined && reportedStatus(state, existing) === "firing";
  if (fires && !isPosted(existing.source) && existing.endsAtMs > nowMs) return;
  const merged = existing === undefined ? posted : mergeTimes(existing, posted, nowMs);
  const instance: AlertInstance = {
    labels,
    annotations: posted.annotations,
    startsAtMs: merged.startsAtMs,
    endsAtMs: merged.endsAtMs,
    status: merged.endsAtMs <= nowMs ? "resolved" : "firing",
    generatorUrl: posted.generatorUrl,
    value: Number.NaN,
  };
  if (instance.status === "resolved") {
    if (existing === undefined) return;
    refresh(existing, instance);
    existing.startsAtMs = merged.startsAtMs;
    if (fires) resolve(state, existing, merged.endsAtMs, "resolved", nowMs, out);
    else if (existing.status === "resolved") existing.endsAtMs = merged.endsAtMs;
    hurryGroups(state, settings.config, existing, nowMs);
    return;
  }
  const alert =
    existing === undefined || existing.status === "resolved"
      ? begin(state, settings, API_SOURCE, id, labels, instance, nowMs, out)
      : again(state, existing, instance, nowMs, out);
  if (posted.endAssumed) alert.endAssumed = true;
  else delete alert.endAssumed;
  if (existing !== undefined) placeAlert(state, settings.config, alert, nowMs);
}

function again(
  state: RouterState,
  alert: RoutedAlert,
  instance: AlertInstance,
  nowMs: number,
  out: Outcome,
): RoutedAlert {
  forgetRestored(alert);
  alert.heardAtMs = nowMs;
  if (
    alert.startsAtMs !== instance.startsAtMs ||
    alert.lifetimeMs === undefined ||
    alert.onProbation === true
  )
    state.dirty.alerts.add(alert.fingerprint);
  delete alert.onProbation;
  alert.startsAtMs = instance.startsAtMs;
  alert.lifetimeMs ??= instance.endsAtMs - nowMs;
  refresh(alert, instance);
  alert.endsAtMs = instance.endsAtMs;
  firesAgain(state, alert, instance, nowMs, out);
  return alert;
}

type Times = Pick<TimedAlert, "startsAtMs" | "endsAtMs">;

function mergeTimes(old: RoutedAlert, now: TimedAlert, nowMs: number): Times {
  const overlap =
    (now.endsAtMs > old.startsAtMs && now.endsAtMs < old.endsAtMs) ||
    (now.startsAtMs > old.startsAtMs && now.startsAtMs < old.endsAtMs);
  if (!overlap) return now;
  const startsAtMs = Math.min(old.startsAtMs, now.startsAtMs);
  const longer = old.endsAtMs > now.endsAtMs;
  const keeps =
    now.endsAtMs <= nowMs
      ? old.endsAtMs <= nowMs && longer
      : // An end that was told holds against a sooner one.
        longer && old.endAssumed !== true;
  return { startsAtMs, endsAtMs: keeps ? old.endsAtMs : now.endsAtMs };
}

/**
 * Resolves posted alerts whose end has come. One that is posted again and again gets its lifetime once more where
 * its end may have been moved without a row, or nobody could post: this call comes late.
 */
export function expirePosted(state: RouterState, nowMs: number, out: Outcome): void {
  for (const alert of state.alerts.values()) {
    if (!isPosted(alert.source) || alert.endsAtMs > nowMs) continue;
    if (reportedStatus(state, alert) !== "firing") continue;
    const { lifetimeMs, onProbation = false } = alert;
    const doubtful = forgetRestored(alert) && !onProbation;
    if (
      lifetimeMs !== undefined &&
      (doubtful || isLate(alert.endsAtMs, lifetimeMs, onProbation, nowMs))
    ) {
      alert.endsAtMs = nowMs + lifetimeMs;
      alert.onProbation = true;
      state.dirty.alerts.add(alert.fingerprint);
      continue;
    }
    resolve(state, alert, alert.endsAtMs, "expired", nowMs, out);
  }
}

/** When the next posted alert ends. */
export function nextPostedExpiryMs(state: RouterState): number | undefined {
  let first: number | undefined;
  for (const alert of state.alerts.values()) {
    if (!isPosted(alert.source) || reportedStatus(state, alert) !== "firing") continue;
    if (first === undefined || alert.endsAtMs < first) first = alert.endsAtMs;
  }
  return first;
}
