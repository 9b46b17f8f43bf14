import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Column, FLOAT } from "../../src/promql/columns";
import { selectBest } from "../../src/promql/select-series";

const value = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom(Number.NaN, Infinity, -Infinity),
  fc.constant(undefined),
);

function columnOf(points: readonly (number | undefined)[], i: number): Column {
  return {
    labels: ["i", String(i)],
    dropName: false,
    kinds: Uint8Array.from(points, (p) => (p === undefined ? 0 : FLOAT)),
    values: Float64Array.from(points, (p) => p ?? 0),
  };
}

describe("selectBest", () => {
  it.each([
    [12, 1, 12],
    [150, 60, 150],
  ])(
    "of up to %i series keeps the k best at each step, whichever way it chooses",
    (most, kMin, kMax) => {
      const steps = 3;
      fc.assert(
        fc.property(
          fc.array(fc.array(value, { minLength: steps, maxLength: steps }), {
            minLength: 1,
            maxLength: most,
          }),
          fc.array(fc.integer({ min: kMin, max: kMax }), { minLength: steps, maxLength: steps }),
          fc.boolean(),
          (rows, ks, largest) => {
            const got = selectBest(rows.map(columnOf), Float64Array.from(ks), largest);
            for (let i = 0; i < steps; i++) {
              const order = (v: number): number => (Number.isNaN(v) ? Infinity : largest ? -v : v);
              const expected = rows
                .flatMap((r, s) => (r[i] === undefined ? [] : [{ s, v: r[i] as number }]))
                .toSorted(
                  (a, b) =>
                    (Number.isNaN(a.v) ? 1 : 0) - (Number.isNaN(b.v) ? 1 : 0) ||
                    (order(a.v) === order(b.v) ? 0 : order(a.v) - order(b.v)) ||
                    a.s - b.s,
                )
                .slice(0, ks[i])
                .map((p) => String(p.s));
              const chosen = got.filter((c) => c.kinds[i] !== 0).map((c) => c.labels[1] as string);
              expect(new Set(chosen)).toEqual(new Set(expected));
            }
          },
        ),
        { numRuns: 100 },
      );
    },
  );
});
