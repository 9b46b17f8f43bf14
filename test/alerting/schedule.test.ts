import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Schedule, nextOccurrence, occurrenceAt } from "../../src/alerting/schedule";
import { type ScheduleInput, readSchedule } from "../../src/alerting/schedule-input";
import { anyContains } from "../../src/alerting/time-interval";

const at = (text: string): number => Date.parse(text);
const show = (o: { startMs: number; endMs: number } | undefined): string[] =>
  o === undefined ? [] : [o.startMs, o.endMs].map((ms) => new Date(ms).toISOString().slice(0, 16));

function made(input: ScheduleInput, now = at("2024-01-01T00:00Z")): Schedule {
  const read = readSchedule(input, now);
  if (!read.ok) throw new Error(JSON.stringify(read.error));
  return read.value;
}

const nights: ScheduleInput = {
  intervals: [
    {
      weekdays: ["friday"],
      times: [{ start_time: "22:00", end_time: "04:00" }],
      location: "Europe/Berlin",
    },
  ],
  first: "2024-03-01",
  last: "2024-04-05",
};

describe("a night that runs over midnight", () => {
  const schedule = made(nights);

  it("is one occurrence, on the clock of its zone", () => {
    const first = ["2024-03-01T21:00", "2024-03-02T03:00"];
    expect(show(nextOccurrence(schedule, at("2024-01-01T00:00Z")))).toEqual(first);
    expect(show(occurrenceAt(schedule, at("2024-03-02T02:59Z")))).toEqual(first);
    expect(occurrenceAt(schedule, at("2024-03-02T03:00Z"))).toBeUndefined();
    expect(occurrenceAt(schedule, at("2024-03-03T01:00Z"))).toBeUndefined();
  });

  it("follows the clock change, and ends with the last day", () => {
    expect(show(nextOccurrence(schedule, at("2024-03-30T00:00Z")))).toEqual([
      "2024-04-05T20:00",
      "2024-04-05T22:00",
    ]);
    expect(nextOccurrence(schedule, at("2024-04-05T20:00Z"))).toBeUndefined();
    expect(occurrenceAt(schedule, at("2024-04-05T22:00Z"))).toBeUndefined();
  });

  it("is cut where the schedule begins in its midst", () => {
    const late = made({ intervals: nights.intervals }, at("2024-03-01T23:30Z"));
    expect(show(occurrenceAt(late, at("2024-03-02T00:00Z")))).toEqual([
      "2024-03-01T23:30",
      "2024-03-02T03:00",
    ]);
  });
});

it("finds a long occurrence's begin far in the past", () => {
  const schedule = made({ intervals: [{ months: ["february:november"] }] });
  expect(show(occurrenceAt(schedule, at("2024-11-15T12:00Z")))).toEqual([
    "2024-02-01T00:00",
    "2024-12-01T00:00",
  ]);
});

it("gives what has no end an end that can be written", () => {
  const schedule = made({ intervals: [{}] });
  expect(show(occurrenceAt(schedule, at("2024-11-15T12:00Z")))[1]).toBe("9999-12-31T00:00");
});

it.each<[string, ScheduleInput, string]>([
  ["a weekday of no week", { intervals: [{ weekdays: ["frietag"] }] }, "interval_wrong"],
  ["a zone of no map", { intervals: [{ location: "Europe/Bonn" }] }, "interval_wrong"],
  [
    "a night of a day of the month",
    { intervals: [{ days_of_month: ["1"], times: [{ start_time: "22:00", end_time: "02:00" }] }] },
    "over_midnight",
  ],
  [
    "an end before the start",
    { intervals: [{}], first: "2024-03-02", last: "2024-03-01" },
    "last_before_first",
  ],
  ["30 February", { intervals: [{ months: ["february"], days_of_month: ["30"] }] }, "never_occurs"],
  ["a year that was", { intervals: [{ years: ["2020"] }] }, "never_occurs"],
])("refuses %s", (_, input, reason) => {
  const read = readSchedule(input, at("2024-01-01T00:00Z"));
  expect(read.ok ? "taken" : read.error.reason).toBe(reason);
});

it("parts time into occurrences that agree with the intervals", () => {
  const hours = fc.integer({ min: 0, max: 23 }).map((h) => `${String(h).padStart(2, "0")}:00`);
  const input = fc.record({
    intervals: fc.array(
      fc.record({
        times: fc.array(fc.record({ start_time: hours, end_time: hours }), {
          minLength: 1,
          maxLength: 2,
        }),
        weekdays: fc.array(fc.constantFrom("sunday", "monday:wednesday", "friday", "saturday"), {
          maxLength: 2,
        }),
        location: fc.constantFrom("UTC", "Europe/Berlin", "America/New_York"),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  });
  const begin = at("2024-03-20T00:00Z");
  fc.assert(
    fc.property(input, fc.integer({ min: 0, max: 20 * 24 * 60 }), (schedule, minutes) => {
      const s = made(schedule, begin);
      const ms = begin + minutes * 60_000;
      const now = occurrenceAt(s, ms);
      expect(now !== undefined).toBe(anyContains(s.intervals, ms));
      if (now !== undefined) {
        expect(now.startMs <= ms && ms < now.endMs).toBe(true);
        expect(anyContains(s.intervals, now.startMs)).toBe(true);
        if (now.startMs > s.fromMs) expect(anyContains(s.intervals, now.startMs - 1)).toBe(false);
      }
      const next = nextOccurrence(s, ms);
      if (next === undefined) return;
      expect(next.startMs).toBeGreaterThan(ms);
      expect(anyContains(s.intervals, next.startMs - 1)).toBe(false);
      // A fresh object, so that no answer is remembered.
      expect(occurrenceAt({ ...s }, next.startMs)).toEqual(next);
    }),
    { numRuns: 300 },
  );
}, 60_000);
