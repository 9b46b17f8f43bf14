import type { AlertInstance, FiringSet, StringMap } from "../core/alerts";
import { takeDamping } from "./damping";
import { fingerprint } from "./fingerprint";
import { noteChange, reportedStatus } from "./flap";
import { placeAlert } from "./grouping";
import type { RoutedAlert } from "./model";
import type { AlertChange, Outcome, RouterSettings, RouterState, SourceState } from "./state";

/** Why a set was or was not taken. */
export type ReceiveVerdict =
  | { readonly taken: true }
  | { readonly taken: false; readonly reason: "stale_generation" };

/** Sources that send single alerts, not their full set: what is absent expires, it does not resolve. */
const PARTIAL_SOURCE = /^api(\/|$)/;

/**
 * Takes the full firing set of one source. What the set no longer has is resolved; what is
 * unchanged but for its expiry, value or annotations costs no row.
 */
export function receiveSet(
  state: RouterState,
  settings: RouterSettings,
  set: FiringSet,
  nowMs: number,
  out: Outcome,
): ReceiveVerdict {
  const seen = state.sources.get(set.source);
  if (seen !== undefined && isStale(seen, set)) return { taken: false, reason: "stale_generation" };
  const present = new Set<string>();
  for (const instance of set.alerts) {
    const labels = withoutEmpty(instance.labels);
    const id = fingerprint(labels);
    present.add(id);
    applyInstance(state, settings, set.source, id, labels, instance, nowMs, out);
  }
  if (!PARTIAL_SOURCE.test(set.source)) {
    for (const alert of state.alerts.values())
      if (
        alert.source === set.source &&
        reportedStatus(state, alert) === "firing" &&
        !present.has(alert.fingerprint)
      )
        resolve(state, alert, Math.min(set.evaluatedAtMs, nowMs), nowMs, out);
  }
  noteSource(state, seen, set, nowMs);
  return { taken: true };
}

/**
 * Resolves what its source has left to expire. A source whose last word may have been forgotten
 * with the object's memory is first given one more lifetime.
 */
export function expireAlerts(state: RouterState, nowMs: number, out: Outcome): void {
  for (const source of state.sources.values()) {
    if (source.expiresAtMs > nowMs) continue;
    const own = [...state.alerts.values()].filter(
      (a) => a.source === source.source && reportedStatus(state, a) === "firing",
    );
    if (own.length === 0) {
      state.sources.delete(source.source);
      state.dirty.sources.add(source.source);
      continue;
    }
    if (!source.onProbation && own.some((a) => a.endsAtMs <= nowMs) && forgotten.has(source)) {
      source.onProbation = true;
      source.expiresAtMs = nowMs + source.lifetimeMs;
      for (const a of own) a.endsAtMs = Math.max(a.endsAtMs, source.expiresAtMs);
      state.dirty.sources.add(source.source);
      continue;
    }
    for (const a of own) if (a.endsAtMs <= nowMs) resolve(state, a, a.endsAtMs, nowMs, out);
    const rest = own.filter((a) => reportedStatus(state, a) === "firing").map((a) => a.endsAtMs);
    source.expiresAtMs = rest.length === 0 ? nowMs + source.lifetimeMs : Math.min(...rest);
    state.dirty.sources.add(source.source);
  }
}

/** Sources read back from storage that have not sent since. */
const forgotten = new WeakSet<SourceState>();

/** Marks a source that was read from storage: its alerts may have been refreshed without a row written. */
export function markRestored(source: SourceState): void {
  forgotten.add(source);
}

/** When the next source expires. */
export function nextExpiryMs(state: RouterState): number | undefined {
  let first: number | undefined;
  for (const s of state.sources.values())
    if (first === undefined || s.expiresAtMs < first) first = s.expiresAtMs;
  return first;
}

/** An older set that was delayed. A source that counts anew after a restart is told by its later evaluation time. */
function isStale(seen: SourceState, set: FiringSet): boolean {
  if (set.generation > seen.generation) return false;
  return set.generation === seen.generation || set.evaluatedAtMs <= seen.evaluatedAtMs;
}

function applyInstance(
  state: RouterState,
  settings: RouterSettings,
  source: string,
  id: string,
  labels: StringMap,
  instance: AlertInstance,
  nowMs: number,
  out: Outcome,
): void {
  const existing = state.alerts.get(id);
  if (instance.status === "resolved") {
    if (existing?.status !== "firing" || reportedStatus(state, existing) === "resolved") return;
    // Another source that still sends the alert keeps it firing.
    if (existing.source !== source && existing.endsAtMs > nowMs) return;
    refresh(existing, instance);
    resolve(state, existing, instance.endsAtMs, nowMs, out);
    return;
  }
  if (existing === undefined || existing.status === "resolved") {
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
    return;
  }
  if (existing.source !== source && existing.endsAtMs <= nowMs) {
    // The former owner fell silent: this source's word counts from now on.
    state.alerts.set(id, { ...existing, source });
    state.dirty.alerts.add(id);
  }
  const alert = state.alerts.get(id) ?? existing;
  if (instance.startsAtMs > alert.startsAtMs) {
    // Its resolution was missed: a new firing under the same labels.
    alert.startsAtMs = instance.startsAtMs;
    alert.updatedAtMs = nowMs;
    state.dirty.alerts.add(id);
  }
  refresh(alert, instance);
  alert.endsAtMs = instance.endsAtMs;
  if (reportedStatus(state, alert) === "firing") return;
  // It counts as firing while it flaps; its source had said otherwise.
  alert.startsAtMs = instance.startsAtMs;
  noteChange(state, alert, "firing", undefined, nowMs);
  out.changes.push(changeOf(alert));
}

function refresh(alert: RoutedAlert, instance: AlertInstance): void {
  alert.annotations = instance.annotations;
  alert.generatorUrl = instance.generatorUrl;
  alert.value = instance.value;
  alert.heldBackUntilMs = instance.heldBack?.untilMs;
  takeDamping(alert, instance);
}

function resolve(
  state: RouterState,
  alert: RoutedAlert,
  endedAtMs: number,
  nowMs: number,
  out: Outcome,
): void {
  const endsAtMs = Math.min(endedAtMs, nowMs);
  out.changes.push({ ...changeOf(alert), status: "resolved", endedAtMs: endsAtMs });
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

function noteSource(
  state: RouterState,
  seen: SourceState | undefined,
  set: FiringSet,
  nowMs: number,
): void {
  let expiresAtMs = Number.POSITIVE_INFINITY;
  for (const a of set.alerts)
    if (a.status === "firing") expiresAtMs = Math.min(expiresAtMs, a.endsAtMs);
  const none = expiresAtMs === Number.POSITIVE_INFINITY;
  if (seen === undefined && none) return;
  const lifetimeMs = none ? (seen?.lifetimeMs ?? 0) : Math.max(expiresAtMs - nowMs, 1_000);
  const source: SourceState = {
    source: set.source,
    generation: set.generation,
    evaluatedAtMs: set.evaluatedAtMs,
    expiresAtMs: none ? nowMs + lifetimeMs : expiresAtMs,
    lifetimeMs,
    onProbation: false,
  };
  state.sources.set(set.source, source);
  // Written when it is new, was in doubt, or expires sooner than the row says; else its time moves on in memory alone.
  if (seen === undefined || seen.onProbation || source.expiresAtMs < seen.expiresAtMs)
    state.dirty.sources.add(set.source);
}

function withoutEmpty(labels: StringMap): StringMap {
  return Object.fromEntries(Object.entries(labels).filter(([, v]) => v !== ""));
}

function changeOf(a: RoutedAlert): AlertChange {
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
