import { expect, it } from "vitest";
import { isZeroTime, parseDateTime } from "../../../src/http/alertmanager/date-time";

it.each([
  ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z"],
  ["2026-01-02T03:04:05.6Z", "2026-01-02T03:04:05.600Z"],
  ["2026-01-02T03:04:05.678901234Z", "2026-01-02T03:04:05.678Z"],
  ["2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05.000Z"],
  ["2026-01-02T03:04:05-0130", "2026-01-02T04:34:05.000Z"],
  ["2026-01-02T03:04:05", "2026-01-02T03:04:05.000Z"],
  ["2026-01-02 03:04:05", "2026-01-02T03:04:05.000Z"],
  ["2026-01-02t03:04:05z", "2026-01-02T03:04:05.000Z"],
  ["2026-01-02", "2026-01-02T00:00:00.000Z"],
  ["", "1970-01-01T00:00:00.000Z"],
  ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
])("%j is %s", (text, iso) => {
  expect(new Date(parseDateTime(text) ?? Number.NaN).toISOString()).toBe(iso);
});

it.each([
  "now",
  "2026",
  "2026-13-01",
  "2026-01-02T25:00:00Z",
  "1700000000",
  "2026-01-02T03:04:05 UTC",
  "26-01-02T03:04:05Z",
])("%j is no time", (text) => {
  expect(parseDateTime(text)).toBeUndefined();
});

it("knows Go's zero time in each spelling", () => {
  for (const text of [
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00.000Z",
    "0001-01-01T00:00:00+00:00",
  ])
    expect(isZeroTime(parseDateTime(text) ?? 0)).toBe(true);
  expect(isZeroTime(0)).toBe(false);
});
