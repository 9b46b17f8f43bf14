import type { RoutedAlert } from "./model";
import { groupKey, groupLabels, matchRoutes } from "./routing";
import type { RouterConfig, Route } from "./config";
import { markPostedRestored } from "./sources";
import { type Group, type RouterState, routeById } from "./state";

/** Puts an alert into the group of each route that takes it. A group that is new waits `group_wait`, unless the alert has waited that long already. */
export function placeAlert(
  state: RouterState,
  config: RouterConfig,
  alert: RoutedAlert,
  nowMs: number,
): void {
  for (const route of matchRoutes(config.route, alert.labels)) {
    const labels = groupLabels(route, alert.labels);
    const key = groupKey(route, labels);
    const id = groupId(route, key);
    if (alert.leftGroups?.includes(id)) continue;
    let group = state.groups.get(id);
    const dueMs = Math.max(nowMs, Math.min(alert.startsAtMs, nowMs) + route.groupWaitMs);
    if (group === undefined) {
      const late = alert.startsAtMs + route.groupWaitMs < nowMs;
      group = newGroup(id, route, key, labels, late ? nowMs : nowMs + route.groupWaitMs);
      state.groups.set(id, group);
      state.dirty.groups.add(id);
    } else if (!group.flushed && dueMs <= nowMs && group.nextFlushMs > nowMs) {
      group.anchorMs = nowMs;
      group.nextFlushMs = nowMs;
      state.dirty.groups.add(id);
    }
    group.members.add(alert.fingerprint);
  }
}

/** A group as it was stored, put back with the time that was pending when the memory was lost. */
export interface StoredGroup {
  readonly id: string;
  readonly anchorMs: number;
  readonly held: Readonly<Record<string, string>>;
}

/**
 * Rebuilds the groups from the alerts after the object's memory was lost. `pendingMs` is the
 * earliest flush that had not happened: every grid time before it has.
 */
export function restoreGroups(
  state: RouterState,
  config: RouterConfig,
  stored: readonly StoredGroup[],
  pendingMs: number,
  nowMs: number,
): void {
  markPostedRestored(state);
  const known = new Map(stored.map((g) => [g.id, g]));
  for (const alert of state.alerts.values()) {
    for (const route of matchRoutes(config.route, alert.labels)) {
      const labels = groupLabels(route, alert.labels);
      const key = groupKey(route, labels);
      const id = groupId(route, key);
      const from = known.get(id);
      if (alert.leftGroups?.includes(id)) continue;
      if (from === undefined) {
        // A resolved alert stays in the table while some other group has not flushed it.
        if (alert.status === "firing") placeAlert(state, config, alert, nowMs);
        continue;
      }
      let group = state.groups.get(id);
      if (group === undefined) {
        group = newGroup(id, route, key, labels, from.anchorMs);
        Object.assign(group.held, from.held);
        group.nextFlushMs = nextGridTime(group.anchorMs, route.groupIntervalMs, pendingMs - 1);
        group.flushed = group.nextFlushMs > group.anchorMs;
        state.groups.set(id, group);
      }
      group.members.add(alert.fingerprint);
    }
  }
  for (const id of known.keys()) if (!state.groups.has(id)) state.dirty.groups.add(id);
  dropTold(state);
}

/** Forgets all groups and places every alert anew, as a new configuration asks. What receivers were told stays. */
export function regroup(state: RouterState, config: RouterConfig, nowMs: number): void {
  for (const id of state.groups.keys()) state.dirty.groups.add(id);
  state.groups.clear();
  for (const alert of state.alerts.values()) placeAlert(state, config, alert, nowMs);
  dropTold(state);
}

/** Drops resolved alerts that no group is left to tell. */
function dropTold(state: RouterState): void {
  const placed = new Set<string>();
  for (const g of state.groups.values()) for (const f of g.members) placed.add(f);
  for (const [f, alert] of state.alerts) {
    if (alert.status === "firing" || placed.has(f)) continue;
    state.alerts.delete(f);
    state.dirty.alerts.add(f);
  }
}

/** The earliest flush to come. */
export function nextFlushMs(state: RouterState): number | undefined {
  let first: number | undefined;
  for (const g of state.groups.values())
    if (first === undefined || g.nextFlushMs < first) first = g.nextFlushMs;
  return first;
}

/** The first of anchor, anchor + step, … after `afterMs`. */
export function nextGridTime(anchorMs: number, stepMs: number, afterMs: number): number {
  if (afterMs < anchorMs) return anchorMs;
  return anchorMs + (Math.floor((afterMs - anchorMs) / stepMs) + 1) * stepMs;
}

export function routeOf(config: RouterConfig, group: Group): Route {
  const route = routeById(config, group.routeId);
  if (route === undefined) throw new Error(`group ${group.id} has no route: not regrouped`);
  return route;
}

/** The groups that an alert belongs to. */
export function groupsOf(state: RouterState, config: RouterConfig, alert: RoutedAlert): Group[] {
  return matchRoutes(config.route, alert.labels).flatMap((route) => {
    const key = groupKey(route, groupLabels(route, alert.labels));
    return state.groups.get(groupId(route, key)) ?? [];
  });
}

const groupId = (route: Route, key: string): string => `${route.id} ${key}`;

function newGroup(
  id: string,
  route: Route,
  key: string,
  labels: Group["labels"],
  firstFlushMs: number,
): Group {
  return {
    id,
    routeId: route.id,
    key,
    labels,
    members: new Set(),
    anchorMs: firstFlushMs,
    nextFlushMs: firstFlushMs,
    flushed: false,
    held: {},
  };
}
