import type { MinuteRange, NumberRange, TimeInterval } from "./config";

/**
 * Whether a moment lies in a time interval, as Alertmanager's ContainsTime decides it
 * (github.com/prometheus/alertmanager/timeinterval): the end of a time is excluded, negative days count
 * from the month's end, and the clock is the wall clock of `location`, so that an hour that is skipped
 * is skipped here too and one that comes twice counts twice.
 * @throws RangeError for a `location` that the runtime knows no time zone by
 */
export function intervalContains(interval: TimeInterval, ms: number): boolean {
  const wallMs = ms + offsetMs(interval.location, ms);
  return dateMatches(interval, civil(wallMs)) && timeMatches(interval.times, wallMs);
}

/**
 * The first moment after `ms` at which {@link intervalContains} gives another answer; undefined where
 * that is not within 30 years.
 */
export function nextBoundaryMs(interval: TimeInterval, ms: number): number | undefined {
  const times = mergedTimes(interval.times);
  if (times === undefined) return undefined;
  const inside = intervalContains(interval, ms);
  const horizonMs = ms + HORIZON_MS;
  let cursor = ms;
  for (;;) {
    cursor = skipDays(interval, times, cursor, inside, horizonMs);
    if (cursor >= horizonMs) return undefined;
    cursor = nextWallEdge(interval.location, times, cursor);
    if (intervalContains(interval, cursor) !== inside) return cursor;
  }
}

/** Whether one of several intervals contains the moment. */
export function anyContains(intervals: readonly TimeInterval[], ms: number): boolean {
  return intervals.some((i) => intervalContains(i, ms));
}

/**
 * The first moment after `ms` at which {@link anyContains} gives another answer; undefined where it is not
 * among the next 1,000 boundaries of the single intervals.
 */
export function nextChangeMs(intervals: readonly TimeInterval[], ms: number): number | undefined {
  const inside = anyContains(intervals, ms);
  const next = intervals.map((i) => nextBoundaryMs(i, ms) ?? Number.POSITIVE_INFINITY);
  // One of them contains every moment to come.
  if (intervals.some((i, n) => next[n] === Number.POSITIVE_INFINITY && intervalContains(i, ms)))
    return undefined;
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const at = Math.min(...next);
    if (at === Number.POSITIVE_INFINITY) return undefined;
    if (anyContains(intervals, at) !== inside) return at;
    intervals.forEach((interval, i) => {
      if (next[i] === at) next[i] = nextBoundaryMs(interval, at) ?? Number.POSITIVE_INFINITY;
    });
  }
  return undefined;
}

