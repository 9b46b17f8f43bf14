import type { TimeInterval } from "./config";
import type { ScheduleInput } from "./schedule-input";
import { anyContains, nextChangeMs } from "./time-interval";

/** What comes back: whenever one of the intervals holds, from `fromMs` on and before `untilMs`. */
export interface Schedule {
  readonly intervals: readonly TimeInterval[];
  readonly fromMs: number;
  /** Absent: without end. */
  readonly untilMs?: number;
  /** As its author wrote it. */
  readonly written?: ScheduleInput;
}

/** One stretch of a schedule, the end excluded. */
export interface Occurrence {
  readonly startMs: number;
  readonly endMs: number;
}

/** The end of what has none: the last day that RFC 3339 can write. */
export const NO_END_MS = Date.UTC(9999, 11, 31);

/** The occurrence that holds at a moment. */
export function occurrenceAt(schedule: Schedule, ms: number): Occurrence | undefined {
  const known = latest.get(schedule);
  if (known !== undefined && known.fromMs <= ms && ms < known.untilMs) return known.occurrence;
  const answer = answerAt(schedule, ms);
  latest.set(schedule, answer);
  return answer.occurrence;
}

/** The first occurrence that begins after a moment. */
export function nextOccurrence(schedule: Schedule, ms: number): Occurrence | undefined {
  const { intervals, fromMs } = schedule;
  let startMs: number | undefined;
  if (ms < fromMs && anyContains(intervals, fromMs)) startMs = fromMs;
  else {
    const from = Math.max(ms, fromMs);
    const change = nextChangeMs(intervals, from);
    startMs =
      change !== undefined && anyContains(intervals, from)
        ? nextChangeMs(intervals, change)
        : change;
  }
  if (startMs === undefined || startMs >= endOf(schedule)) return undefined;
  return { startMs, endMs: fallAfter(schedule, startMs) };
}

interface Answer {
  readonly occurrence: Occurrence | undefined;
  /** While it is the answer, the end excluded. */
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Schedules never change, and are asked once per alert and flush: the last answer mostly still holds. */
const latest = new WeakMap<Schedule, Answer>();

function answerAt(schedule: Schedule, ms: number): Answer {
  const inside = ms >= schedule.fromMs && ms < endOf(schedule);
  if (!inside || !anyContains(schedule.intervals, ms)) {
    const next = nextOccurrence(schedule, ms);
    return { occurrence: undefined, fromMs: ms, untilMs: next?.startMs ?? NO_END_MS };
  }
  const occurrence = { startMs: riseBefore(schedule, ms), endMs: fallAfter(schedule, ms) };
  return { occurrence, fromMs: occurrence.startMs, untilMs: occurrence.endMs };
}

const DAY_MS = 86_400_000;
/** How far back the begin of an occurrence is looked for, the near past first. */
const LOOK_BACK_DAYS = [2, 9, 40, 400, 4_000];

const endOf = (schedule: Schedule): number => schedule.untilMs ?? NO_END_MS;

function fallAfter(schedule: Schedule, ms: number): number {
  return Math.min(nextChangeMs(schedule.intervals, ms) ?? NO_END_MS, endOf(schedule));
}

function riseBefore({ intervals, fromMs }: Schedule, ms: number): number {
  for (const days of LOOK_BACK_DAYS) {
    const from = Math.max(fromMs, ms - days * DAY_MS);
    let rise = from === fromMs && anyContains(intervals, from) ? from : undefined;
    let inside = anyContains(intervals, from);
    for (let at = nextChangeMs(intervals, from); at !== undefined && at <= ms;) {
      inside = !inside;
      if (inside) rise = at;
      at = nextChangeMs(intervals, at);
    }
    if (rise !== undefined) return rise;
  }
  return fromMs;
}
