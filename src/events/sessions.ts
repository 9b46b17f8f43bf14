/** A visit ends after this long without an event. */
export const SESSION_GAP_MS = 30 * 60_000;

export interface SessionMark {
  readonly timeMs: number;
  /** "" where the sender keeps no sessions. */
  readonly sessionId: string;
}

/**
 * Splits one person's events, oldest first, into visits. A new one starts after 30 min of silence, and
 * where the sender's own session id changes. Sessions are derived when they are
 * read: at ingest the next event is not known, and remembering the last one would cost a write.
 */
export function splitSessions<E extends SessionMark>(events: readonly E[]): E[][] {
  const sessions: E[][] = [];
  let last: E | undefined;
  for (const e of events) {
    if (last === undefined || startsSession(last, e)) sessions.push([e]);
    else sessions.at(-1)?.push(e);
    last = e;
  }
  return sessions;
}

function startsSession(last: SessionMark, next: SessionMark): boolean {
  return next.sessionId !== last.sessionId || next.timeMs - last.timeMs > SESSION_GAP_MS;
}
