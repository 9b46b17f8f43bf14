import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exactKernel } from "../../src/promql/exact-sums";
import { Window, avgOverTime, sumOverTime } from "../../src/promql/window-kernels";

const whole = fc.oneof(
  fc.integer({ min: -1000, max: 1000 }),
  fc.maxSafeInteger(),
  fc.constantFrom(-0, 2 ** 52, 2 ** 53, 2 ** 60),
);

describe("running sums of whole numbers", () => {
  it("give every window the compensated sum and mean to the bit, or nothing", () => {
    fc.assert(
      fc.property(fc.array(whole, { minLength: 1, maxLength: 30 }), (list) => {
        const w = new Window();
        w.values = Float64Array.from(list);
        w.timestamps = w.values.map((_, i) => i);
        for (const [func, plain] of [
          ["sum_over_time", sumOverTime],
          ["avg_over_time", avgOverTime],
        ] as const) {
          const exact = exactKernel(func, w.values);
          if (exact === undefined) continue;
          for (w.lo = 0; w.lo < list.length; w.lo++)
            for (w.hi = w.lo + 1; w.hi <= list.length; w.hi++)
              expect(Object.is(exact(w, 0, 0), plain(w, 0, 0))).toBe(true);
        }
      }),
    );
  });

  it("leave fractions, what is not finite, and sums beyond 2^53 to the compensated sum", () => {
    for (const bad of [0.5, Number.NaN, Infinity, 2 ** 53])
      expect(exactKernel("sum_over_time", Float64Array.of(1, bad))).toBeUndefined();
    expect(exactKernel("max_over_time", Float64Array.of(1, 2))).toBeUndefined();
    expect(exactKernel("sum_over_time", Float64Array.of(1, 2))).toBeDefined();
  });
});
