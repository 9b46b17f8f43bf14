import type { StringMap } from "../core/alerts";
import { compareStrings } from "../core/labels";
import { type Matcher, compileRegex } from "../core/matchers";
import type { ReceiverConfig, RouterConfig } from "./config";
import { receiversOf, routeOf } from "./grouping";
import { holdersOf, indexSilences, indexWindows } from "./hold-index";
import { inhibitedBy } from "./inhibition";
import { compareAlerts, compareLabelSets } from "./label-order";
import type { RoutedAlert } from "./model";
import { mutedBy } from "./mute";
import { inhibitionOf } from "./pipeline";
import { matcherPredicate } from "./routing";
import type { RouterSettings, RouterState } from "./state";

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

/**
 * The alerts that fire, by fingerprint: the JSON of Alertmanager's `GET /api/v2/alerts`
 * (alertmanager/api/v2/api.go). Written piece by piece, since objects of 10,000 alerts take as long again.
 */
export function alertsJson(
  state: RouterState,
  settings: RouterSettings,
  filter: V2Filter,
  nowMs: number,
): string {
  const view = viewOf(state, settings, filter, nowMs);
  const wanted = receiverTest(filter, settings.config);
  const found: RoutedAlert[] = [];
  for (const alert of state.alerts.values())
    if (alert.status === "firing" && view.matches(alert.labels) && view.shows(view.statusOf(alert)))
      found.push(alert);
  found.sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
  const parts: string[] = [];
  for (const alert of found) {
    const receivers = receiversOf(state, settings.config, alert.labels);
    if (receivers.some(wanted)) parts.push(view.render(alert, receivers));
  }
  return `[${parts.join(",")}]`;
}

interface ShownGroup {
  readonly labels: StringMap;
  readonly receiver: string;
  readonly routeLabels: StringMap;
  readonly muted: readonly string[];
  readonly alerts: RoutedAlert[];
}

/** Alerts by the groups in which they are sent, ordered as its dispatcher orders them: `GET /api/v2/alerts/groups`. */
export function groupsJson(
  state: RouterState,
  settings: RouterSettings,
  filter: V2Filter,
  nowMs: number,
): string {
  const view = viewOf(state, settings, filter, nowMs);
  const groups = shownGroups(state, settings, filter, view, nowMs);
  const heardBy = new Map<string, string[]>();
  for (const { receiver, alerts } of groups)
    for (const { fingerprint } of alerts) {
      const known = heardBy.get(fingerprint);
      if (known === undefined) heardBy.set(fingerprint, [receiver]);
      else known.push(receiver);
    }
  for (const names of heardBy.values()) if (names.length > 1) names.sort(compareStrings);
  const parts = groups.map((g) => {
    const alerts = g.alerts.map((a) => view.render(a, heardBy.get(a.fingerprint) ?? [], g.muted));
    return `{"alerts":[${alerts.join(",")}],"labels":${JSON.stringify(g.labels)},"receiver":{"name":${JSON.stringify(g.receiver)}},"routeLabels":${JSON.stringify(g.routeLabels)}}`;
  });
  return `[${parts.join(",")}]`;
}

function shownGroups(
  state: RouterState,
  settings: RouterSettings,
  filter: V2Filter,
  view: View,
  nowMs: number,
): ShownGroup[] {
  const wanted = receiverTest(filter, settings.config);
  const out: ShownGroup[] = [];
  for (const group of state.groups.values()) {
    const route = routeOf(settings.config, group);
    if (!wanted(route.receiver)) continue;
    const muted = mutedBy(route, settings.config, nowMs);
    if (muted.length > 0 && !filter.muted) continue;
    const alerts: RoutedAlert[] = [];
    for (const fingerprint of group.members) {
      const alert = state.alerts.get(fingerprint);
      if (alert?.status !== "firing" || !view.matches(alert.labels)) continue;
      if (view.shows(view.statusOf(alert))) alerts.push(alert);
    }
    if (alerts.length === 0) continue;
    out.push({
      labels: group.labels,
      receiver: route.receiver,
      routeLabels: route.labels ?? {},
      muted,
      alerts: alerts.length === 1 ? alerts : alerts.sort(compareAlerts),
    });
  }
  return out.sort(
    (a, b) => compareLabelSets(a.labels, b.labels) || compareStrings(a.receiver, b.receiver),
  );
}

interface Status {
  readonly inhibitedBy: readonly string[];
  /** Ids of maintenance windows. */
  readonly maintainedBy: readonly string[];
  readonly silencedBy: readonly string[];
  readonly held: boolean;
}

