import type { StringMap } from "../core/alerts";
import type { IntegrationRef, Route } from "./config";
import { cooling } from "./cooldown";
import { dedup } from "./dedup";
import { fingerprint } from "./fingerprint";
import type { NotifyReason, RoutedAlert } from "./model";
import { STAGES, type StageVerdict, judge, contextAt } from "./pipeline";
import { hearersOf } from "./receiver-alerts";
import { groupKey, groupLabels, matchRoutes } from "./routing";
import { type Group, type RouterSettings, type RouterState, toldKey } from "./state";

/** What would become of an alert now, stage by stage; what `why was I (not) told` is answered with. */
export interface Explanation {
  readonly fingerprint: string;
  readonly labels: StringMap;
  /** The alert as the router has it; null where it knows none with these labels. */
  readonly alert: KnownAlert | null;
  /** One for each route that takes it, in order. */
  readonly routes: readonly RouteExplanation[];
}

export interface KnownAlert {
  readonly status: "firing" | "resolved";
  readonly source: string;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly acknowledgedBy: string | null;
  readonly flapping: boolean;
}

export interface RouteExplanation {
  /** Position in the tree, and the matchers from the root down. */
  readonly route: string;
  readonly path: string;
  readonly receiver: string;
  readonly stages: readonly StageExplanation[];
  /** What takes it out, or null. */
  readonly heldBy: StageExplanation | null;
  readonly group: GroupExplanation;
  readonly integrations: readonly IntegrationExplanation[];
}

export interface StageExplanation {
  readonly stage: string;
  readonly pass: boolean;
  /** Why not: `silenced`, `maintenance`, `muted`, `inhibited`; null where it passes. */
  readonly reason: NotifyReason | null;
  /** Ids of silences or windows, names of time intervals, fingerprints of inhibiting alerts. */
  readonly by: readonly string[];
}

export interface GroupExplanation {
  readonly key: string;
  readonly labels: StringMap;
  /** Whether there is such a group now, and whether the alert is in it. */
  readonly exists: boolean;
  readonly member: boolean;
  readonly members: number;
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
  /** When its integrations are asked next; of a group that is not there: if the alert came now. */
  readonly nextFlushMs: number;
}

export interface IntegrationExplanation {
  readonly integration: string;
  readonly type: string;
  /** When it was last told of the group, and whether it was told that the alert fires. */
  readonly toldAtMs: number | null;
  readonly knows: boolean;
  /** What would be decided if the group were asked now. */
  readonly decision: "send" | "hold";
  /** Whether that message would speak of the alert, and not of others of the group alone. */
  readonly includes: boolean;
  readonly reason: NotifyReason;
}

/** Pure: asks the very stages, routes and dedup by which the router decides, and changes nothing. */
export function explain(
  state: RouterState,
  settings: RouterSettings,
  labels: StringMap,
  nowMs: number,
): Explanation {
  const own = Object.fromEntries(Object.entries(labels).filter(([, v]) => v !== ""));
  const id = fingerprint(own);
  const known = state.alerts.get(id);
  const alert = known ?? supposed(id, own, nowMs);
  return {
    fingerprint: id,
    labels: own,
    alert: known === undefined ? null : knownAlert(known),
    routes: matchRoutes(settings.config.route, own).map((route) =>
      explainRoute(state, settings, alert, route, nowMs),
    ),
  };
}

