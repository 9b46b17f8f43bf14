/** A stretch of time, ISO 8601. */
export interface Occurrence {
  readonly startsAt: string;
  readonly endsAt: string;
}

/** Alertmanager's time interval; none of a part stands for all. */
export interface Interval {
  readonly weekdays?: readonly string[];
  readonly times?: readonly { readonly start_time: string; readonly end_time: string }[];
  readonly days_of_month?: readonly string[];
  readonly months?: readonly string[];
  readonly years?: readonly string[];
  readonly location?: string;
}

export interface Schedule {
  readonly intervals: readonly Interval[];
  /** Days, `YYYY-MM-DD`. */
  readonly first?: string;
  readonly last?: string;
}

/** When something is to hold: a start and an end, or a schedule, which they bound. */
export interface Times {
  readonly startsAt?: string;
  readonly endsAt?: string;
  readonly schedule?: Schedule;
}

/** What is chosen, as the inputs have it. */
export interface When {
  /** `planned`: by the schedule that it has, which is more than these inputs can say. */
  readonly kind: "once" | "weekly" | "planned";
  readonly from: string;
  readonly to: string;
  readonly days: readonly string[];
  readonly startTime: string;
  readonly endTime: string;
  readonly zone: string;
  /** Days; empty where it has no first or last one. */
  readonly first: string;
  readonly last: string;
  /** As it was before. */
  readonly was?: Times;
}

export const DAYS = [
  "monday",
  "tuesday",
  "wednesday",
  "thursday",
  "friday",
  "saturday",
  "sunday",
] as const;

/** What has no end ends here, as Alertmanager's API wants an end of everything. */
export const ENDLESS_MS = Date.UTC(9999, 0, 1);
const HOUR_MS = 3_600_000;

/** The next hour. */
export function newWhen(nowMs: number): When {
  return {
    kind: "once",
    from: localInput(nowMs),
    to: localInput(nowMs + HOUR_MS),
    days: ["sunday"],
    startTime: "02:00",
    endTime: "04:00",
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    first: "",
    last: "",
  };
}

/** What is there, to be changed. */
export function whenAsItIs(times: Times & Occurrence, nowMs: number): When {
  const { startsAt, endsAt, schedule } = times;
  if (schedule !== undefined)
    return { ...recurring(schedule, nowMs), was: { startsAt, endsAt, schedule } };
  return {
    ...newWhen(nowMs),
    from: localInput(Date.parse(startsAt)),
    to: localInput(Date.parse(endsAt)),
    was: { startsAt, endsAt },
  };
}

/** What is over, once more from now on: for as long as it was, an hour at least. */
export function whenAgain(times: Times & Occurrence, nowMs: number): When {
  const { startsAt, endsAt } = times;
  if (times.schedule !== undefined) {
    const { intervals, last = "" } = times.schedule;
    const ahead = last >= new Date(nowMs).toISOString().slice(0, 10);
    const schedule = { intervals, ...(ahead ? { last } : {}) };
    return { ...recurring(schedule, nowMs), was: { schedule } };
  }
  const lengthMs = Math.max(Date.parse(endsAt) - Date.parse(startsAt), HOUR_MS);
  return { ...newWhen(nowMs), to: localInput(nowMs + lengthMs) };
}

/** As the API takes it; undefined where something is missing. */
export function timesOf(w: When): Times | undefined {
  if (w.kind === "once") {
    const startsAt = exact(w.from, w.was?.startsAt);
    const endsAt = exact(w.to, w.was?.endsAt);
    return startsAt === undefined || endsAt === undefined ? undefined : { startsAt, endsAt };
  }
  const intervals = w.kind === "weekly" ? weekly(w) : w.was?.schedule?.intervals;
  if (intervals === undefined) return undefined;
  const days = {
    ...(w.first === "" ? {} : { first: w.first }),
    ...(w.last === "" ? {} : { last: w.last }),
  };
  return { schedule: { intervals, ...days }, ...bounds(w) };
}

/** A start and an end beside the schedule stay, unless another first or last day takes their place. */
function bounds({ was, first, last }: When): Times {
  if (was?.schedule === undefined) return {};
  const { startsAt, endsAt, schedule } = was;
  const starts = startsAt !== undefined && first === (schedule.first ?? "");
  const ends =
    endsAt !== undefined && last === (schedule.last ?? "") && Date.parse(endsAt) < ENDLESS_MS;
  return { ...(starts ? { startsAt } : {}), ...(ends ? { endsAt } : {}) };
}

function weekly(w: When): readonly Interval[] | undefined {
  if (w.days.length === 0 || w.startTime === "" || w.endTime === "") return undefined;
  const times = [{ start_time: w.startTime, end_time: w.endTime }];
  return [{ weekdays: w.days, times, location: w.zone }];
}

/** The inputs of a schedule; `planned` where they cannot say it. */
function recurring(schedule: Schedule, nowMs: number): When {
  const { intervals, first = "", last = "" } = schedule;
  const when: When = { ...newWhen(nowMs), kind: "planned", first, last };
  const [only, ...more] = intervals;
  if (only === undefined || more.length > 0) return when;
  const { weekdays = [], times = [], location = "UTC" } = only;
  const [time = { start_time: "00:00", end_time: "24:00" }, ...others] = times;
  const days: readonly (string | undefined)[] =
    weekdays.length === 0 ? DAYS : weekdays.flatMap(daysOf);
  const dated = [only.days_of_month, only.months, only.years].some((part) => (part ?? []).length);
  if (dated || others.length > 0 || days.includes(undefined)) return when;
  return {
    ...when,
    kind: "weekly",
    days: DAYS.filter((d) => days.includes(d)),
    startTime: time.start_time,
    // An input knows no 24:00; what ends at 00:00 ends with its day as well.
    endTime: time.end_time === "24:00" ? "00:00" : time.end_time,
    zone: location,
  };
}

/** `monday`, or `monday:friday`. */
function daysOf(text: string): readonly (string | undefined)[] {
  const [first = "", last = first] = text.toLowerCase().split(":");
  const names: readonly string[] = DAYS;
  // A week begins on Sunday there.
  const week = ["sunday", ...names.slice(0, 6)];
  const [from, to] = [week.indexOf(first.trim()), week.indexOf(last.trim())];
  return from < 0 || to < from ? [undefined] : week.slice(from, to + 1);
}

/** An input has no seconds: what nobody touched keeps its own. */
function exact(input: string, was: string | undefined): string | undefined {
  if (was !== undefined && localInput(Date.parse(was)) === input) return was;
  const at = new Date(input);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}

/** As an input of type datetime-local wants it. */
function localInput(ms: number): string {
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
