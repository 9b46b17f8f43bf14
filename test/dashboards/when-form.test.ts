import { describe, expect, it } from "vitest";
import {
  type Schedule,
  newWhen,
  timesOf,
  whenAgain,
  whenAsItIs,
} from "../../dashboards/app/src/when-form";

const NOW = Date.UTC(2026, 5, 10, 12, 0, 30);
const once = { startsAt: "2026-06-10T11:59:41.123Z", endsAt: "2026-06-10T13:00:07.000Z" };
/** As the API lists what recurs without end. */
const endless = { startsAt: "2026-06-01T00:00:00.000Z", endsAt: "9999-12-31T00:00:00.000Z" };

const schedule = (interval: Schedule["intervals"][number], days: Partial<Schedule> = {}) => ({
  intervals: [interval],
  ...days,
});

describe("a form of what is there", () => {
  it("keeps the seconds of times that nobody touched", () => {
    const when = whenAsItIs(once, NOW);
    expect(timesOf(when)).toEqual(once);
    const [day = ""] = when.to.split("T");
    const later = timesOf({ ...when, to: `${day}T23:30` });
    expect(later?.startsAt).toBe(once.startsAt);
    expect(later?.endsAt).toBe(new Date(`${day}T23:30`).toISOString());
    expect(timesOf({ ...when, to: "" })).toBeUndefined();
  });

  it.each<[string, Schedule, Schedule["intervals"]]>([
    [
      "days by name",
      schedule({
        weekdays: ["saturday", "Sunday"],
        times: [{ start_time: "22:00", end_time: "04:00" }],
        location: "Europe/Berlin",
      }),
      [
        {
          weekdays: ["saturday", "sunday"],
          times: [{ start_time: "22:00", end_time: "04:00" }],
          location: "Europe/Berlin",
        },
      ],
    ],
    [
      "a range of days, until midnight, in UTC",
      schedule({
        weekdays: ["sunday:tuesday"],
        times: [{ start_time: "20:00", end_time: "24:00" }],
        months: [],
      }),
      [
        {
          weekdays: ["monday", "tuesday", "sunday"],
          times: [{ start_time: "20:00", end_time: "00:00" }],
          location: "UTC",
        },
      ],
    ],
  ])("has each week in its fields: %s", (_, given, intervals) => {
    const when = whenAsItIs({ ...endless, schedule: given }, NOW);
    expect(when.kind).toBe("weekly");
    expect(timesOf(when)).toEqual({ schedule: { intervals }, startsAt: endless.startsAt });
    expect(timesOf({ ...when, days: [] })).toBeUndefined();
  });

  it.each<[string, Schedule]>([
    ["two intervals", { intervals: [{ weekdays: ["monday"] }, { weekdays: ["friday"] }] }],
    ["days of the month", schedule({ days_of_month: ["1", "-1"] })],
    [
      "two times",
      schedule({
        times: [
          { start_time: "01:00", end_time: "02:00" },
          { start_time: "03:00", end_time: "04:00" },
        ],
      }),
    ],
  ])("leaves as it is what the fields cannot say: %s", (_, given) => {
    const when = whenAsItIs({ ...endless, schedule: given }, NOW);
    expect(when.kind).toBe("planned");
    expect(timesOf(when)?.schedule).toEqual(given);
  });

  it("keeps first and last day and other bounds until another takes their place", () => {
    const bounded = { ...endless, endsAt: "2026-12-31T23:00:00.000Z" };
    const given = schedule({ weekdays: ["monday"] }, { first: "2026-01-01", last: "2026-12-31" });
    const when = whenAsItIs({ ...bounded, schedule: given }, NOW);
    expect(timesOf(when)).toMatchObject({ ...bounded, schedule: { last: "2026-12-31" } });
    const longer = timesOf({ ...when, last: "2027-06-30" });
    expect(longer).toMatchObject({ schedule: { first: "2026-01-01", last: "2027-06-30" } });
    expect(longer).not.toHaveProperty("endsAt");
  });
});

it("makes again what is over: from now on, for as long, an hour at least", () => {
  const spanMs = (times: ReturnType<typeof timesOf>): number =>
    Date.parse(times?.endsAt ?? "") - Date.parse(times?.startsAt ?? "");
  expect(spanMs(timesOf(whenAgain(once, NOW)))).toBeGreaterThanOrEqual(3_600_000);
  const long = { startsAt: "2026-06-01T00:00:00Z", endsAt: "2026-06-02T00:00:00Z" };
  const again = timesOf(whenAgain(long, NOW));
  expect(spanMs(again)).toBe(86_400_000);
  expect(Date.parse(again?.startsAt ?? "")).toBe(NOW - 30_000);
  const over = { ...endless, endsAt: "2026-06-10T11:00:00.000Z" };
  const weekly = schedule({ weekdays: ["monday"], location: "UTC" }, { first: "2026-01-01" });
  expect(timesOf(whenAgain({ ...over, schedule: weekly }, NOW))).toEqual({
    schedule: {
      intervals: [
        {
          weekdays: ["monday"],
          times: [{ start_time: "00:00", end_time: "00:00" }],
          location: "UTC",
        },
      ],
    },
  });
  const last = whenAgain({ ...over, schedule: { ...weekly, last: "2026-06-01" } }, NOW).last;
  expect([last, newWhen(NOW).kind]).toEqual(["", "once"]);
});
