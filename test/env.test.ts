import { expect, it } from "vitest";
import { type Env, parseMetricLimits } from "../src/env";

// Only the two variables are read.
const limitsOf = (vars: Partial<Env>) => parseMetricLimits(vars as Env);

it("reads a shard's limits, and names the variable that is wrong", () => {
  expect(limitsOf({})).toEqual({});
  expect(limitsOf({ METRIC_MAX_SERIES: "10", METRIC_OUT_OF_ORDER_WINDOW: "1d12h" })).toEqual({
    maxSeries: 10,
    outOfOrderMs: 36 * 3_600_000,
  });
  expect(() => limitsOf({ METRIC_MAX_SERIES: "many" })).toThrow(/METRIC_MAX_SERIES/);
  expect(() => limitsOf({ METRIC_MAX_SERIES: "0" })).toThrow(/METRIC_MAX_SERIES/);
  expect(() => limitsOf({ METRIC_OUT_OF_ORDER_WINDOW: "soon" })).toThrow(
    /METRIC_OUT_OF_ORDER_WINDOW/,
  );
  expect(() => limitsOf({ METRIC_OUT_OF_ORDER_WINDOW: "21d" })).toThrow(/at most 20d/);
});
