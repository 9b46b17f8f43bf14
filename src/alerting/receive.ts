import type { AlertInstance, FiringSet, StringMap } from "../core/alerts";
import { begin, firesAgain, refresh, resolve, withoutEmpty } from "./alert-changes";
import { forgetAbsent, isDismissed } from "./dismiss";
import { fingerprint } from "./fingerprint";
import { reportedStatus } from "./flap";
import { expirePosted, nextPostedExpiryMs } from "./posted";
import { isForgotten, isLate, isPosted } from "./sources";
import type { Outcome, RouterSettings, RouterState, SourceState } from "./state";

/** Why a set was or was not taken. */
export type ReceiveVerdict =
  | { readonly taken: true }
  | { readonly taken: false; readonly reason: "stale_generation" };

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
    if (isDismissed(state, id, instance, set.source, true)) continue;
    applyInstance(state, settings, set.source, id, labels, instance, nowMs, out);
  }
  forgetAbsent(state, set.source, present);
  for (const alert of state.alerts.values())
    if (
      alert.source === set.source &&
      reportedStatus(state, alert) === "firing" &&
      !present.has(alert.fingerprint)
    )
      resolve(state, alert, Math.min(set.evaluatedAtMs, nowMs), "resolved", nowMs, out);
  noteSource(state, seen, set, nowMs);
  return { taken: true };
}

/**
 * Resolves what its source has left to expire. A source is first given one more lifetime where its last word
 * may have been forgotten with the object's memory, or where nobody could speak: this call comes so late
 * that the machine was stopped, or its clock set forward.
 */
export function expireAlerts(state: RouterState, nowMs: number, out: Outcome): void {
  expirePosted(state, nowMs, out);
  for (const source of state.sources.values()) {
    if (source.expiresAtMs > nowMs) continue;
    const own = [...state.alerts.values()].filter(
      (a) => a.source === source.source && reportedStatus(state, a) === "firing",
    );
    if (own.length === 0 || isPosted(source.source)) {
      state.sources.delete(source.source);
      state.dirty.sources.add(source.source);
      continue;
    }
    const late = isLate(source.expiresAtMs, source.lifetimeMs, source.onProbation, nowMs);
    const doubtful = late || (isForgotten(source) && !source.onProbation);
    if (doubtful && own.some((a) => a.endsAtMs <= nowMs)) {
      source.onProbation = true;
      source.expiresAtMs = nowMs + source.lifetimeMs;
      for (const a of own) a.endsAtMs = Math.max(a.endsAtMs, source.expiresAtMs);
      state.dirty.sources.add(source.source);
      continue;
    }
    for (const a of own)
      if (a.endsAtMs <= nowMs) resolve(state, a, a.endsAtMs, "expired", nowMs, out);
    const rest = own.filter((a) => reportedStatus(state, a) === "firing").map((a) => a.endsAtMs);
    source.expiresAtMs = rest.length === 0 ? nowMs + source.lifetimeMs : Math.min(...rest);
    state.dirty.sources.add(source.source);
  }
}

/** When the next source expires. */
export function nextExpiryMs(state: RouterState): number | undefined {
  let first: number | undefined;
  for (const s of state.sources.values())
    if (first === undefined || s.expiresAtMs < first) first = s.expiresAtMs;
  const posted = nextPostedExpiryMs(state);
  if (posted === undefined || (first !== undefined && first < posted)) return first;
  return posted;
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
    resolve(state, existing, instance.endsAtMs, "resolved", nowMs, out);
    return;
  }
  if (existing === undefined || existing.status === "resolved") {
    begin(state, settings, source, id, labels, instance, nowMs, out);
    return;
  }
  const silent = existing.endsAtMs <= nowMs || isPosted(existing.source);
  if (existing.source !== source && silent) {
    // The former owner fell silent, or was no rule: this source's word counts from now on.
    const { endAssumed: _, lifetimeMs: __, ...rest } = existing;
    state.alerts.set(id, { ...rest, source });
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
  firesAgain(state, alert, instance, nowMs, out);
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
