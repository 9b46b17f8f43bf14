import { type Result, err, ok } from "../core/result";
import type { TimeInterval } from "./config";
import { Decoder, list } from "./config-decode";
import { Refused } from "./config-error";
import { timeInterval } from "./config-intervals";
import type { Schedule } from "./schedule";
import { NO_END_MS, nextOccurrence, occurrenceAt } from "./schedule";
import { offsetMs } from "./time-interval";
import { YamlFile } from "./yaml-fields";

/** A schedule as clients write it. */
export interface ScheduleInput {
  /** Alertmanager's time intervals; a time whose end is not after its start runs over midnight. */
  readonly intervals: readonly IntervalInput[];
  /** The first and last day, `YYYY-MM-DD`, on the clock of the first interval. */
  readonly first?: string | undefined;
  readonly last?: string | undefined;
}

export interface IntervalInput {
  readonly times?:
    | readonly { readonly start_time: string; readonly end_time: string }[]
    | undefined;
  readonly weekdays?: readonly string[] | undefined;
  readonly days_of_month?: readonly string[] | undefined;
  readonly months?: readonly string[] | undefined;
  readonly years?: readonly string[] | undefined;
  readonly location?: string | undefined;
}

export type ScheduleRefusal =
  | { readonly reason: "interval_wrong"; readonly message: string }
  /** Over midnight, a time needs days of the week: the morning after the last of a month has no name. */
  | { readonly reason: "over_midnight" }
  | { readonly reason: "last_before_first" }
  | { readonly reason: "never_occurs" };

/** Checks a schedule that begins no earlier than now; a start and an end bound it as its first and last day do. */
export function readSchedule(
  input: ScheduleInput,
  nowMs: number,
  { startsAtMs, endsAtMs }: { readonly startsAtMs?: number; readonly endsAtMs?: number } = {},
): Result<Schedule, ScheduleRefusal> {
  const intervals: TimeInterval[] = [];
  for (const interval of input.intervals) {
    const parts = splitAtMidnight(withoutEmpty(interval));
    if (parts === undefined) return err({ reason: "over_midnight" });
    const read = readIntervals([parts.days]);
    if (!read.ok) return read;
    intervals.push(...read.value);
    if (parts.mornings === undefined) continue;
    const mornings = readIntervals([parts.mornings]);
    if (!mornings.ok) return mornings;
    intervals.push(...mornings.value.map(dayLater));
  }
  const location = intervals[0]?.location ?? "UTC";
  const firstMs = input.first === undefined ? nowMs : midnightMs(location, input.first, 0);
  const lastMs = input.last === undefined ? NO_END_MS : midnightMs(location, input.last, 1);
  const fromMs = Math.max(firstMs, startsAtMs ?? nowMs);
  const untilMs = Math.min(lastMs, endsAtMs ?? NO_END_MS);
  if (untilMs <= fromMs) return err({ reason: "last_before_first" });
  const schedule: Schedule = {
    intervals,
    fromMs: Math.max(fromMs, nowMs),
    ...(untilMs === NO_END_MS ? {} : { untilMs }),
    written: input,
  };
  const occurs =
    occurrenceAt(schedule, nowMs) !== undefined || nextOccurrence(schedule, nowMs) !== undefined;
  return occurs ? ok(schedule) : err({ reason: "never_occurs" });
}

/** Time intervals in Alertmanager's own spelling and with its verdicts. */
function readIntervals(
  intervals: readonly IntervalInput[],
): Result<readonly TimeInterval[], ScheduleRefusal> {
  try {
    // JSON is YAML, so that one reader judges both.
    const file = new YamlFile(JSON.stringify(intervals));
    const read = new Decoder(file, { strict: true, fill: (text) => text }).document(
      list(timeInterval),
    );
    return ok((read ?? []).filter((i) => i !== undefined));
  } catch (e) {
    if (e instanceof Refused) return err({ reason: "interval_wrong", message: e.refusal.message });
    throw e;
  }
}

/** The wall clock's midnight of a day, `days` later, ms. */
function midnightMs(location: string, day: string, days: number): number {
  const wallMs = Date.parse(`${day}T00:00:00Z`) + days * 86_400_000;
  // The offset that holds there is not known before the moment is: the second guess is right but for a skipped hour.
  const guess = wallMs - offsetMs(location, wallMs);
  return wallMs - offsetMs(location, guess);
}

/** A form sends an empty list for what nobody chose; to Alertmanager nothing is in one. */
function withoutEmpty(i: IntervalInput): IntervalInput {
  return Object.fromEntries(
    Object.entries(i).filter(([, part]) => !Array.isArray(part) || part.length > 0),
  );
}

interface Split {
  readonly days: IntervalInput;
  /** What lies after midnight, under the days on which it began. */
  readonly mornings?: IntervalInput;
}

/** Parts an interval at midnight; undefined where the mornings cannot be named. */
function splitAtMidnight(i: IntervalInput): Split | undefined {
  const times = i.times ?? [];
  const over = times.filter(wraps);
  if (over.length === 0) return { days: i };
  if ([i.days_of_month, i.months, i.years].some((part) => (part ?? []).length > 0))
    return undefined;
  const days = { ...i, times: times.map((t) => (wraps(t) ? { ...t, end_time: "24:00" } : t)) };
  const after = over
    .filter((t) => t.end_time !== "00:00")
    .map((t) => ({ start_time: "00:00", end_time: t.end_time }));
  return after.length === 0 ? { days } : { days, mornings: { ...i, times: after } };
}

const TIME = /^\d\d:\d\d$/;

function wraps(t: { readonly start_time: string; readonly end_time: string }): boolean {
  return TIME.test(t.start_time) && TIME.test(t.end_time) && t.end_time <= t.start_time;
}

/** Friday's mornings after are Saturday's. */
function dayLater(interval: TimeInterval): TimeInterval {
  const days = [0, 1, 2, 3, 4, 5, 6].filter((d) =>
    interval.weekdays.some((r) => r.begin <= d && d <= r.end),
  );
  const weekdays = days.map((d) => ({ begin: (d + 1) % 7, end: (d + 1) % 7 }));
  return { ...interval, weekdays };
}
