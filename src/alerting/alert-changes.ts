import type { AlertInstance, StringMap } from "../core/alerts";
import { takeDamping } from "./damping";
import { noteChange, reportedStatus } from "./flap";
import { placeAlert } from "./grouping";
import type { RoutedAlert } from "./model";
import type { AlertChange, Outcome, RouterSettings, RouterState } from "./state";

/** An alert begins to fire: it is put among the alerts and into its groups. */
export function begin(
  state: RouterState,
  settings: RouterSettings,
  source: string,
  id: string,
  labels: StringMap,
  instance: AlertInstance,
  nowMs: number,
  out: Outcome,
): RoutedAlert {
  const alert: RoutedAlert = {
    fingerprint: id,
    source,
    labels,
    annotations: instance.annotations,
    status: "firing",
    startsAtMs: instance.startsAtMs,
    endsAtMs: instance.endsAtMs,
    generatorUrl: instance.generatorUrl,
    value: instance.value,
    heldBackUntilMs: instance.heldBack?.untilMs,
    acknowledgedBy: undefined,
    updatedAtMs: nowMs,
  };
  takeDamping(alert, instance);
  noteChange(state, alert, "firing", undefined, nowMs);
  state.alerts.set(id, alert);
  state.alertsVersion++;
  state.dirty.alerts.add(id);
  placeAlert(state, settings.config, alert, nowMs);
  out.changes.push(changeOf(alert));
  return alert;
}

/** An alert that counts as firing because it flaps, and whose source had said otherwise, fires indeed. */
export function firesAgain(
  state: RouterState,
  alert: RoutedAlert,
  instance: AlertInstance,
  nowMs: number,
  out: Outcome,
): void {
  if (reportedStatus(state, alert) === "firing") return;
  alert.startsAtMs = instance.startsAtMs;
  noteChange(state, alert, "firing", undefined, nowMs);
  out.changes.push(changeOf(alert));
}

/** What costs no row when it changes. */
export function refresh(alert: RoutedAlert, instance: AlertInstance): void {
  // The same texts stay the same object: what is known of them is known on.
  if (!sameTexts(alert.annotations, instance.annotations)) alert.annotations = instance.annotations;
  alert.generatorUrl = instance.generatorUrl;
  alert.value = instance.value;
  alert.heldBackUntilMs = instance.heldBack?.untilMs;
  takeDamping(alert, instance);
}

function sameTexts(a: StringMap, b: StringMap): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && a[name] === b[name])
  );
}

/** An alert has ended, by its source's word or because that came no more. */
export function resolve(
  state: RouterState,
  alert: RoutedAlert,
  endedAtMs: number,
  by: "resolved" | "expired",
  nowMs: number,
  out: Outcome,
): void {
  const endsAtMs = Math.min(endedAtMs, nowMs);
  out.changes.push({ ...changeOf(alert), status: "resolved", endedAtMs: endsAtMs, endedBy: by });
  noteChange(state, alert, "resolved", endsAtMs, nowMs);
  alert.updatedAtMs = nowMs;
  state.dirty.alerts.add(alert.fingerprint);
  if (alert.flapping !== undefined) {
    // The history has it; to everybody else it fires until it is calm.
    alert.endsAtMs = nowMs + (alert.flap?.calmMs ?? 0);
    return;
  }
  alert.status = "resolved";
  alert.endsAtMs = endsAtMs;
  state.alertsVersion++;
}

/** A label set without labels that are empty; the same one where none is. */
export function withoutEmpty(labels: StringMap): StringMap {
  if (!Object.values(labels).includes("")) return labels;
  return Object.fromEntries(Object.entries(labels).filter(([, v]) => v !== ""));
}

/** An alert as its present state goes into the history. */
export function changeOf(a: RoutedAlert): AlertChange {
  return {
    fingerprint: a.fingerprint,
    labels: a.labels,
    annotations: a.annotations,
    status: a.status,
    startsAtMs: a.startsAtMs,
    endedAtMs: a.status === "resolved" ? a.endsAtMs : null,
    value: Number.isFinite(a.value) ? a.value : null,
  };
}
