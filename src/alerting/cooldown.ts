import type { StringMap } from "../core/alerts";
import { severityRank } from "../core/severity";
import { fingerprint } from "./fingerprint";
import type { RoutedAlert } from "./model";
import type { RouterState } from "./state";

/** When an integration was last told that an alert fires, and how grave the alert was then. */
export interface CooldownEntry {
  /** `<integration id> <fingerprint of the labels but the severity>`: whatever group spoke of it. */
  readonly key: string;
  readonly atMs: number;
  readonly rank: number;
  /** When the entry says nothing any more. */
  readonly untilMs: number;
}

/**
 * Fingerprints of firing alerts that an integration may not be told of now: it was within their cooldown,
 * and they are no graver than they were then.
 */
export function cooling(
  state: RouterState,
  integrationId: string,
  alerts: readonly RoutedAlert[],
  nowMs: number,
): ReadonlySet<string> {
  const out = new Set<string>();
  for (const a of alerts) {
    if (a.status !== "firing") continue;
    const untilMs =
      a.cooldownMs === undefined
        ? (a.heldBackUntilMs ?? 0)
        : heldUntilMs(state, integrationId, a, a.cooldownMs);
    if (untilMs > nowMs) out.add(a.fingerprint);
  }
  return out;
}

/** Notes that an integration is told that these alerts fire. */
export function noteTold(
  state: RouterState,
  integrationId: string,
  alerts: readonly RoutedAlert[],
  nowMs: number,
): void {
  for (const a of alerts) {
    if (a.status !== "firing" || a.cooldownMs === undefined || a.cooldownMs === 0) continue;
    const key = keyOf(integrationId, a.labels);
    const before = state.cooldowns.get(key);
    const rank = severityRank(a.labels["severity"]);
    state.cooldowns.set(key, {
      key,
      atMs: nowMs,
      // What was as grave lately is no news either when it comes back.
      rank: before !== undefined && before.untilMs > nowMs ? Math.max(before.rank, rank) : rank,
      untilMs: nowMs + a.cooldownMs,
    });
    state.dirty.cooldowns.add(key);
  }
}

/** Until when one of these integrations hears nothing of an alert that fires anew; undefined where none is kept from it. */
export function heldBackUntilMs(
  state: RouterState,
  integrationIds: readonly string[],
  a: RoutedAlert,
  nowMs: number,
): number | undefined {
  if (a.status !== "firing") return undefined;
  const { cooldownMs } = a;
  const times =
    cooldownMs === undefined
      ? [a.heldBackUntilMs ?? 0]
      : integrationIds
          .filter((id) => (toldAtMs(state, id, a) ?? a.startsAtMs) < a.startsAtMs)
          .map((id) => heldUntilMs(state, id, a, cooldownMs));
  const first = Math.min(...times.filter((ms) => ms > nowMs));
  return first === Number.POSITIVE_INFINITY ? undefined : first;
}

function toldAtMs(state: RouterState, integrationId: string, a: RoutedAlert): number | undefined {
  if (state.cooldowns.size === 0) return undefined;
  return state.cooldowns.get(keyOf(integrationId, a.labels))?.atMs;
}

export function dropOldCooldowns(state: RouterState, nowMs: number): void {
  for (const [key, entry] of state.cooldowns) {
    if (entry.untilMs > nowMs) continue;
    state.cooldowns.delete(key);
    state.dirty.cooldowns.add(key);
  }
}

function heldUntilMs(
  state: RouterState,
  integrationId: string,
  a: RoutedAlert,
  cooldownMs: number,
): number {
  if (state.cooldowns.size === 0) return 0;
  const entry = state.cooldowns.get(keyOf(integrationId, a.labels));
  if (entry === undefined || severityRank(a.labels["severity"]) > entry.rank) return 0;
  return entry.atMs + cooldownMs;
}

const keys = new WeakMap<StringMap, string>();

function keyOf(integrationId: string, labels: StringMap): string {
  let key = keys.get(labels);
  if (key === undefined) {
    const { severity: _, ...rest } = labels;
    key = fingerprint(rest);
    keys.set(labels, key);
  }
  return `${integrationId} ${key}`;
}
