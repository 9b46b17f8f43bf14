import fc from "fast-check";
import { expect, it } from "vitest";
import { decodeLabels, encodeLabels } from "../../src/core/label-bytes";
import { labelsFromPairs } from "../../src/core/labels";

const labels = fc
  .array(fc.tuple(fc.string({ minLength: 1, unit: "grapheme" }), fc.string({ minLength: 1 })), {
    maxLength: 6,
  })
  .map((pairs) => labelsFromPairs(pairs));

it("gives back what was encoded, ASCII or not", () => {
  fc.assert(
    fc.property(labels, (l) => {
      expect(decodeLabels(encodeLabels(l))).toEqual(l);
    }),
  );
});

it("encodes values beyond the scratch buffer, and right at its end", () => {
  for (const n of [127, 128, 16_000, 16_360, 16_368, 16_383, 16_384, 40_000]) {
    const l = ["a", "x", "b", "v".repeat(n)];
    expect(decodeLabels(encodeLabels(l))).toEqual(l);
  }
});

it("is the concatenation of its labels' bytes", () => {
  fc.assert(
    fc.property(labels, (l) => {
      const parts = Array.from({ length: l.length / 2 }, (_, i) => [
        ...encodeLabels(l.slice(2 * i, 2 * i + 2)),
      ]);
      expect([...encodeLabels(l)]).toEqual(parts.flat());
    }),
  );
});
