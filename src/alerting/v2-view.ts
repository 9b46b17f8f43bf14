import type { StringMap } from "../core/alerts";
import { type Matcher, compileRegex } from "../core/matchers";
import type { ReceiverConfig, RouterConfig } from "./config";
import { routeOf } from "./grouping";
import { inhibitedBy } from "./inhibition";
import { compareAlerts, compareLabelSets } from "./label-order";
import type { RoutedAlert } from "./model";
import { mutedBy } from "./mute";
import { inhibitionOf } from "./pipeline";
import { matchRoutes, matcherPredicate } from "./routing";
import { type SilenceIndex, indexSilences, silencesOf } from "./silence-index";
import type { RouterSettings, RouterState } from "./state";
import { maintenanceBy } from "./windows";

/** What `GET /api/v2/alerts` and `/alerts/groups` may ask for. */
export interface V2Filter {
  readonly active: boolean;
  readonly silenced: boolean;
  readonly inhibited: boolean;
  /** Of groups alone: those whose route a time interval mutes. */
  readonly muted: boolean;
  readonly matchers: readonly Matcher[];
  /** An anchored regular expression over receivers' names. */
  readonly receiver?: string;
  /** Over receivers' labels, {@link receiverLabels}. */
  readonly receiverMatchers: readonly Matcher[];
}

/** gettableAlert of Alertmanager's OpenAPI document. */
export interface GettableAlert {
  readonly annotations: StringMap;
  readonly endsAt: string;
  readonly fingerprint: string;
  readonly receivers: readonly Named[];
  readonly startsAt: string;
  readonly status: AlertStatus;
  readonly updatedAt: string;
  readonly generatorURL?: string;
  readonly labels: StringMap;
}

interface AlertStatus {
  readonly inhibitedBy: readonly string[];
  /** Ids of maintenance windows and, in groups, names of time intervals. */
  readonly mutedBy: readonly string[];
  readonly silencedBy: readonly string[];
  readonly state: "active" | "suppressed";
}

interface Named {
  readonly name: string;
}

/** alertGroup there. */
export interface GettableGroup {
  readonly alerts: readonly GettableAlert[];
  readonly labels: StringMap;
  readonly receiver: Named;
  readonly routeLabels: StringMap;
}

/** The alerts that fire, by fingerprint, as `GET /api/v2/alerts` lists them (alertmanager/api/v2/api.go). */
export function gettableAlerts(
  state: RouterState,
  settings: RouterSettings,
  filter: V2Filter,
  nowMs: number,
): GettableAlert[] {
  const view = viewOf(state, settings, filter, nowMs);
  const wanted = receiverTest(filter, settings.config);
  const out: GettableAlert[] = [];
  for (const alert of state.alerts.values()) {
    if (!view.fires(alert) || !view.matches(alert.labels)) continue;
    const receivers = matchRoutes(settings.config.route, alert.labels).map((r) => r.receiver);
    if (!receivers.some(wanted)) continue;
    const status = view.statusOf(alert);
    if (view.shows(status)) out.push(gettable(alert, receivers, status));
  }
  return out.sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
}

/** Alerts by the groups in which they are sent, ordered as Alertmanager's dispatcher orders them. */
export function gettableGroups(
  state: RouterState,
  settings: RouterSettings,
  filter: V2Filter,
  nowMs: number,
): GettableGroup[] {
  const view = viewOf(state, settings, filter, nowMs);
  const wanted = receiverTest(filter, settings.config);
  const receiversOf = new Map<string, string[]>();
  const groups: {
    readonly labels: StringMap;
    readonly receiver: string;
    readonly routeLabels: StringMap;
    readonly muted: readonly string[];
    readonly alerts: readonly RoutedAlert[];
  }[] = [];
  for (const group of state.groups.values()) {
    const route = routeOf(settings.config, group);
    if (!wanted(route.receiver)) continue;
    const alerts: RoutedAlert[] = [];
    for (const fingerprint of group.members) {
      const alert = state.alerts.get(fingerprint);
      if (alert === undefined || !view.fires(alert) || !view.matches(alert.labels)) continue;
      if (!view.shows(view.statusOf(alert))) continue;
      alerts.push(alert);
      const known = receiversOf.get(fingerprint);
      if (known === undefined) receiversOf.set(fingerprint, [route.receiver]);
      else known.push(route.receiver);
    }
    if (alerts.length === 0) continue;
    const muted = mutedBy(route, settings.config, nowMs);
    if (muted.length > 0 && !filter.muted) continue;
    groups.push({
      labels: group.labels,
      receiver: route.receiver,
      routeLabels: route.labels ?? {},
      muted,
      alerts,
    });
  }
  for (const names of receiversOf.values()) names.sort();
  return groups
    .sort(
      (a, b) =>
        compareLabelSets(a.labels, b.labels) ||
        (a.receiver < b.receiver ? -1 : a.receiver > b.receiver ? 1 : 0),
    )
    .map((g) => ({
      alerts: g.alerts
        .toSorted(compareAlerts)
        .map((a) =>
          gettable(a, receiversOf.get(a.fingerprint) ?? [], withMuted(view.statusOf(a), g.muted)),
        ),
      labels: g.labels,
      receiver: { name: g.receiver },
      routeLabels: g.routeLabels,
    }));
}

