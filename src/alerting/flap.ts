import type { FlapSettings } from "../core/alerts";
import type { RoutedAlert } from "./model";
import type { RouterState } from "./state";

/** How one alert changed its state of late. Kept while it flaps, and for as long as its changes count. */
export interface FlapRecord {
  readonly fingerprint: string;
  readonly settings: FlapSettings;
  /** When its source's word on it changed, the oldest first; no more than `settings.changes`. */
  readonly changesMs: readonly number[];
  /** What its source says now. */
  readonly reported: "firing" | "resolved";
  readonly endedAtMs?: number;
}

/** What a change of state means for an alert. */
export type FlapVerdict =
  | { readonly reason: "not_damped" }
  | { readonly reason: "steady" }
  /** It flaps from this change on. */
  | { readonly reason: "began" }
  | { readonly reason: "flapping" };

/** Notes that an alert's source says something else of it than before. The alert is marked where it flaps. */
export function noteChange(
  state: RouterState,
  alert: RoutedAlert,
  reported: FlapRecord["reported"],
  endedAtMs: number | undefined,
  nowMs: number,
): FlapVerdict {
  const settings = alert.flap;
  if (settings === undefined) return { reason: "not_damped" };
  const before = state.flaps.get(alert.fingerprint);
  const changesMs = [...(before?.changesMs ?? []), nowMs]
    .filter((ms) => ms > nowMs - settings.withinMs)
    .slice(-settings.changes);
  state.flaps.set(alert.fingerprint, {
    fingerprint: alert.fingerprint,
    settings,
    changesMs: changesMs.length === 0 ? [nowMs] : changesMs,
    reported,
    ...(endedAtMs === undefined ? {} : { endedAtMs }),
  });
  state.dirty.flaps.add(alert.fingerprint);
  if (alert.flapping !== undefined) return { reason: "flapping" };
  if (changesMs.length < settings.changes) return { reason: "steady" };
  alert.flapping = {
    sinceMs: nowMs,
    changes: changesMs.length,
    withinMs: settings.withinMs,
  };
  state.dirty.alerts.add(alert.fingerprint);
  return { reason: "began" };
}

/** What an alert's source says of it, whatever it counts as. */
export function reportedStatus(state: RouterState, alert: RoutedAlert): FlapRecord["reported"] {
  if (alert.flapping === undefined) return alert.status;
  return state.flaps.get(alert.fingerprint)?.reported ?? alert.status;
}

/** Lets alerts that have been calm be what they are; gives those that are resolved. */
export function calmDown(state: RouterState, nowMs: number): readonly RoutedAlert[] {
  const over: RoutedAlert[] = [];
  for (const record of state.flaps.values()) {
    const alert = state.alerts.get(record.fingerprint);
    const flaps = alert?.flapping !== undefined;
    if (nowMs < lastOf(record) + keptMs(record, flaps)) continue;
    state.flaps.delete(record.fingerprint);
    state.dirty.flaps.add(record.fingerprint);
    if (alert === undefined || !flaps) continue;
    delete alert.flapping;
    alert.updatedAtMs = nowMs;
    state.dirty.alerts.add(alert.fingerprint);
    if (record.reported === "firing") continue;
    alert.status = "resolved";
    alert.endsAtMs = record.endedAtMs ?? nowMs;
    state.alertsVersion++;
    over.push(alert);
  }
  return over;
}

/** When the next alert that flaps is calm, unless it changes again. */
export function nextCalmMs(state: RouterState): number | undefined {
  let first: number | undefined;
  for (const record of state.flaps.values()) {
    if (state.alerts.get(record.fingerprint)?.flapping === undefined) continue;
    const at = lastOf(record) + record.settings.calmMs;
    if (first === undefined || at < first) first = at;
  }
  return first;
}

const lastOf = (record: FlapRecord): number => record.changesMs.at(-1) ?? 0;

function keptMs({ settings }: FlapRecord, flaps: boolean): number {
  return flaps ? settings.calmMs : settings.withinMs;
}
