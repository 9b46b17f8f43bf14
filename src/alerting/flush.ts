import { labelOf } from "../core/alerts";
import type { IntegrationRef } from "./config";
import { cooling, noteTold } from "./cooldown";
import { type DedupVerdict, dedup } from "./dedup";
import { fnv64 } from "./fingerprint";
import { groupsOf, nextGridTime, routeOf } from "./grouping";
import type { HoldReason, NotificationLogEntry, NotifyReason, RoutedAlert } from "./model";
import { incidentAlerts } from "./incident-alerts";
import { notificationData } from "./notification-data";
import { type StageContext, contextAt, judge } from "./pipeline";
import { failingIntegration, hearersOf } from "./receiver-alerts";
import {
  type Snapshot,
  fingerprints,
  flappingOf,
  isOwed,
  owed,
  reasonOf,
  speakable,
} from "./snapshot";
import {
  type Group,
  type Outcome,
  type RouterSettings,
  type RouterState,
  type ToldEntry,
  receiverByName,
  toldKey,
} from "./state";

const MAX_NAMES = 20;

/** Flushes every group whose time has come. */
export function flushDue(
  state: RouterState,
  settings: RouterSettings,
  nowMs: number,
  out: Outcome,
): void {
  const due = [...state.groups.values()]
    .filter((g) => g.nextFlushMs <= nowMs)
    .sort((a, b) => a.nextFlushMs - b.nextFlushMs);
  const context = contextAt(state, settings.config, nowMs);
  for (const group of due) flushGroup(settings, group, context, out);
  for (const [key, told] of state.told) {
    if (told.expiresAtMs > nowMs || told.incidentId !== undefined) continue;
    // Long silenced, it may still be told that it ended.
    if (told.firing.some((f) => state.alerts.has(f))) continue;
    state.told.delete(key);
    state.dirty.told.add(key);
  }
}

function flushGroup(
  settings: RouterSettings,
  group: Group,
  context: Omit<StageContext, "route">,
  out: Outcome,
): void {
  const { state, nowMs } = context;
  const route = routeOf(settings.config, group);
  const members = [...group.members].flatMap((f) => state.alerts.get(f) ?? []);
  const suppressed = new Map<string, HoldReason>();
  const passed: RoutedAlert[] = [];
  for (const alert of members) {
    const verdict = judge(alert, { ...context, route });
    if (verdict.pass) passed.push(alert);
    else suppressed.set(alert.fingerprint, verdict.reason);
  }
  const snapshot: Snapshot = { group, route, members, passed, suppressed, nowMs };
  const hearers = hearersOf(settings.config, route.receiver, members, state.alerts.values());
  for (const { integration, hears } of hearers) {
    const heard = hears === "group" ? snapshot : aboutReceivers(snapshot);
    if (integration.type === "incident") tellIncident(state, settings, heard, integration, out);
    else tellReceiver(state, settings, heard, integration, out);
  }
  forgetUnheard(state, settings, snapshot);
  settle(state, settings, snapshot);
}

/** The same group, of which only alerts that a receiver is down are told. */
function aboutReceivers(s: Snapshot): Snapshot {
  const about = (a: RoutedAlert): boolean => failingIntegration(a) !== undefined;
  return { ...s, members: s.members.filter(about), passed: s.passed.filter(about) };
}

/** Who was told of an alert is not told that it resolved under a silence, so that its next firing must be news again. */
function forgetUnheard(state: RouterState, settings: RouterSettings, s: Snapshot): void {
  const unheard = new Set(
    s.members
      .filter((a) => a.status === "resolved" && s.suppressed.has(a.fingerprint))
      // The end of a maintenance window tells it.
      .filter((a) => s.suppressed.get(a.fingerprint) !== "maintenance")
      .map((a) => a.fingerprint),
  );
  if (unheard.size === 0) return;
  for (const i of receiverByName(settings.config, s.route.receiver)?.integrations ?? []) {
    const told = state.told.get(toldKey(s.group.key, i.id));
    if (told === undefined || !told.firing.some((f) => unheard.has(f))) continue;
    const firing = told.firing.filter((f) => !unheard.has(f));
    state.told.set(told.key, { ...told, firing });
    state.dirty.told.add(told.key);
  }
}

