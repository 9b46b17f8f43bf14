import { fnv64, fingerprint } from "./fingerprint";
import type { NotificationLogEntry, RoutedAlert } from "./model";
import { goTime, notificationData } from "./notification-data";
import { matcherPredicate } from "./routing";
import { type Outcome, type RouterSettings, type RouterState, receiverByName } from "./state";
import { type MaintenanceWindow, type WindowEvent, cancelled, turned, withEvents } from "./windows";

/** Starts and ends what is due. Groups that a window lets go of are flushed in the same step. */
export function turnWindows(
  state: RouterState,
  settings: RouterSettings,
  nowMs: number,
  out: Outcome,
): void {
  for (const w of state.windows.values()) {
    if (w.turnMs === undefined || w.turnMs > nowMs) continue;
    const { window, events } = turned(w, nowMs);
    keep(state, settings, window, events, out);
    if (events.some((e) => e.kind === "window_ended")) letGo(state, w, nowMs);
  }
}

/** Puts a window in force, new or in place of the one with its id; the time decides at once whether it holds. */
export function putWindow(
  state: RouterState,
  settings: RouterSettings,
  window: MaintenanceWindow,
  by: string,
  nowMs: number,
  out: Outcome,
): MaintenanceWindow {
  const former = state.windows.get(window.id);
  const kind = former === undefined ? "window_created" : "window_changed";
  const put: WindowEvent = { kind, atMs: nowMs, by };
  const { window: next, events } = turned(window, nowMs);
  const before = former?.running;
  const told: WindowEvent[] = [put];
  // What held before and still does has neither ended nor started.
  if (before === undefined) told.push(...events);
  else if (next.running === undefined) told.push({ kind: "window_ended", atMs: nowMs, by });
  const running =
    next.running === undefined
      ? {}
      : { running: { ...next.running, startMs: before?.startMs ?? next.running.startMs } };
  const kept = withEvents({ ...next, ...running, events: former?.events ?? [] }, told);
  store(state, kept);
  for (const event of told) {
    // Its end is for whoever was told of its start.
    const ends = former !== undefined && event.kind === "window_ended";
    tell(settings, kept, event, ends ? former.notify : kept.notify, out);
  }
  if (former === undefined || before === undefined) return kept;
  if (kept.running !== undefined && former.notify !== kept.notify) {
    send(settings, kept, put, former.notify, out);
    send(settings, kept, { kind: "window_started", atMs: nowMs, by }, kept.notify, out);
  }
  letGo(state, former, nowMs);
  return kept;
}

/** Ends a window for good; undefined where it is unknown or over. */
export function cancelWindow(
  state: RouterState,
  settings: RouterSettings,
  id: string,
  by: string,
  nowMs: number,
  out: Outcome,
): MaintenanceWindow | undefined {
  const former = state.windows.get(id);
  if (former === undefined || former.cancelledAtMs !== undefined || former.turnMs === undefined)
    return undefined;
  const { window, events } = cancelled(former, by, nowMs);
  keep(state, settings, window, events, out);
  if (former.running !== undefined) letGo(state, former, nowMs);
  return window;
}

/** When the next window starts or ends. */
export function nextTurnMs(state: RouterState): number | undefined {
  let first: number | undefined;
  for (const { turnMs } of state.windows.values())
    if (turnMs !== undefined && (first === undefined || turnMs < first)) first = turnMs;
  return first;
}

/** Windows that are over stay in the list for this long. */
const KEPT_MS = 30 * 86_400_000;

export function dropOldWindows(state: RouterState, nowMs: number): void {
  for (const w of state.windows.values()) {
    if (w.turnMs !== undefined || (w.events.at(-1)?.atMs ?? w.updatedAtMs) + KEPT_MS > nowMs)
      continue;
    state.windows.delete(w.id);
    state.dirty.windows.add(w.id);
  }
}

function keep(
  state: RouterState,
  settings: RouterSettings,
  window: MaintenanceWindow,
  events: readonly WindowEvent[],
  out: Outcome,
): void {
  store(state, window);
  for (const event of events) tell(settings, window, event, window.notify, out);
}

function store(state: RouterState, window: MaintenanceWindow): void {
  state.windows.set(window.id, window);
  state.dirty.windows.add(window.id);
}

