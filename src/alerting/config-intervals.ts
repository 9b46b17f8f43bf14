import type { Node } from "yaml";
import type { MinuteRange, NamedTimeIntervals, NumberRange, TimeInterval } from "./config";
import { type Decoder, type Kind, list, struct } from "./config-decode";
import { text } from "./config-scalars";

/** Alertmanager's `time_intervals` (https://prometheus.io/docs/alerting/latest/configuration/#time_interval). */
const timeRange: Kind<MinuteRange> = {
  go: "timeinterval.yamlTimeRange",
  read(d, node) {
    const before = d.typeErrors.length;
    const read = times.read(d, node);
    if (read === undefined || d.typeErrors.length > before) return undefined;
    const { start_time, end_time } = read;
    if ((start_time ?? "") === "" || (end_time ?? "") === "")
      return d.fail(node, "both start and end times must be provided");
    const startMinute = minutesOf(d, read, "start_time", start_time as string);
    const endMinute = minutesOf(d, read, "end_time", end_time as string);
    if (startMinute >= endMinute)
      return d.fail(node, "start time cannot be equal or greater than end time");
    return { startMinute, endMinute };
  },
};

const times = struct("timeinterval.yamlTimeRange", { start_time: text, end_time: text });

const weekdays = range(
  (name) => {
    const at = WEEKDAYS.indexOf(name);
    return at < 0 ? `${name} is not a valid weekday` : at;
  },
  ({ begin, end }) => (begin > end ? "start day cannot be before end day" : undefined),
);

const daysOfMonth = range(wholeNumber, ({ begin, end }) => {
  for (const day of [begin, end])
    if (day === 0 || day < -31 || day > 31)
      return `${day} is not a valid day of the month: out of range`;
  if (begin < 0 && end > 0) return "end day must be negative if start day is negative";
  // The shortest month has 28 days: what is in the wrong order there always is.
  const from = begin < 0 ? 28 + begin : begin;
  const to = end < 0 ? 28 + end : end;
  return from > to ? `end day ${end} is always before start day ${begin}` : undefined;
});

const months = range(
  (name) => {
    const at = MONTHS.indexOf(name);
    if (at >= 0) return at + 1;
    const n = wholeNumber(name);
    return typeof n === "number" ? n : `${name} is not a valid month`;
  },
  ({ begin, end }) =>
    begin > end
      ? `end month ${MONTHS[end - 1] ?? ""} is before start month ${MONTHS[begin - 1] ?? ""}`
      : undefined,
);

const years = range(wholeNumber, ({ begin, end }) =>
  begin > end ? `end year ${end} is before start year ${begin}` : undefined,
);

const location: Kind<string> = {
  go: "string",
  read(d, node) {
    const name = text.read(d, node);
    if (name === undefined) return undefined;
    const zone = timeZone(name);
    return zone ?? d.fail(node, `unknown time zone ${name}`);
  },
};

export const timeInterval: Kind<TimeInterval> = {
  go: "timeinterval.TimeInterval",
  read(d, node) {
    const read = interval.read(d, node);
    if (read === undefined) return undefined;
    // A list that is there and empty has no range with any moment: such an interval is left out.
    const { times: t, weekdays: w, days_of_month: m, months: o, years: y } = read;
    if ([t, w, m, o, y].some((list) => list?.length === 0)) return undefined;
    return {
      times: present(read.times),
      weekdays: present(read.weekdays),
      daysOfMonth: present(read.days_of_month),
      months: present(read.months),
      years: present(read.years),
      location: read.location ?? "UTC",
    };
  },
};

const interval = struct("timeinterval.TimeInterval", {
  times: list(timeRange, "[]timeinterval.TimeRange"),
  weekdays: list(weekdays, "[]timeinterval.WeekdayRange"),
  days_of_month: list(daysOfMonth, "[]timeinterval.DayOfMonthRange"),
  months: list(months, "[]timeinterval.MonthRange"),
  years: list(years, "[]timeinterval.YearRange"),
  location,
});

