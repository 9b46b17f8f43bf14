import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SUSPECT_AFTER, afterFailure, drainDelayMs } from "../../src/storage/spill-drain";

describe("after a failure", () => {
  it("a batch that can never be written is put aside at once", () => {
    expect(afterFailure(new Error("D1_ERROR: UNIQUE constraint failed"), 1)).toEqual({
      step: "poison",
    });
  });
  it("an outage is waited for, however long, unless the store takes other writes", () => {
    const e = new Error("D1_ERROR: D1 DB is overloaded.");
    expect(afterFailure(e, SUSPECT_AFTER - 1)).toEqual({ step: "wait" });
    expect(afterFailure(e, SUSPECT_AFTER)).toEqual({ step: "probe" });
  });
  it("a used-up quota is waited for", () => {
    expect(afterFailure(new Error("D1_ERROR: Exceeded maximum DB size"), 100)).toEqual({
      step: "wait",
    });
  });
});

describe("the delay", () => {
  it("doubles from half a second at least to a minute at most", () => {
    expect([0, 1, 2, 5, 6, 50].map((n) => drainDelayMs(n, 0))).toEqual([
      500, 1_000, 2_000, 16_000, 30_000, 30_000,
    ]);
    fc.assert(
      fc.property(fc.nat(1_000), fc.double({ min: 0, max: 0.999, noNaN: true }), (n, random) => {
        const ms = drainDelayMs(n, random);
        return ms >= 500 && ms <= 60_000;
      }),
    );
  });
});