/** Groups that have been flushed under the window say now what it kept from them; a `group_wait` still runs its course. */
function letGo(state: RouterState, w: MaintenanceWindow, nowMs: number): void {
  const matches = matcherPredicate(w.matchers);
  for (const group of state.groups.values()) {
    if (!group.flushed) continue;
    const held = [...group.members].some((f) => {
      const alert = state.alerts.get(f);
      return alert !== undefined && matches(alert.labels);
    });
    if (!held) continue;
    group.released = true;
    group.nextFlushMs = Math.min(group.nextFlushMs, nowMs);
  }
}

/** Logs an event, and sends starts and ends to the receiver that is told of the window. */
function tell(
  settings: RouterSettings,
  w: MaintenanceWindow,
  event: WindowEvent,
  notify: string | undefined,
  out: Outcome,
): void {
  const turn = event.kind === "window_started" || event.kind === "window_ended";
  const sent = turn && send(settings, w, event, notify, out);
  if (!sent) out.log.push(logEntry(w, event, notify, `maintenance/${w.id}`, false));
}

/** Tells a receiver; false where it is none, or has no way that a window's events take. */
function send(
  settings: RouterSettings,
  w: MaintenanceWindow,
  event: WindowEvent,
  notify: string | undefined,
  out: Outcome,
): boolean {
  const receiver = notify === undefined ? undefined : receiverByName(settings.config, notify);
  const ways = (receiver?.integrations ?? []).filter((i) => i.type !== "incident");
  const status = statusOf(event);
  for (const integration of ways) {
    if (status === "resolved" && !integration.sendResolved) {
      out.log.push(logEntry(w, event, notify, integration.id, false));
      continue;
    }
    const entry = logEntry(w, event, notify, integration.id, true);
    out.log.push(entry);
    const alert = windowAlert(w, event);
    const data = notificationData(
      {
        groupKey: entry.groupKey,
        receiver: entry.receiver,
        groupLabels: alert.labels,
        externalUrl: settings.externalUrl,
        reason: event.kind,
      },
      [alert],
    );
    out.intents.push({
      kind: "notify",
      id: entry.id,
      integration,
      notification: {
        id: entry.id,
        receiver: entry.receiver,
        integration: integration.id,
        groupKey: entry.groupKey,
        status,
        reason: event.kind,
        dataJson: JSON.stringify(data),
        decidedAtMs: entry.atMs,
      },
    });
  }
  return ways.length > 0;
}

function logEntry(
  w: MaintenanceWindow,
  event: WindowEvent,
  notify: string | undefined,
  integration: string,
  sent: boolean,
): NotificationLogEntry {
  const groupKey = `maintenance:${w.id}`;
  return {
    id: `${fnv64(`${groupKey} ${event.kind} ${integration}`)}-${event.atMs.toString(36)}`,
    atMs: event.atMs,
    groupKey,
    receiver: notify ?? "",
    integration,
    decision: sent ? "sent" : "held",
    reason: event.kind,
    status: statusOf(event),
    firing: [],
    resolved: [],
    suppressed: {},
    alertNames: [w.name],
  };
}

function statusOf(event: WindowEvent): RoutedAlert["status"] {
  return event.kind === "window_started" ? "firing" : "resolved";
}

/** A window in the form that every receiver can show: an alert that fires while it holds. */
function windowAlert(w: MaintenanceWindow, event: WindowEvent): RoutedAlert {
  const labels = { alertname: "MaintenanceWindow", window: w.name };
  const status = statusOf(event);
  const until = w.running === undefined ? "" : ` until ${goTime(w.running.endMs)}`;
  const summary =
    status === "firing"
      ? `Maintenance "${w.name}" has started: matching alerts notify nobody${until}`
      : event.kind === "window_ended"
        ? `Maintenance "${w.name}" has ended`
        : `Maintenance "${w.name}" goes on${until}; its end is not told here any more`;
  return {
    fingerprint: fingerprint(labels),
    source: "maintenance",
    labels,
    annotations: { summary, ...(w.comment === "" ? {} : { description: w.comment }) },
    status,
    startsAtMs: event.atMs,
    endsAtMs: event.atMs,
    generatorUrl: "",
    value: Number.NaN,
    heldBackUntilMs: undefined,
    acknowledgedBy: undefined,
    updatedAtMs: event.atMs,
  };
}
