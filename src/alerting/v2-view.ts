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
    if (!receivers.some(wanted)) continue;
    parts.push(parts.length === 0 ? "[" : ",");
    view.write(parts, alert, receivers);
  }
  return parts.length === 0 ? "[]" : `${parts.join("")}]`;
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
  const heardBy = new Map<RoutedAlert, string[]>();
  for (const { receiver, alerts } of groups)
    for (const alert of alerts) {
      const known = heardBy.get(alert);
      if (known === undefined) heardBy.set(alert, [receiver]);
      else known.push(receiver);
    }
  for (const names of heardBy.values()) if (names.length > 1) names.sort(compareStrings);
  // One list of pieces, joined once: an answer may have 10 MB.
  const parts: string[] = [];
  for (const g of groups) {
    parts.push(parts.length === 0 ? '[{"alerts":[' : ',{"alerts":[');
    for (const [i, alert] of g.alerts.entries()) {
      if (i > 0) parts.push(",");
      view.write(parts, alert, heardBy.get(alert) ?? NONE, g.muted);
    }
    parts.push(
      `],"labels":${JSON.stringify(g.labels)},"receiver":{"name":${JSON.stringify(g.receiver)}},"routeLabels":${JSON.stringify(g.routeLabels)}}`,
    );
  }
  return parts.length === 0 ? "[]" : `${parts.join("")}]`;
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
  /** Appends an alert's JSON. `muted`: the time intervals that mute the group in which it is shown. */
  readonly write: (
    parts: string[],
    alert: RoutedAlert,
    receivers: readonly string[],
    muted?: readonly string[],
  ) => void;
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
  const statuses = new Map<RoutedAlert, Status>();
  const find = (a: RoutedAlert): Status => {
    const silencedBy = holdersOf(silences, a.labels);
    const inhibitors = inhibition.rules.length === 0 ? NONE : inhibitedBy(inhibition, a.labels);
    const maintainedBy = holdersOf(windows, a.labels);
    const held = silencedBy.length + inhibitors.length + maintainedBy.length > 0;
    return held ? { inhibitedBy: inhibitors, maintainedBy, silencedBy, held } : ACTIVE;
  };
  const statusOf = (a: RoutedAlert): Status => {
    let status = statuses.get(a);
    if (status === undefined) statuses.set(a, (status = find(a)));
    return status;
  };
  return {
    matches: matcherPredicate(filter.matchers),
    statusOf,
    shows: (s) =>
      (filter.active || s.held) &&
      (filter.silenced || s.silencedBy.length === 0) &&
      (filter.inhibited || s.inhibitedBy.length === 0),
    write(parts, a, receivers, muted = NONE) {
      parts.push(lastingJson(a), namesJson(receivers), timesJson(a.endsAtMs, heardAtMs(state, a)));
      parts.push(statusJson(statusOf(a), muted), "}");
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

interface Lasting {
  readonly annotations: StringMap;
  readonly generatorUrl: string;
  readonly startsAtMs: number;
  readonly text: string;
}

const lasting = new WeakMap<RoutedAlert, Lasting>();

/**
 * gettableAlert of Alertmanager's OpenAPI document up to its receivers: what seldom changes comes first. Whoever lists alerts does so every few seconds, and of most nothing new is told.
 */
function lastingJson(a: RoutedAlert): string {
  const { annotations, generatorUrl, startsAtMs } = a;
  const known = lasting.get(a);
  if (
    known?.annotations === annotations &&
    known.generatorUrl === generatorUrl &&
    known.startsAtMs === startsAtMs
  )
    return known.text;
  const url = generatorUrl === "" ? "" : `"generatorURL":${JSON.stringify(generatorUrl)},`;
  // Joined, so that it is one piece of memory and not a tree of its parts.
  const text = [
    `{"annotations":${JSON.stringify(annotations)},"fingerprint":"${a.fingerprint}",${url}`,
    `"labels":${JSON.stringify(a.labels)},"startsAt":"${instant(startsAtMs)}","receivers":[`,
  ].join("");
  lasting.set(a, { annotations, generatorUrl, startsAtMs, text });
  return text;
}

function namesJson(receivers: readonly string[]): string {
  let out = "";
  for (const name of receivers) out += `${out === "" ? "" : ","}{"name":${JSON.stringify(name)}}`;
  return out;
}

/** Most alerts were heard of, and end, with the one before. */
let lastTimes = { endsAtMs: Number.NaN, heardMs: Number.NaN, text: "" };

function timesJson(endsAtMs: number, heardMs: number): string {
  if (lastTimes.endsAtMs !== endsAtMs || lastTimes.heardMs !== heardMs) {
    const text = `],"endsAt":"${instant(endsAtMs)}","updatedAt":"${instant(heardMs)}","status":`;
    lastTimes = { endsAtMs, heardMs, text };
  }
  return lastTimes.text;
}

const ACTIVE_JSON = '{"inhibitedBy":[],"mutedBy":[],"silencedBy":[],"state":"active"}';

function statusJson(s: Status, muted: readonly string[]): string {
  if (!s.held && muted.length === 0) return ACTIVE_JSON;
  const mutedBy = muted.length === 0 ? s.maintainedBy : [...muted, ...s.maintainedBy];
  return `{"inhibitedBy":${textsJson(s.inhibitedBy)},"mutedBy":${textsJson(mutedBy)},"silencedBy":${textsJson(s.silencedBy)},"state":"suppressed"}`;
}

function textsJson(texts: readonly string[]): string {
  return texts.length === 0 ? "[]" : JSON.stringify(texts);
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