interface View {
  readonly fires: (alert: RoutedAlert) => boolean;
  readonly matches: (labels: StringMap) => boolean;
  readonly statusOf: (alert: RoutedAlert) => AlertStatus;
  readonly shows: (status: AlertStatus) => boolean;
}

const NONE: readonly string[] = [];

/** What holds for all alerts of one answer; each alert's status is found once. */
function viewOf(
  state: RouterState,
  settings: RouterSettings,
  filter: V2Filter,
  nowMs: number,
): View {
  const index: SilenceIndex = indexSilences(state.silences.values(), nowMs);
  const inhibition = inhibitionOf({ state, config: settings.config });
  const known = new Map<string, AlertStatus>();
  const find = (a: RoutedAlert): AlertStatus => {
    const silences = silencesOf(index, a.labels);
    const inhibitors = inhibition.rules.length === 0 ? NONE : inhibitedBy(inhibition, a.labels);
    const windows =
      state.windows.size === 0 ? NONE : maintenanceBy(state.windows.values(), a.labels, nowMs);
    const held = silences.length + inhibitors.length + windows.length > 0;
    return {
      inhibitedBy: inhibitors,
      mutedBy: windows,
      silencedBy: silences,
      state: held ? "suppressed" : "active",
    };
  };
  return {
    fires: (a) => a.status === "firing",
    matches: matcherPredicate(filter.matchers),
    statusOf(a) {
      let status = known.get(a.fingerprint);
      if (status === undefined) {
        status = find(a);
        known.set(a.fingerprint, status);
      }
      return status;
    },
    shows: (s) =>
      (filter.active || s.state !== "active") &&
      (filter.silenced || s.silencedBy.length === 0) &&
      (filter.inhibited || s.inhibitedBy.length === 0),
  };
}

/** A receiver's own labels, and its name as the label `name`. */
export function receiverLabels({
  name,
  labels,
}: Pick<ReceiverConfig, "name" | "labels">): StringMap {
  return { ...labels, name };
}

function receiverTest(
  { receiver, receiverMatchers }: V2Filter,
  config: RouterConfig,
): (name: string) => boolean {
  const named = receiver === undefined ? () => true : compileRegex(receiver);
  if (receiverMatchers.length === 0) return named;
  const test = matcherPredicate(receiverMatchers);
  const good = new Set(
    config.receivers.filter((r) => test(receiverLabels(r))).map(({ name }) => name),
  );
  return (name) => good.has(name) && named(name);
}

function withMuted(status: AlertStatus, muted: readonly string[]): AlertStatus {
  if (muted.length === 0) return status;
  return { ...status, mutedBy: [...muted, ...status.mutedBy], state: "suppressed" };
}

function gettable(
  a: RoutedAlert,
  receivers: readonly string[],
  status: AlertStatus,
): GettableAlert {
  return {
    annotations: a.annotations,
    endsAt: instant(a.endsAtMs),
    fingerprint: a.fingerprint,
    receivers: receivers.map((name) => ({ name })),
    startsAt: instant(a.startsAtMs),
    status,
    updatedAt: instant(a.updatedAtMs),
    ...(a.generatorUrl === "" ? {} : { generatorURL: a.generatorUrl }),
    labels: a.labels,
  };
}

/** go-openapi's strfmt.DateTime: milliseconds, always three digits. */
const instant = (ms: number): string => new Date(ms).toISOString();
