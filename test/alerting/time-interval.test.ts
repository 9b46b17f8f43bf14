import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TimeInterval } from "../../src/alerting/config";
import {
  anyContains,
  intervalContains,
  nextBoundaryMs,
  nextChangeMs,
} from "../../src/alerting/time-interval";

const interval = (over: Partial<TimeInterval>): TimeInterval => ({
  times: [],
  weekdays: [],
  daysOfMonth: [],
  months: [],
  years: [],
  location: "UTC",
  ...over,
});
const hm = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
const times = (...ranges: string[]): TimeInterval["times"] =>
  ranges.map((r) => ({ startMinute: hm(r.slice(0, 5)), endMinute: hm(r.slice(6)) }));
const range = (begin: number, end = begin) => ({ begin, end });
const iso = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString().replace(":00.000Z", "Z");

/** The same question answered by the letter, from what the runtime prints for the zone. */
function oracle(i: TimeInterval, ms: number): boolean {
  const printed = new Map(
    oracleFormat(i.location)
      .formatToParts(ms)
      .map((p) => [p.type, p.value]),
  );
  const [year, month, day, hour, minute] = ["year", "month", "day", "hour", "minute"].map((n) =>
    Number(printed.get(n as Intl.DateTimeFormatPartTypes)),
  ) as [number, number, number, number, number];
  const weekday = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"].indexOf(
    printed.get("weekday") ?? "",
  );
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const length = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] as number;
  const has = (ranges: readonly { begin: number; end: number }[], n: number): boolean =>
    ranges.length === 0 || ranges.some((r) => n >= r.begin && n <= r.end);
  const fromEnd = (n: number): number => (n < 0 ? length + 1 + n : n);
  return (
    has(i.years, year) &&
    has(i.months, month) &&
    has(i.weekdays, weekday) &&
    (i.daysOfMonth.length === 0 ||
      i.daysOfMonth.some((r) => {
        for (let d = Math.max(1, fromEnd(r.begin)); d <= Math.min(length, fromEnd(r.end)); d++)
          if (d === day) return true;
        return false;
      })) &&
    (i.times.length === 0 ||
      i.times.some((t) => hour * 60 + minute >= t.startMinute && hour * 60 + minute < t.endMinute))
  );
}

const formats = new Map<string, Intl.DateTimeFormat>();
function oracleFormat(zone: string): Intl.DateTimeFormat {
  const made =
    formats.get(zone) ??
    new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      weekday: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      hourCycle: "h23",
    });
  formats.set(zone, made);
  return made;
}

const MINUTE = 60_000;
const DAYS = 8;

const rangeOf = (min: number, max: number) =>
  fc
    .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
    .map(([a, b]) => ({ begin: Math.min(a, b), end: Math.max(a, b) }));
const few = <T>(one: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 2, arbitrary: fc.constant<T[]>([]) }, fc.array(one, { maxLength: 3 }));
const intervals = fc.record({
  times: few(rangeOf(0, 1_440).map((r) => ({ startMinute: r.begin, endMinute: r.end }))),
  weekdays: few(rangeOf(0, 6)),
  daysOfMonth: few(fc.oneof(rangeOf(1, 31), rangeOf(-31, -1), fc.constant(range(28, -1)))),
  months: few(rangeOf(1, 12)),
  years: few(rangeOf(2023, 2027)),
  location: fc.constantFrom(
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
  ),
});
/** Near a clock change half of the time. */
const moments = fc.oneof(
  fc.integer({ min: Date.UTC(2023, 0, 1), max: Date.UTC(2027, 0, 1) }),
  fc
    .tuple(
      fc.constantFrom(
        "2024-03-31",
        "2024-10-27",
        "2025-03-09",
        "2025-11-02",
        "2024-04-07",
        "2024-10-06",
      ),
      fc.integer({ min: -2 * 86_400_000, max: 86_400_000 }),
    )
    .map(([day, ms]) => Date.parse(day) + ms),
);

describe("containment and boundaries against the letter", () => {
  it("contains what the runtime's own calendar says", () => {
    fc.assert(
      fc.property(intervals, moments, (i, ms) => {
        expect(intervalContains(i, ms)).toBe(oracle(i, ms));
      }),
      { numRuns: 3_000 },
    );
  });

  it("finds the boundary that a walk by minutes finds", () => {
    fc.assert(
      fc.property(intervals, moments, (i, ms) => {
        const inside = oracle(i, ms);
        const first = Math.floor(ms / MINUTE) + 1;
        let walked: number | undefined;
        for (let m = first; m < first + DAYS * 1_440; m++)
          if (oracle(i, m * MINUTE) !== inside) {
            walked = m * MINUTE;
            break;
          }
        const found = nextBoundaryMs(i, ms);
        if (walked !== undefined) expect(iso(found)).toBe(iso(walked));
        else if (found !== undefined)
          expect(found).toBeGreaterThanOrEqual((first + DAYS * 1_440) * MINUTE);
      }),
      { numRuns: 120 },
    );
  }, 120_000);

  it("finds far boundaries that hold on both sides", () => {
    fc.assert(
      fc.property(intervals, moments, (i, ms) => {
        const found = nextBoundaryMs(i, ms);
        if (found === undefined) return;
        expect(found).toBeGreaterThan(ms);
        expect(oracle(i, found - 1)).toBe(oracle(i, ms));
        expect(oracle(i, found)).not.toBe(oracle(i, ms));
      }),
      { numRuns: 600 },
    );
  }, 60_000);

  it("joins intervals as a walk by boundaries of each does", () => {
    fc.assert(
      fc.property(fc.array(intervals, { minLength: 1, maxLength: 3 }), moments, (list, ms) => {
        const found = nextChangeMs(list, ms);
        if (found === undefined) return;
        const inside = list.some((i) => oracle(i, ms));
        expect(anyContains(list, ms)).toBe(inside);
        expect(list.some((i) => oracle(i, found - 1))).toBe(inside);
        expect(list.some((i) => oracle(i, found))).toBe(!inside);
      }),
      { numRuns: 300 },
    );
  }, 60_000);
});

