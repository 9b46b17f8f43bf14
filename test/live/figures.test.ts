import { expect, it } from "vitest";
import { DEFAULT_FIGURES, figureOf, levelOf } from "../../src/live/figures";
import { parseFiguresConfig } from "../../src/live/figures-config";
import { parseExpr } from "../../src/promql";

it("has default expressions that parse", () => {
  for (const { key, expr } of DEFAULT_FIGURES) {
    if (expr !== undefined) expect([key, parseExpr(expr).ok]).toEqual([key, true]);
  }
});

it.each([
  [null, "unknown"],
  [0, "fine"],
  [0.01, "fine"],
  [0.011, "amber"],
  [0.05, "amber"],
  [0.051, "red"],
] as const)("colours an error rate of %s %s", (value, level) => {
  expect(levelOf(value, { amber: 0.01, red: 0.05 })).toBe(level);
});

it("has no colour without a threshold", () => {
  expect(levelOf(1e9, undefined)).toBe("fine");
});

it.each([
  [[], null],
  [[Number.NaN], null],
  [[Number.POSITIVE_INFINITY], null],
  [[0], 0],
  [[2.5, 7], 2.5],
])("reads %j as %s", (samples, figure) => {
  expect(figureOf(samples)).toBe(figure);
});

it("takes a project's own expressions and thresholds and leaves the others", () => {
  const parsed = parseFiguresConfig(
    JSON.stringify({
      requestRate: { expr: "sum(my_rate)" },
      p95Seconds: { threshold: { amber: 2, red: 3 } },
    }),
  );
  if (!parsed.ok) throw new Error(parsed.error.message);
  const by = Object.fromEntries(parsed.value.map((d) => [d.key, d]));
  expect(by["requestRate"]).toEqual({ key: "requestRate", expr: "sum(my_rate)" });
  expect(by["p95Seconds"]?.threshold).toEqual({ amber: 2, red: 3 });
  expect(by["p95Seconds"]?.expr).toBe(DEFAULT_FIGURES.find((d) => d.key === "p95Seconds")?.expr);
  expect(by["errorRate"]).toEqual(DEFAULT_FIGURES.find((d) => d.key === "errorRate"));
});

it.each([
  ["{", "/", "not valid JSON"],
  ['{"weather":{}}', "/", "weather"],
  [
    '{"errorRate":{"threshold":{"amber":2,"red":1}}}',
    "/errorRate/threshold",
    "amber must not exceed red",
  ],
])("refuses %s at %s", (body, where, message) => {
  const parsed = parseFiguresConfig(body);
  expect(parsed).toMatchObject({
    ok: false,
    error: { where, message: expect.stringContaining(message) },
  });
});
