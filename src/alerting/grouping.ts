import type { StringMap } from "../core/alerts";
import type { RoutedAlert } from "./model";
import { groupKey, groupLabels, matchRoutes } from "./routing";
import type { RouterConfig, Route } from "./config";
import { markPostedRestored } from "./sources";
import { type Group, type RouterState, routeById } from "./state";

/** A route that takes an alert, and the alert's group there. */
interface Placement {
  readonly route: Route;
  readonly id: string;
  readonly key: string;
  readonly labels: StringMap;
}

/** An alert's labels are replaced and never changed, and what is posted again and again is placed each time. */
const placements = new WeakMap<Route, WeakMap<StringMap, readonly Placement[]>>();

function placementsOf(state: RouterState, root: Route, labels: StringMap): readonly Placement[] {
  let known = placements.get(root);
  if (known === undefined) placements.set(root, (known = new WeakMap()));
  let found = known.get(labels);
  if (found === undefined) {
    found = matchRoutes(root, labels).map((route) => {
      const own = groupLabels(route, labels);
      const key = groupKey(route, own);
      const id = `${route.id} ${key}`;
      // Alerts of one group share its texts.
      const group = state.groups.get(id);
      return group === undefined
        ? { route, id, key, labels: own }
        : { route, id: group.id, key: group.key, labels: group.labels };
    });
    known.set(labels, found);
  }
  return found;
}

/** The receivers of an alert, one for each route that takes it. */
export function receiversOf(
  state: RouterState,
  config: RouterConfig,
  labels: StringMap,
): readonly string[] {
  return placementsOf(state, config.route, labels).map((p) => p.route.receiver);
}

/** Puts an alert into the group of each route that takes it. A group that is new waits `group_wait`, unless the alert has waited that long already. */
export function placeAlert(
  state: RouterState,
  config: RouterConfig,
  alert: RoutedAlert,
  nowMs: number,
): void {
  for (const { route, id, key, labels } of placementsOf(state, config.route, alert.labels)) {
    if (alert.leftGroups?.includes(id)) continue;
    let group = state.groups.get(id);
    if (group === undefined) {
      const late = alert.startsAtMs + route.groupWaitMs < nowMs;
      group = newGroup(id, route, key, labels, late ? nowMs : nowMs + route.groupWaitMs);
      state.groups.set(id, group);
      state.dirty.groups.add(id);
    } else hurry(state, group, route, alert, nowMs);
    group.members.add(alert.fingerprint);
  }
}

/**
 * Each post of an alert, one that ends it as well, asks anew whether it has waited long enough for its groups to be
 * told at once (alertmanager/dispatch, aggrGroup.insert).
 */
export function hurryGroups(
  state: RouterState,
  config: RouterConfig,
  alert: RoutedAlert,
  nowMs: number,
): void {
  for (const { route, id } of placementsOf(state, config.route, alert.labels)) {
    const group = state.groups.get(id);
    if (group?.members.has(alert.fingerprint) === true) hurry(state, group, route, alert, nowMs);
  }
}

function hurry(
  state: RouterState,
  group: Group,
  route: Route,
  alert: RoutedAlert,
  nowMs: number,
): void {
  const dueMs = Math.max(nowMs, Math.min(alert.startsAtMs, nowMs) + route.groupWaitMs);
  if (group.flushed || dueMs > nowMs || group.nextFlushMs <= nowMs) return;
  group.anchorMs = nowMs;
  group.nextFlushMs = nowMs;
  state.dirty.groups.add(group.id);
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
    for (const { route, id, key, labels } of placementsOf(state, config.route, alert.labels)) {
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
  return placementsOf(state, config.route, alert.labels).flatMap(
    ({ id }) => state.groups.get(id) ?? [],
  );
}

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
