import type {
  Figures,
  LiveAlert,
  LiveEvent,
  LiveIncident,
  LiveLogLine,
  LiveMessage,
} from "../core/live";
import { type LiveUpdate, remember, unseen } from "./bounds";
import { NO_FIGURES } from "./figures";

/** What a hub knows while somebody watches: what the next socket's snapshot shows. */
export interface LiveState {
  readonly figures: Figures;
  readonly figuresAtMs: number;
  readonly alerts: readonly LiveAlert[];
  readonly incidents: ReadonlyMap<string, LiveIncident>;
  readonly logs: readonly LiveLogLine[];
  readonly events: readonly LiveEvent[];
  readonly problem?: string;
}

export const EMPTY_STATE: LiveState = {
  figures: NO_FIGURES,
  figuresAtMs: 0,
  alerts: [],
  incidents: new Map(),
  logs: [],
  events: [],
};

/** The state after a message went out. */
export function applied(state: LiveState, message: LiveUpdate): LiveState {
  switch (message.type) {
    case "figures": {
      const { problem: _, ...rest } = state;
      return {
        ...rest,
        figures: message.figures,
        figuresAtMs: message.atMs,
        ...(message.problem === undefined ? {} : { problem: message.problem }),
      };
    }
    case "alerts":
      return { ...state, alerts: message.alerts };
    case "incident": {
      const incidents = new Map(state.incidents);
      if (message.incident.status === "resolved") incidents.delete(message.incident.id);
      else incidents.set(message.incident.id, message.incident);
      return { ...state, incidents };
    }
    case "logs":
      return { ...state, logs: remember(state.logs, message.lines) };
    case "events":
      return { ...state, events: remember(state.events, message.events) };
  }
}

export function snapshotOf(
  state: LiveState,
  nowMs: number,
): Extract<LiveMessage, { type: "snapshot" }> {
  return {
    type: "snapshot",
    atMs: nowMs,
    figures: state.figures,
    alerts: state.alerts,
    incidents: [...state.incidents.values()],
    logs: state.logs,
    events: state.events,
    ...(state.problem === undefined ? {} : { problem: state.problem }),
  };
}

/** What the stores hold, read anew. */
export interface Stored {
  readonly alerts?: readonly LiveAlert[];
  readonly incidents?: readonly LiveIncident[];
  readonly logs?: readonly LiveLogLine[];
  readonly events?: readonly LiveEvent[];
}

/**
 * The messages that bring the state up to what the stores hold: nothing where no message was missed.
 * Of lines and events only those not older than the newest known 100 count, so that what has
 * fallen out of memory is not shown again.
 */
export function repairs(state: LiveState, stored: Stored, sinceMs: number): readonly LiveUpdate[] {
  const out: LiveUpdate[] = [];
  if (stored.alerts !== undefined && JSON.stringify(stored.alerts) !== JSON.stringify(state.alerts))
    out.push({ type: "alerts", alerts: stored.alerts });
  for (const incident of stored.incidents ?? []) {
    if (JSON.stringify(state.incidents.get(incident.id)) !== JSON.stringify(incident))
      out.push({ type: "incident", incident });
  }
  const openIds =
    stored.incidents === undefined ? undefined : new Set(stored.incidents.map((i) => i.id));
  for (const known of state.incidents.values()) {
    if (openIds !== undefined && !openIds.has(known.id))
      out.push({ type: "incident", incident: { ...known, status: "resolved" } });
  }
  const lines = unseen(
    (stored.logs ?? []).filter((l) => l.timeMs >= sinceMs),
    state.logs,
  );
  if (lines.length > 0) out.push({ type: "logs", lines });
  const events = unseen(
    (stored.events ?? []).filter((e) => e.timeMs >= sinceMs),
    state.events,
  );
  if (events.length > 0) out.push({ type: "events", events });
  return out;
}