function explainRoute(
  state: RouterState,
  settings: RouterSettings,
  alert: RoutedAlert,
  route: Route,
  nowMs: number,
): RouteExplanation {
  const context = { ...contextAt(state, settings.config, nowMs), route };
  const stages = STAGES.map((stage) => shown(stage.name, stage.judge(alert, context)));
  const labels = groupLabels(route, alert.labels);
  const key = groupKey(route, labels);
  const group = state.groups.get(`${route.id} ${key}`);
  const others = membersOf(state, group).filter((a) => a.fingerprint !== alert.fingerprint);
  // One that is over and was told is no part of the group any more.
  const joins = alert.status === "firing" || (group?.members.has(alert.fingerprint) ?? false);
  const members = joins ? [...others, alert] : others;
  const passed = members.filter((a) => judge(a, context).pass);
  const hearers = hearersOf(settings.config, route.receiver, members, state.alerts.values());
  const heldBy = stages.find((s) => !s.pass) ?? null;
  return {
    route: route.id,
    path: route.key,
    receiver: route.receiver,
    stages,
    heldBy,
    group: {
      key,
      labels,
      exists: group !== undefined,
      member: group?.members.has(alert.fingerprint) ?? false,
      members: group?.members.size ?? 0,
      groupWaitMs: route.groupWaitMs,
      groupIntervalMs: route.groupIntervalMs,
      repeatIntervalMs: route.repeatIntervalMs,
      nextFlushMs: group?.nextFlushMs ?? nowMs + route.groupWaitMs,
    },
    integrations: hearers.map(({ integration }) => ({
      integration: integration.id,
      type: integration.type,
      ...asked(state, route, key, integration, passed, alert, nowMs, heldBy?.reason ?? null),
    })),
  };
}

/** What an integration would be told if the group were asked now. */
function asked(
  state: RouterState,
  route: Route,
  key: string,
  integration: IntegrationRef,
  passed: readonly RoutedAlert[],
  alert: RoutedAlert,
  nowMs: number,
  heldReason: NotifyReason | null,
): Omit<IntegrationExplanation, "integration" | "type"> {
  const told = state.told.get(toldKey(key, integration.id));
  const known = new Set(told?.firing);
  const heldBack = cooling(state, integration.id, passed, nowMs);
  const of = { toldAtMs: told?.atMs ?? null, knows: known.has(alert.fingerprint) };
  const hold = (reason: NotifyReason): Omit<IntegrationExplanation, "integration" | "type"> => ({
    ...of,
    decision: "hold",
    includes: false,
    reason: heldReason ?? reason,
  });
  if (passed.length === 0) return hold("none");
  const verdict = dedup(
    {
      told,
      firing: fingerprints(passed, "firing"),
      resolved: fingerprints(passed, "resolved"),
      heldBack,
      flapping: new Set(passed.filter((a) => a.flapping !== undefined).map((a) => a.fingerprint)),
      sendResolved: integration.sendResolved,
      repeatIntervalMs: route.repeatIntervalMs,
    },
    nowMs,
  );
  if (!verdict.send) return hold(verdict.reason);
  const spoken = passed.filter((a) =>
    a.status === "firing"
      ? known.has(a.fingerprint) || !heldBack.has(a.fingerprint)
      : integration.sendResolved,
  );
  if (spoken.length === 0) return hold("resolved_not_wanted");
  return { ...of, decision: "send", includes: spoken.includes(alert), reason: verdict.reason };
}

function shown(stage: string, v: StageVerdict): StageExplanation {
  return v.pass
    ? { stage, pass: true, reason: null, by: [] }
    : { stage, pass: false, reason: v.reason, by: v.by };
}

function membersOf(state: RouterState, group: Group | undefined): RoutedAlert[] {
  return [...(group?.members ?? [])].flatMap((f) => state.alerts.get(f) ?? []);
}

function fingerprints(
  alerts: readonly RoutedAlert[],
  status: RoutedAlert["status"],
): ReadonlySet<string> {
  return new Set(alerts.filter((a) => a.status === status).map((a) => a.fingerprint));
}

/** An alert of these labels that began to fire now. */
function supposed(id: string, labels: StringMap, nowMs: number): RoutedAlert {
  return {
    fingerprint: id,
    source: "",
    labels,
    annotations: {},
    status: "firing",
    startsAtMs: nowMs,
    endsAtMs: nowMs,
    generatorUrl: "",
    value: Number.NaN,
    heldBackUntilMs: undefined,
    acknowledgedBy: undefined,
    updatedAtMs: nowMs,
  };
}

function knownAlert(a: RoutedAlert): KnownAlert {
  return {
    status: a.status,
    source: a.source,
    startsAtMs: a.startsAtMs,
    endsAtMs: a.endsAtMs,
    acknowledgedBy: a.acknowledgedBy ?? null,
    flapping: a.flapping !== undefined,
  };
}
