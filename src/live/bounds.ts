import type { LiveEvent, LiveLogLine, LiveMessage } from "../core/live";

/** What changes: everything a socket gets after its snapshot. */
export type LiveUpdate = Exclude<LiveMessage, { readonly type: "snapshot" }>;

/** Lines or events of one message to the sockets: more than a person reads in a second. */
export const MAX_LINES = 200;
/** Lines and events that the hub remembers for the next socket's snapshot. */
export const MAX_REMEMBERED = 200;
const MAX_TEXT = 2_000;
const MAX_PROPERTIES = 20;

/** A message small enough to fan out: the newest lines and events, long texts cut, and how many were left out. */
export function bound(message: LiveUpdate): LiveUpdate {
  switch (message.type) {
    case "logs": {
      const lines = message.lines.slice(-MAX_LINES).map(boundLine);
      const dropped = message.lines.length - lines.length + (message.dropped ?? 0);
      return { type: "logs", lines, ...(dropped === 0 ? {} : { dropped }) };
    }
    case "events": {
      const events = message.events.slice(-MAX_LINES).map(boundEvent);
      const dropped = message.events.length - events.length + (message.dropped ?? 0);
      return { type: "events", events, ...(dropped === 0 ? {} : { dropped }) };
    }
    case "figures":
    case "alerts":
    case "incident":
      return message;
  }
}

/** A line with its text cut to what a page shows. */
export function boundLine(line: LiveLogLine): LiveLogLine {
  return line.message.length <= MAX_TEXT ? line : { ...line, message: cut(line.message) };
}

/** An event with few and short properties. */
export function boundEvent(event: LiveEvent): LiveEvent {
  const entries = Object.entries(event.properties)
    .slice(0, MAX_PROPERTIES)
    .map(([k, v]) => [k, cut(v)] as const);
  return { ...event, properties: Object.fromEntries(entries) };
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

/** `old` and what came after it, newest last, at most {@link MAX_REMEMBERED}. */
export function remember<T>(old: readonly T[], fresh: readonly T[]): readonly T[] {
  return [...old, ...fresh].slice(-MAX_REMEMBERED);
}

/**
 * The entries of `stored` that are not among `known`: compared by their JSON, each as often as it occurs,
 * so that a line that was really written twice is shown twice.
 */
export function unseen<T>(stored: readonly T[], known: readonly T[]): readonly T[] {
  const counts = new Map<string, number>();
  for (const k of known) {
    const key = JSON.stringify(k);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return stored.filter((s) => {
    const key = JSON.stringify(s);
    const n = counts.get(key) ?? 0;
    if (n === 0) return true;
    counts.set(key, n - 1);
    return false;
  });
}
