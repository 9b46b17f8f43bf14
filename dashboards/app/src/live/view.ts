import type {
  Figures,
  LiveAlert,
  LiveEvent,
  LiveIncident,
  LiveLogLine,
  LiveMessage,
} from "../../../../src/core/live";
import { NO_FIGURES } from "../../../../src/live/figures";
import type { LiveStatus } from "./socket";

/** A line or event with a number of its own, for React's keys. */
export type Numbered<T> = T & { readonly n: number };

/** What the pages know of the present. */
export interface LiveView {
  readonly status: LiveStatus;
  readonly figures: Figures;
  readonly figuresAtMs: number;
  readonly problem: string | undefined;
  readonly history: History;
  readonly alerts: readonly LiveAlert[];
  readonly incidents: readonly LiveIncident[];
  readonly logs: readonly Numbered<LiveLogLine>[];
  readonly events: readonly Numbered<LiveEvent>[];
  /** Lines that the hub left out because there were too many. */
  readonly droppedLines: number;
  readonly counter: number;
}

/** Figures of the last minutes, a column each; times in seconds, rising. */
export interface History {
  readonly times: readonly number[];
  readonly columns: Readonly<Record<keyof Figures, readonly (number | null)[]>>;
}

const KEPT_SECONDS = 300;
const KEPT_LINES = 1_000;
const KEPT_EVENTS = 200;
const NO_HISTORY: History = {
  times: [],
  columns: { requestRate: [], errorRate: [], p95Seconds: [], activeUsers: [], eventsPerMinute: [] },
};

export const EMPTY_VIEW: LiveView = {
  status: { at: "connecting" },
  figures: NO_FIGURES,
  figuresAtMs: 0,
  problem: undefined,
  history: NO_HISTORY,
  alerts: [],
  incidents: [],
  logs: [],
  events: [],
  droppedLines: 0,
  counter: 0,
};

export function received(view: LiveView, message: LiveMessage): LiveView {
  switch (message.type) {
    case "snapshot": {
      const logs = numbered(message.logs, view.counter);
      const events = numbered(message.events, view.counter + logs.length);
      return {
        ...withFigures(view, message.atMs, message.figures, message.problem),
        alerts: message.alerts,
        incidents: message.incidents,
        logs,
        events,
        droppedLines: 0,
        counter: view.counter + logs.length + events.length,
      };
    }
    case "figures":
      return withFigures(view, message.atMs, message.figures, message.problem);
    case "alerts":
      return { ...view, alerts: message.alerts.filter((a) => a.status !== "resolved") };
    case "incident": {
      const others = view.incidents.filter((i) => i.id !== message.incident.id);
      return {
        ...view,
        incidents: message.incident.status === "resolved" ? others : [message.incident, ...others],
      };
    }
    case "logs":
      return {
        ...view,
        logs: [...view.logs, ...numbered(message.lines, view.counter)].slice(-KEPT_LINES),
        droppedLines: view.droppedLines + (message.dropped ?? 0),
        counter: view.counter + message.lines.length,
      };
    case "events":
      return {
        ...view,
        events: [...view.events, ...numbered(message.events, view.counter)].slice(-KEPT_EVENTS),
        counter: view.counter + message.events.length,
      };
  }
}

function withFigures(
  view: LiveView,
  atMs: number,
  figures: Figures,
  problem: string | undefined,
): LiveView {
  return {
    ...view,
    figures,
    figuresAtMs: atMs,
    problem,
    history: extended(view.history, atMs / 1000, figures),
  };
}

function extended({ times, columns }: History, at: number, figures: Figures): History {
  const last = times.at(-1);
  if (last !== undefined && at <= last) return { times, columns };
  const from = Math.max(0, times.length + 1 - KEPT_SECONDS);
  const grow = (key: keyof Figures): readonly (number | null)[] =>
    [...columns[key], figures[key]].slice(from);
  return {
    times: [...times, at].slice(from),
    columns: {
      requestRate: grow("requestRate"),
      errorRate: grow("errorRate"),
      p95Seconds: grow("p95Seconds"),
      activeUsers: grow("activeUsers"),
      eventsPerMinute: grow("eventsPerMinute"),
    },
  };
}

function numbered<T>(items: readonly T[], from: number): Numbered<T>[] {
  return items.map((item, i) => ({ ...item, n: from + i }));
}
