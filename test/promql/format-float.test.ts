import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatValue, seconds } from "../../src/http/prometheus/json-bytes";
import { formatFloat, formatShortest } from "../../src/promql/format-float";

describe("formatFloat", () => {
  it.each([
    [0, "0"],
    [-0, "-0"],
    [1e21, "1000000000000000000000"],
    [-1.5e-7, "-0.00000015"],
    [1.7976931348623157e308, `17976931348623157${"0".repeat(292)}`],
    [Infinity, "+Inf"],
    [-Infinity, "-Inf"],
    [Number.NaN, "NaN"],
  ])("%d is %s", (v, text) => expect(formatFloat(v)).toBe(text));

  it("never writes an exponent and reads back the same", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (v) => {
        const text = formatFloat(v);
        expect(text).toMatch(/^-?\d+(\.\d+)?$/);
        expect(Object.is(Number(text), v)).toBe(true);
      }),
    );
  });
});

describe("formatShortest", () => {
  it.each([
    [1e6, "1e+06"],
    [999_999, "999999"],
    [12_345_678.9, "1.23456789e+07"],
    [0.0001, "0.0001"],
    [-0.00001, "-1e-05"],
    [2, "2"],
    [Number.NaN, "NaN"],
  ])("%d is %s", (v, text) => expect(formatShortest(v)).toBe(text));
});

describe("a value in JSON", () => {
  it.each([
    [1e-7, "1e-07"],
    [-2.5e-10, "-2.5e-10"],
    [1e21, "1e+21"],
    [123456789012345680000, "123456789012345680000"],
    [0.000001, "0.000001"],
    [-0, "-0"],
    [42, "42"],
    [Infinity, "+Inf"],
  ])("%d is %s", (v, text) => expect(formatValue(v)).toBe(text));

  it("reads back the same", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (v) => {
        expect(Object.is(Number(formatValue(v)), v)).toBe(true);
      }),
    );
  });
});

describe("a time in JSON", () => {
  it.each([
    [0, "0"],
    [1500, "1.500"],
    [1_435_781_451_781, "1435781451.781"],
    [-1, "-0.001"],
    [-2500, "-2.500"],
    [7000, "7"],
  ])("%d ms is %s", (ms, text) => expect(seconds(ms)).toBe(text));
});