const ACTIVE: Status = { inhibitedBy: [], maintainedBy: [], silencedBy: [], held: false };
const NONE: readonly string[] = [];

interface View {
  readonly matches: (labels: StringMap) => boolean;
  readonly statusOf: (alert: RoutedAlert) => Status;
  readonly shows: (status: Status) => boolean;
  /** `muted`: the time intervals that mute the group in which it is shown. */
  readonly render: (
    alert: RoutedAlert,
    receivers: readonly string[],
    muted?: readonly string[],
  ) => string;
}

/** What holds for all alerts of one answer; what an alert has in every group is found once. */
function viewOf(
  state: RouterState,
  settings: RouterSettings,
  filter: V2Filter,
  nowMs: number,
): View {
  const silences = indexSilences(state.silences.values(), nowMs);
  const windows = indexWindows(state.windows.values(), nowMs);
  const inhibition = inhibitionOf({ state, config: settings.config });
  const statuses = new Map<string, Status>();
  const rendered = new Map<string, string>();
  const find = (a: RoutedAlert): Status => {
    const silencedBy = holdersOf(silences, a.labels);
    const inhibitors = inhibition.rules.length === 0 ? NONE : inhibitedBy(inhibition, a.labels);
    const maintainedBy = holdersOf(windows, a.labels);
    const held = silencedBy.length + inhibitors.length + maintainedBy.length > 0;
    return held ? { inhibitedBy: inhibitors, maintainedBy, silencedBy, held } : ACTIVE;
  };
  const statusOf = (a: RoutedAlert): Status => {
    let status = statuses.get(a.fingerprint);
    if (status === undefined) statuses.set(a.fingerprint, (status = find(a)));
    return status;
  };
  return {
    matches: matcherPredicate(filter.matchers),
    statusOf,
    shows: (s) =>
      (filter.active || s.held) &&
      (filter.silenced || s.silencedBy.length === 0) &&
      (filter.inhibited || s.inhibitedBy.length === 0),
    render(a, receivers, muted = NONE) {
      if (muted.length > 0) return alertJson(a, heardAtMs(state, a), receivers, statusOf(a), muted);
      let text = rendered.get(a.fingerprint);
      if (text === undefined)
        rendered.set(
          a.fingerprint,
          (text = alertJson(a, heardAtMs(state, a), receivers, statusOf(a), muted)),
        );
      return text;
    },
  };
}

/** When its source last sent it: a rule's group sends all of its alerts with each evaluation. */
function heardAtMs({ sources }: RouterState, a: RoutedAlert): number {
  return Math.max(a.updatedAtMs, a.heardAtMs ?? sources.get(a.source)?.evaluatedAtMs ?? 0);
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

/** gettableAlert of Alertmanager's OpenAPI document. */
function alertJson(
  a: RoutedAlert,
  heardMs: number,
  receivers: readonly string[],
  status: Status,
  muted: readonly string[],
): string {
  const names = receivers.map((name) => `{"name":${JSON.stringify(name)}}`).join(",");
  const url = a.generatorUrl === "" ? "" : `"generatorURL":${JSON.stringify(a.generatorUrl)},`;
  return `{"annotations":${JSON.stringify(a.annotations)},"endsAt":"${instant(a.endsAtMs)}","fingerprint":"${a.fingerprint}","receivers":[${names}],"startsAt":"${instant(a.startsAtMs)}","status":${statusJson(status, muted)},"updatedAt":"${instant(heardMs)}",${url}"labels":${JSON.stringify(a.labels)}}`;
}

const ACTIVE_JSON = '{"inhibitedBy":[],"mutedBy":[],"silencedBy":[],"state":"active"}';

function statusJson(s: Status, muted: readonly string[]): string {
  if (!s.held && muted.length === 0) return ACTIVE_JSON;
  return JSON.stringify({
    inhibitedBy: s.inhibitedBy,
    mutedBy: [...muted, ...s.maintainedBy],
    silencedBy: s.silencedBy,
    state: "suppressed",
  });
}

/** Alerts begin, end and are sent many at once, and writing a time costs more than all else of an alert. */
const instants = new Map<number, string>();
const MAX_INSTANTS = 10_000;

/** go-openapi's strfmt.DateTime: milliseconds, always three digits. */
function instant(ms: number): string {
  let text = instants.get(ms);
  if (text !== undefined) return text;
  if (instants.size >= MAX_INSTANTS) instants.clear();
  instants.set(ms, (text = new Date(ms).toISOString()));
  return text;
}
