import { expect, it } from "vitest";
import { compareAlerts, compareLabelSets } from "../../src/alerting/label-order";

it("puts the smaller set first, then goes by value in order of name", () => {
  const ordered = [
    {},
    { z: "1" },
    // Of equally large sets that which lacks the first name comes first.
    { b: "1" },
    { a: "2" },
    { b: "1", c: "1" },
    { a: "1", c: "1" },
    { a: "1", b: "1" },
    { a: "1", b: "2" },
    { a: "2", b: "1" },
  ];
  const shuffled = [...ordered].reverse();
  expect(shuffled.sort(compareLabelSets)).toEqual([
    {},
    { z: "1" },
    { b: "1" },
    { a: "2" },
    { b: "1", c: "1" },
    { a: "1", c: "1" },
    { a: "1", b: "1" },
    { a: "1", b: "2" },
    { a: "2", b: "1" },
  ]);
});

it("puts alerts in order of job and instance first, those without last", () => {
  const alerts = [
    { labels: { job: "a", instance: "1", more: "x" } },
    { labels: { job: "a", instance: "2" } },
    { labels: { job: "a" } },
    { labels: { job: "b", instance: "0" } },
    { labels: { instance: "0" } },
    { labels: { a: "1" } },
    { labels: { a: "1", b: "1" } },
  ];
  expect([...alerts].reverse().sort(compareAlerts)).toEqual(alerts);
});