/** After a flush: resolved alerts leave the group, an empty group goes, the next flush is on the grid. */
function settle(state: RouterState, settings: RouterSettings, s: Snapshot): void {
  const { group, route, nowMs } = s;
  group.flushed = true;
  delete group.released;
  group.nextFlushMs = nextGridTime(group.anchorMs, route.groupIntervalMs, nowMs);
  for (const f of group.members) {
    const alert = state.alerts.get(f);
    if (alert?.status === "firing" || (alert !== undefined && isOwed(state, settings, s, alert)))
      continue;
    group.members.delete(f);
    if (alert === undefined) continue;
    state.dirty.alerts.add(f);
    if (groupsOf(state, settings.config, alert).some((g) => g.members.has(f)))
      alert.leftGroups = [...(alert.leftGroups ?? []), group.id];
    else state.alerts.delete(f);
  }
  if (group.members.size > 0) return;
  state.groups.delete(group.id);
  state.dirty.groups.add(group.id);
}

function tellReceiver(
  state: RouterState,
  settings: RouterSettings,
  s: Snapshot,
  integration: IntegrationRef,
  out: Outcome,
): void {
  const key = toldKey(s.group.key, integration.id);
  // Alertmanager's pipeline ends where no alert is left: a silence is no resolution.
  if (s.passed.length === 0) return hold(state, s, integration, "none", out);
  const told = state.told.get(key);
  const heard = speakable(s, told);
  const heldBack = cooling(state, integration.id, heard, s.nowMs);
  const verdict = dedup(
    {
      told,
      firing: fingerprints(heard, "firing"),
      resolved: fingerprints(heard, "resolved"),
      heldBack,
      flapping: flappingOf(heard),
      sendResolved: integration.sendResolved,
      repeatIntervalMs: s.route.repeatIntervalMs,
    },
    s.nowMs,
  );
  if (!verdict.send) return hold(state, s, integration, verdict.reason, out);
  const known = new Set(told?.firing);
  const spoken = heard.filter(
    (a) => a.status !== "firing" || known.has(a.fingerprint) || !heldBack.has(a.fingerprint),
  );
  remember(state, s, key, spoken);
  const shown = integration.sendResolved ? spoken : spoken.filter((a) => a.status === "firing");
  if (shown.length === 0) return hold(state, s, integration, "resolved_not_wanted", out);
  release(state, s, integration);
  noteTold(state, integration.id, spoken, s.nowMs);
  const reason = reasonOf(s, verdict);
  const entry = logEntry(s, integration, "sent", reason, spoken, told);
  out.log.push(entry);
  const data = notificationData(
    {
      groupKey: s.group.key,
      receiver: s.route.receiver,
      groupLabels: s.group.labels,
      externalUrl: settings.externalUrl,
      reason,
      beside: integration,
    },
    shown,
  );
  out.intents.push({
    kind: "notify",
    id: entry.id,
    integration,
    notification: {
      id: entry.id,
      receiver: s.route.receiver,
      integration: integration.id,
      groupKey: s.group.key,
      status: data.status,
      reason,
      dataJson: JSON.stringify(data),
      decidedAtMs: entry.atMs,
    },
  });
}

/**
 * An incident follows its group: opened by the first alert that passes, told of each change,
 * and told of alerts that were silenced later, as it could not end without them.
 */
function tellIncident(
  state: RouterState,
  settings: RouterSettings,
  s: Snapshot,
  integration: IntegrationRef,
  out: Outcome,
): void {
  const key = toldKey(s.group.key, integration.id);
  const told = state.told.get(key);
  const known = new Set(told?.incidentId === undefined ? [] : told.firing);
  const concerned = s.members.filter(
    (a) => known.has(a.fingerprint) || !s.suppressed.has(a.fingerprint),
  );
  const heldBack = cooling(state, integration.id, concerned, s.nowMs);
  const verdict = dedup(
    {
      told: told?.incidentId === undefined ? undefined : told,
      firing: fingerprints(concerned, "firing"),
      resolved: fingerprints(concerned, "resolved"),
      heldBack,
      // An incident stays open while its alerts flap, which is all that it has to say of it.
      flapping: new Set(),
      sendResolved: true,
      repeatIntervalMs: Number.POSITIVE_INFINITY,
    },
    s.nowMs,
  );
  if (!verdict.send) return hold(state, s, integration, verdict.reason, out);
  const spoken = concerned.filter(
    (a) => a.status !== "firing" || known.has(a.fingerprint) || !heldBack.has(a.fingerprint),
  );
  const incidentId = told?.incidentId ?? incidentIdOf(key, spoken);
  remember(state, s, key, spoken, incidentId);
  release(state, s, integration);
  noteTold(state, integration.id, spoken, s.nowMs);
  const entry = logEntry(s, integration, "sent", reasonOf(s, verdict), spoken, told);
  out.log.push(entry);
  out.intents.push({
    kind: "incident",
    id: entry.id,
    integrationId: integration.id,
    toldKey: key,
    opens: verdict.reason === "first_notification" || verdict.reason === "new_alerts",
    change: incidentAlerts(settings.projectId, s, incidentId, spoken, known),
  });
}