/** An entry of `time_intervals`, or with "mute time interval" of the old list. */
export function namedIntervals(what: string): Kind<NamedTimeIntervals> {
  const named = struct(
    "config.plain",
    { name: text, time_intervals: list(timeInterval) },
    (value, d) => {
      if ((value.name ?? "") === "")
        d.fail(d.at(value), `missing name in ${what}`, "field_missing");
    },
  );
  return {
    go: "config.plain",
    read(d, node) {
      const read = named.read(d, node);
      if (read === undefined) return undefined;
      const value = { name: read.name ?? "", intervals: present(read.time_intervals) };
      d.places.set(value, { node, fields: new Map() });
      return value;
    },
  };
}

/**
 * An IANA zone as the runtime knows it, undefined for what is none. Go takes "" for UTC and "Local" for the machine's
 * own, which is UTC on a Worker.
 */
export function timeZone(name: string): string | undefined {
  if (name === "" || name === "Local") return "UTC";
  // Offsets (`+01:00`) are no zones to Go, and its names come from files: case counts.
  if (!/^[A-Z][A-Za-z\d_+\-/]*$/.test(name) || ICU_ONLY.test(name)) return undefined;
  try {
    const known = new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
    const otherCase = known !== name && known.toLowerCase() === name.toLowerCase();
    return otherCase ? undefined : name;
  } catch {
    return undefined;
  }
}

/** Names that the runtime has from ICU, and the IANA database has not. */
const ICU_ONLY =
  /^(?:A[CEGRS]T|B[ES]T|C[ANST]T|CTT|EAT|ECT|I[ES]T|JST|MIT|N[ES]T|P[LNRS]T|SST|VST|SystemV\/.*|Etc\/Unknown|US\/Pacific-New|Canada\/East-Saskatchewan)$/;

function range(
  member: (name: string) => number | string,
  problem: (r: NumberRange) => string | undefined,
): Kind<NumberRange> {
  return {
    go: "string",
    read(d, node) {
      const read = text.read(d, node)?.toLowerCase();
      if (read === undefined) return undefined;
      const parts = read.split(":");
      if (parts.length > 2) return d.fail(node, `couldn't parse range ${read}, invalid format`);
      const [begin, end] = parts.map((part) => memberOf(d, node, member(part)));
      const value = { begin: begin as number, end: end ?? (begin as number) };
      const wrong = problem(value);
      return wrong === undefined ? value : d.fail(node, wrong);
    },
  };
}

function memberOf(d: Decoder, node: Node, value: number | string): number {
  return typeof value === "number" ? value : d.fail(node, value);
}

/** Go's strconv.Atoi. */
function wholeNumber(name: string): number | string {
  const match = /^([-+]?)0*(\d{1,19})$/.exec(name);
  const wrong = `strconv.Atoi: parsing ${JSON.stringify(name)}`;
  if (match === null)
    return `${wrong}: ${/^[-+]?\d+$/.test(name) ? "value out of range" : "invalid syntax"}`;
  const [, sign, digits] = match as unknown as [string, string, string]; // both groups always take part
  const most = sign === "-" ? 2n ** 63n : 2n ** 63n - 1n;
  if (BigInt(digits) > most) return `${wrong}: value out of range`;
  return Number(digits) * (sign === "-" ? -1 : 1);
}

function minutesOf(d: Decoder, at: object, field: string, value: string): number {
  const match = /^(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/.exec(value);
  if (match === null)
    return d.fail(d.at(at, field), `couldn't parse timestamp ${value}, invalid format`);
  return match[1] === undefined ? 1440 : Number(match[1]) * 60 + Number(match[2]);
}

function present<T>(values: readonly (T | undefined)[] | undefined): readonly T[] {
  return (values ?? []).filter((v) => v !== undefined);
}

const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

const MONTHS = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];
