import type { EventStore } from "../../core/events";
import type { FigureKey } from "../../live/figures";
import type { OtherFigure } from "./evaluate";

const ACTIVE_MS = 5 * 60_000;
const MINUTE_MS = 60_000;
/** Without news the numbers change only because old events fall out. */
const IDLE_REFRESH_MS = 10_000;
/** A reading scans the events of 5 min: the more they are, the rarer it is read, so that it stays at this many rows a second. */
const ROWS_PER_SECOND = 500;
const SLOWEST_MS = 30_000;

interface Reading {
  readonly atMs: number;
  readonly activeUsers: number;
  readonly eventsPerMinute: number;
}

export interface EventFigures {
  readonly figure: OtherFigure;
  /** Events have come since the last reading. */
  stir(): void;
}

/** Figures about product events, read from their store as often as their number allows. */
export function makeEventFigures(events: EventStore): EventFigures {
  let last: Promise<Reading> | undefined;
  let lastAtMs = 0;
  let pauseMs = 0;
  let stirred = false;

  async function read(nowMs: number): Promise<Reading> {
    const [activeUsers, eventsPerMinute] = await Promise.all([
      events.activeVisitors(nowMs - ACTIVE_MS),
      events.count({ fromMs: nowMs - MINUTE_MS, toMs: nowMs + 1 }),
    ]);
    pauseMs = pauseFor((eventsPerMinute * ACTIVE_MS) / MINUTE_MS);
    return { atMs: nowMs, activeUsers, eventsPerMinute };
  }

  return {
    async figure(key: FigureKey, nowMs: number) {
      if (key !== "activeUsers" && key !== "eventsPerMinute") return null;
      const age = nowMs - lastAtMs;
      // Both figures ask in the same tick: the second one finds the first one's reading.
      if (
        last === undefined ||
        age >= IDLE_REFRESH_MS + pauseMs ||
        (stirred && age >= Math.max(1, pauseMs))
      ) {
        stirred = false;
        lastAtMs = nowMs;
        const reading = read(nowMs);
        last = reading;
        reading.catch(() => {
          if (last === reading) last = undefined;
        });
      }
      return (await last)[key];
    },
    stir() {
      stirred = true;
    },
  };
}

function pauseFor(rows: number): number {
  const wanted = (rows / ROWS_PER_SECOND) * 1_000;
  return wanted < 1_000 ? 0 : Math.min(SLOWEST_MS, wanted);
}