/** One per group, integration and beginning: deciding the same again names the same incident. */
function incidentIdOf(key: string, alerts: readonly RoutedAlert[]): string {
  const start = Math.min(...alerts.filter((a) => a.status === "firing").map((a) => a.startsAtMs));
  return `${start.toString(36)}-${fnv64(key).slice(0, 8)}`;
}

function remember(
  state: RouterState,
  s: Snapshot,
  key: string,
  alerts: readonly RoutedAlert[],
  incidentId?: string,
): void {
  const before = state.told.get(key);
  const firing = [...fingerprints(alerts, "firing"), ...owed(s, before, alerts)];
  // An incident is not told that its alerts flap.
  const flapping = incidentId === undefined ? [...flappingOf(alerts)] : [];
  const entry: ToldEntry = {
    key,
    firing,
    resolved: [...fingerprints(alerts, "resolved")],
    atMs: s.nowMs,
    // As Alertmanager keeps its log: twice the repeat interval.
    expiresAtMs: s.nowMs + 2 * s.route.repeatIntervalMs,
    count: (before?.count ?? 0) + 1,
    ...(flapping.length === 0 ? {} : { flapping }),
    ...(incidentId === undefined || firing.length === 0
      ? {}
      : { incidentId, ...(before?.heldBy === undefined ? {} : { heldBy: before.heldBy }) }),
  };
  state.told.set(key, entry);
  state.dirty.told.add(key);
}

/** Logs what was held back, once for each different set of alerts and reasons. */
function hold(
  state: RouterState,
  s: Snapshot,
  integration: IntegrationRef,
  reason: NotifyReason,
  out: Outcome,
): void {
  const known = new Set(state.told.get(toldKey(s.group.key, integration.id))?.firing);
  const news = [...s.suppressed].find(
    ([f]) => !known.has(f) && s.members.some((a) => a.fingerprint === f && a.status === "firing"),
  );
  const why = reason === "none" ? (news?.[1] ?? "none") : reason;
  if (why === "none") return release(state, s, integration);
  const told = state.told.get(toldKey(s.group.key, integration.id));
  const entry = logEntry(s, integration, "held", why, s.passed, told);
  const mark = fnv64(JSON.stringify([why, entry.firing, entry.suppressed]));
  if (s.group.held[integration.id] === mark) return;
  s.group.held[integration.id] = mark;
  state.dirty.groups.add(s.group.id);
  out.log.push(entry);
}

function release(state: RouterState, s: Snapshot, integration: IntegrationRef): void {
  if (s.group.held[integration.id] === undefined) return;
  delete s.group.held[integration.id];
  state.dirty.groups.add(s.group.id);
}

function logEntry(
  s: Snapshot,
  integration: IntegrationRef,
  decision: NotificationLogEntry["decision"],
  reason: DedupVerdict["reason"],
  alerts: readonly RoutedAlert[],
  told: ToldEntry | undefined,
): NotificationLogEntry {
  const firing = [...fingerprints(alerts, "firing")];
  return {
    id: entryId(s, integration, reason, alerts, told),
    atMs: s.nowMs,
    groupKey: s.group.key,
    receiver: s.route.receiver,
    integration: integration.id,
    decision,
    reason,
    status: firing.length > 0 ? "firing" : "resolved",
    firing,
    resolved: [...fingerprints(alerts, "resolved")],
    suppressed: Object.fromEntries(s.suppressed),
    alertNames: namesOf(s.members),
  };
}

/**
 * The same decision of the same moment has the same id, however often it is taken. The moment is not enough:
 * a clock that was set back comes by it again, and what has an id that its taker knows is not taken.
 */
function entryId(
  s: Snapshot,
  integration: IntegrationRef,
  reason: NotifyReason,
  alerts: readonly RoutedAlert[],
  told: ToldEntry | undefined,
): string {
  const said = alerts.map((a) => [a.fingerprint, a.status, a.startsAtMs]);
  const content = JSON.stringify([s.group.id, integration.id, reason, said, told?.count ?? 0]);
  return `${fnv64(content)}-${s.nowMs.toString(36)}`;
}

/** The first names of a group's alerts, for who searches the history. */
function namesOf(alerts: readonly RoutedAlert[]): string[] {
  return [...new Set(alerts.map((a) => labelOf(a.labels, "alertname")))].slice(0, MAX_NAMES);
}