it.each([
  // Berlin, 2024-03-31: 02:00 becomes 03:00 at 01:00Z; a night window from 02:30 begins with the jump.
  ["Europe/Berlin", "02:30-04:00", "2024-03-30T23:00Z", ["2024-03-31T01:00Z", "2024-03-31T02:00Z"]],
  // The window that lies wholly in the hour that is skipped does not happen that day.
  ["Europe/Berlin", "02:15-02:45", "2024-03-30T23:00Z", ["2024-04-01T00:15Z", "2024-04-01T00:45Z"]],
  // 2024-10-27: 03:00 becomes 02:00 at 01:00Z; what lies in the doubled hour happens twice.
  [
    "Europe/Berlin",
    "02:15-02:45",
    "2024-10-26T22:00Z",
    ["2024-10-27T00:15Z", "2024-10-27T00:45Z", "2024-10-27T01:15Z", "2024-10-27T01:45Z"],
  ],
  // New York, 2025-11-02: 02:00 becomes 01:00 at 06:00Z.
  [
    "America/New_York",
    "01:30-03:00",
    "2025-11-02T04:00Z",
    ["2025-11-02T05:30Z", "2025-11-02T06:00Z", "2025-11-02T06:30Z", "2025-11-02T08:00Z"],
  ],
  ["America/New_York", "02:00-03:00", "2025-03-09T05:00Z", ["2025-03-10T06:00Z"]],
  // Lord Howe moves by half an hour: 2024-04-07 02:00 becomes 01:30 at 2024-04-06T15:00Z.
  [
    "Australia/Lord_Howe",
    "01:45-02:15",
    "2024-04-06T14:00Z",
    ["2024-04-06T14:45Z", "2024-04-06T15:00Z", "2024-04-06T15:15Z", "2024-04-06T15:45Z"],
  ],
  // And back: 2024-10-06 02:00 becomes 02:30 at 2024-10-05T15:30Z.
  [
    "Australia/Lord_Howe",
    "02:15-03:00",
    "2024-10-05T14:00Z",
    ["2024-10-05T15:30Z", "2024-10-05T16:00Z"],
  ],
])("changes clocks as %s does, %s from %s", (location, time, from, boundaries) => {
  const i = interval({ times: times(time), location });
  let at = Date.parse(from.replace("Z", ":00Z"));
  const found = boundaries.map(() => {
    at = nextBoundaryMs(i, at) as number;
    return iso(at);
  });
  expect(found).toEqual(boundaries);
});

it.each<[string, Partial<TimeInterval>, string, boolean]>([
  ["a time's start is in it", { times: times("09:00-17:00") }, "2024-05-06T09:00Z", true],
  ["a time's end is not", { times: times("09:00-17:00") }, "2024-05-06T17:00Z", false],
  ["24:00 is the day's end", { times: times("17:00-24:00") }, "2024-05-06T23:59Z", true],
  ["midnight is the next day", { times: times("17:00-24:00") }, "2024-05-07T00:00Z", false],
  ["Sunday is 0", { weekdays: [range(0)] }, "2024-05-05T12:00Z", true],
  ["both ends of weekdays", { weekdays: [range(1, 5)] }, "2024-05-10T12:00Z", true],
  ["-1 in February of a leap year", { daysOfMonth: [range(-1)] }, "2024-02-29T12:00Z", true],
  ["-1 in February", { daysOfMonth: [range(-1)] }, "2023-02-28T12:00Z", true],
  ["day 31 in a month of 30", { daysOfMonth: [range(31)] }, "2024-04-30T12:00Z", false],
  ["29:-1 in February", { daysOfMonth: [range(29, -1)] }, "2023-02-28T12:00Z", false],
  ["25:-1", { daysOfMonth: [range(25, -1)] }, "2023-02-25T00:00Z", true],
  ["-31:1 where the month is shorter", { daysOfMonth: [range(-31, 1)] }, "2023-02-01T00:00Z", true],
  ["a year", { years: [range(2020, 2023)] }, "2024-01-01T00:00Z", false],
  [
    "the zone decides the day",
    { weekdays: [range(1)], location: "Asia/Tokyo" },
    "2024-05-05T15:00Z",
    true,
  ],
  ["everything", {}, "2024-05-05T15:00Z", true],
])("knows that %s", (_, over, at, expected) => {
  expect(intervalContains(interval(over), Date.parse(at.replace("Z", ":00Z")))).toBe(expected);
});

it("says that there is no boundary, quickly", () => {
  const now = Date.UTC(2024, 0, 1);
  const began = performance.now();
  for (const over of [
    {},
    { times: times("00:00-12:00", "12:00-24:00") },
    { times: times("05:00-05:00") },
    { years: [range(1999)], location: "Europe/Berlin" },
    { months: [range(2)], daysOfMonth: [range(30)], location: "Europe/Berlin" },
  ])
    expect(nextBoundaryMs(interval(over), now)).toBeUndefined();
  expect(performance.now() - began).toBeLessThan(5_000);
  expect(iso(nextBoundaryMs(interval({ years: [range(2030)] }), now))).toBe("2030-01-01T00:00Z");
});