/** How far the zone's wall clock is ahead of UTC at a moment, ms. */
export function offsetMs(location: string, ms: number): number {
  if (location === "UTC" || location === "Etc/UTC") return 0;
  const zone = formatterOf(location);
  const minute = Math.floor(ms / MINUTE_MS);
  if (zone.minute === minute) return zone.offsetMs;
  const part: Record<string, number> = {};
  for (const p of zone.format.formatToParts(minute * MINUTE_MS)) part[p.type] = Number(p.value);
  const { year = 0, month = 1, day = 1, hour = 0, minute: min = 0, second = 0 } = part;
  zone.offsetMs = Date.UTC(year, month - 1, day, hour, min, second) - minute * MINUTE_MS;
  zone.minute = minute;
  return zone.offsetMs;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** The calendar of weekdays and 29 February repeats after 28 years. */
const HORIZON_MS = 30 * 366 * DAY_MS;
const MAX_STEPS = 1_000;
/** No wall clock is further ahead of UTC (Pacific/Kiritimati: 14 h) or behind it (12 h). */
const MAX_OFFSET_MS = 15 * 3_600_000;

interface Zone {
  readonly format: Intl.DateTimeFormat;
  /** The minute asked for last and its offset: one flush asks for the same one many times. */
  minute: number;
  offsetMs: number;
}

const zones = new Map<string, Zone>();

function formatterOf(location: string): Zone {
  const hit = zones.get(location);
  if (hit !== undefined) return hit;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: location,
    calendar: "iso8601",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const made: Zone = { format, minute: Number.NaN, offsetMs: 0 };
  zones.set(location, made);
  return made;
}

interface Civil {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly daysInMonth: number;
}

/** A wall clock's date; the wall clock is a moment that reads so in UTC. */
function civil(wallMs: number): Civil {
  const d = new Date(wallMs);
  const year = d.getUTCFullYear();
  const month = d.getUTCMonth() + 1;
  return {
    year,
    month,
    day: d.getUTCDate(),
    weekday: d.getUTCDay(),
    daysInMonth: new Date(Date.UTC(year, month, 0)).getUTCDate(),
  };
}

function dateMatches(interval: TimeInterval, date: Civil): boolean {
  return (
    within(interval.years, date.year) &&
    within(interval.months, date.month) &&
    within(interval.weekdays, date.weekday) &&
    (interval.daysOfMonth.length === 0 ||
      interval.daysOfMonth.some((range) => dayMatches(range, date)))
  );
}

function within(ranges: readonly NumberRange[], n: number): boolean {
  return ranges.length === 0 || ranges.some((r) => r.begin <= n && n <= r.end);
}

/** A range that begins after the month's end has no day in it; one that ends after it ends with it. */
function dayMatches(range: NumberRange, { day, daysInMonth }: Civil): boolean {
  const begin = range.begin < 0 ? daysInMonth + range.begin + 1 : range.begin;
  const end = range.end < 0 ? daysInMonth + range.end + 1 : range.end;
  return begin <= daysInMonth && begin <= day && day <= end;
}

function timeMatches(times: readonly MinuteRange[], wallMs: number): boolean {
  if (times.length === 0) return true;
  const minute = Math.floor(wallTimeMs(wallMs) / MINUTE_MS);
  return times.some((t) => t.startMinute <= minute && minute < t.endMinute);
}

const wallTimeMs = (wallMs: number): number => ((wallMs % DAY_MS) + DAY_MS) % DAY_MS;

/** Ranges that overlap or touch as one; none where together they are the whole day, undefined where they are no minute of it. */
function mergedTimes(times: readonly MinuteRange[]): readonly MinuteRange[] | undefined {
  if (times.length === 0) return [];
  const out: { startMinute: number; endMinute: number }[] = [];
  for (const t of [...times].sort((a, b) => a.startMinute - b.startMinute)) {
    if (t.startMinute >= t.endMinute) continue;
    const last = out.at(-1);
    if (last !== undefined && t.startMinute <= last.endMinute)
      last.endMinute = Math.max(last.endMinute, t.endMinute);
    else out.push({ ...t });
  }
  const first = out[0];
  if (first === undefined) return undefined;
  const whole = out.length === 1 && first.startMinute === 0 && first.endMinute >= 1_440;
  return whole ? [] : out;
}

/**
 * Passes over whole days on which the answer cannot change, by the calendar alone: a zone is asked for
 * its clock only near a day that matters. Gives a moment at or after `ms` with the same answer.
 */
function skipDays(
  interval: TimeInterval,
  times: readonly MinuteRange[],
  ms: number,
  inside: boolean,
  horizonMs: number,
): number {
  // Inside, the end of a time ends it within the day.
  if (inside && times.length > 0) return ms;
  const wallMs = ms + offsetMs(interval.location, ms);
  for (
    let dayMs = wallMs - wallTimeMs(wallMs);
    dayMs < horizonMs;
    dayMs = nextDay(interval, dayMs, inside)
  ) {
    if (dateMatches(interval, civil(dayMs)) !== inside) return Math.max(ms, dayMs - MAX_OFFSET_MS);
  }
  return horizonMs;
}

/** The next day that could match; years and months without one are passed over at once. */
function nextDay(interval: TimeInterval, dayMs: number, inside: boolean): number {
  const { year, month } = civil(dayMs);
  if (!inside && !within(interval.years, year)) return Date.UTC(year + 1, 0, 1);
  if (!inside && !within(interval.months, month)) return Date.UTC(year, month, 1);
  return dayMs + DAY_MS;
}

/** The first moment after `ms` at which the wall clock reads midnight or an edge of a time, or jumps. */
function nextWallEdge(location: string, times: readonly MinuteRange[], ms: number): number {
  const offset = offsetMs(location, ms);
  const wallMs = ms + offset;
  const dayMs = wallMs - wallTimeMs(wallMs);
  let edge = dayMs + DAY_MS;
  for (const t of times)
    for (const minute of [t.startMinute, t.endMinute]) {
      const at = dayMs + minute * MINUTE_MS;
      if (at > wallMs && at < edge) edge = at;
    }
  const edgeMs = edge - offset;
  return offsetMs(location, edgeMs) === offset ? edgeMs : jumpAfter(location, ms, edgeMs, offset);
}

/** Where between two moments less than two days apart the offset stops being what it was. */
function jumpAfter(location: string, fromMs: number, toMs: number, offset: number): number {
  let same = Math.floor(fromMs / MINUTE_MS);
  let other = Math.ceil(toMs / MINUTE_MS);
  while (other - same > 1) {
    const mid = Math.floor((same + other) / 2);
    if (offsetMs(location, mid * MINUTE_MS) === offset) same = mid;
    else other = mid;
  }
  return other * MINUTE_MS;
}
