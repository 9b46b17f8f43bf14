import type { Matcher } from "../core/matchers";
import type { NotifyReason, WindowEventKind } from "./model";
import { type Occurrence, type Schedule, nextOccurrence, occurrenceAt } from "./schedule";

/** A time in which nobody is told of matching alerts, and no incident of theirs escalates. Immutable: a change makes another. */
export interface MaintenanceWindow {
  readonly id: string;
  readonly name: string;
  readonly matchers: readonly Matcher[];
  readonly comment: string;
  readonly createdBy: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  /** Where it recurs: it holds in the stretches of this alone. */
  readonly schedule?: Schedule;
  /** The receiver that is told of each start and end. */
  readonly notify?: string;
  readonly cancelledAtMs?: number;
  /** The stretch that has begun and not ended. */
  readonly running?: Occurrence;
  /** When it starts or ends next; absent when nothing follows. */
  readonly turnMs?: number;
  /** The latest last. */
  readonly events: readonly WindowEvent[];
}

export interface WindowEvent {
  readonly kind: WindowEventKind;
  readonly atMs: number;
  /** A token's name, or "vedette". */
  readonly by: string;
}

const EVENT_KINDS: readonly string[] = [
  "window_created",
  "window_changed",
  "window_started",
  "window_ended",
  "window_cancelled",
] satisfies readonly WindowEventKind[];

/** `window_ended` is also why a group is told of what a window held. */
export function isWindowEvent(reason: NotifyReason): boolean {
  return EVENT_KINDS.includes(reason);
}

export type WindowState = "pending" | "active" | "ended" | "cancelled";

/** A window as the API shows it. */
export interface WindowView extends MaintenanceWindow {
  readonly state: WindowState;
  readonly next?: Occurrence;
}

const SYSTEM = "vedette";
const MAX_EVENTS = 50;

export function windowState(w: MaintenanceWindow, nowMs: number): WindowState {
  if (w.cancelledAtMs !== undefined) return "cancelled";
  if (windowHolds(w, nowMs)) return "active";
  return windowAfter(w, nowMs) === undefined ? "ended" : "pending";
}

export function windowView(w: MaintenanceWindow, nowMs: number): WindowView {
  const next = w.cancelledAtMs === undefined ? windowAfter(w, nowMs) : undefined;
  return { ...w, state: windowState(w, nowMs), ...(next === undefined ? {} : { next }) };
}

/** Whether it holds alerts now, also where the timer that starts or ends it is late. */
export function windowHolds(w: MaintenanceWindow, nowMs: number): boolean {
  if (w.running !== undefined) return nowMs < w.running.endMs;
  if (w.turnMs === undefined || nowMs < w.turnMs) return false;
  return windowAt(w, nowMs) !== undefined;
}

/** The window as time alone has made it by now, with what happened. */
export function turned(
  w: MaintenanceWindow,
  nowMs: number,
): { readonly window: MaintenanceWindow; readonly events: readonly WindowEvent[] } {
  const events: WindowEvent[] = [];
  let window = w;
  if (window.running !== undefined && nowMs >= window.running.endMs) {
    events.push({ kind: "window_ended", atMs: window.running.endMs, by: SYSTEM });
    const { running: _, ...rest } = window;
    window = rest;
  }
  if (window.running === undefined) {
    const { turnMs: _, ...rest } = window;
    const running = windowAt(window, nowMs);
    if (running !== undefined) {
      events.push({ kind: "window_started", atMs: running.startMs, by: SYSTEM });
      window = { ...rest, running, turnMs: running.endMs };
    } else {
      const next = windowAfter(window, nowMs);
      window = { ...rest, ...(next === undefined ? {} : { turnMs: next.startMs }) };
    }
  }
  return { window: withEvents(window, events), events };
}

/** The window that nobody wants any more: one that holds ends. */
export function cancelled(
  w: MaintenanceWindow,
  by: string,
  nowMs: number,
): { readonly window: MaintenanceWindow; readonly events: readonly WindowEvent[] } {
  const { running, turnMs: _, ...rest } = w;
  const events: WindowEvent[] = [{ kind: "window_cancelled", atMs: nowMs, by }];
  if (running !== undefined) events.push({ kind: "window_ended", atMs: nowMs, by });
  return { window: withEvents({ ...rest, cancelledAtMs: nowMs }, events), events };
}

export function withEvents(
  w: MaintenanceWindow,
  events: readonly WindowEvent[],
): MaintenanceWindow {
  return events.length === 0 ? w : { ...w, events: [...w.events, ...events].slice(-MAX_EVENTS) };
}

/** The stretch that holds at a moment. */
function windowAt(w: MaintenanceWindow, ms: number): Occurrence | undefined {
  if (w.cancelledAtMs !== undefined || ms < w.startsAtMs || ms >= w.endsAtMs) return undefined;
  if (w.schedule !== undefined) return occurrenceAt(w.schedule, ms);
  return { startMs: w.startsAtMs, endMs: w.endsAtMs };
}

function windowAfter(w: MaintenanceWindow, ms: number): Occurrence | undefined {
  if (w.schedule !== undefined) return nextOccurrence(w.schedule, ms);
  return ms < w.startsAtMs ? { startMs: w.startsAtMs, endMs: w.endsAtMs } : undefined;
}
