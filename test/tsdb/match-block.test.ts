import fc from "fast-check";
import { expect, it } from "vitest";
import { type Labels, labelsOf } from "../../src/core/labels";
import { type Matcher, compileMatchers } from "../../src/core/matchers";
import { decodeIndex, encodeIndex, encodeLabelSets } from "../../src/tsdb/block-index";
import type { BlockLabels } from "../../src/tsdb/block-labels";
import { matchBlock } from "../../src/tsdb/match";
import { Symbols } from "../../src/tsdb/symbols";

const NAMES = ["__name__", "a", "b", "c"];
const VALUES = ["", "x", "xy", "y", "z.z", "é"];
const value = fc.constantFrom(...VALUES);
const matcher: fc.Arbitrary<Matcher> = fc.record({
  type: fc.constantFrom("=" as const, "!=" as const, "=~" as const, "!~" as const),
  name: fc.constantFrom(...NAMES, "nobody"),
  value: fc.oneof(value, fc.constantFrom("x|y", "x.*", ".+", "", "[xy]+", "nothing")),
});

function blockOf(sets: readonly Labels[]): BlockLabels {
  const symbols = new Symbols();
  const ids = sets.map((set) => Uint32Array.from(set, (text) => symbols.internText(text)));
  const { series } = decodeIndex(encodeIndex(encodeLabelSets(symbols, ids), [], undefined));
  if (series.kind !== "labels") throw new Error("not the labels that were written");
  return series;
}

it("a block's postings find the series that a scan of all finds, and each label set its own", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record(Object.fromEntries(NAMES.map((n) => [n, value]))), { maxLength: 40 }),
      fc.array(fc.array(matcher, { maxLength: 4 }), { minLength: 1, maxLength: 5 }),
      (records, lists) => {
        const unique = new Map(records.map((r) => [labelsOf(r).join("\0"), labelsOf(r)]));
        const sets = [...unique.values()].filter((s) => s.length > 0);
        const block = blockOf(sets);
        for (const matchers of lists) {
          const accepts = compileMatchers(matchers);
          const scanned = sets.flatMap((set, i) => (accepts(set) ? [i] : []));
          expect([...matchBlock(block, matchers)]).toEqual(scanned);
        }
        sets.forEach((set, i) => expect(block.find(set)).toBe(i));
        expect(block.find(["__name__", "nobody"])).toBe(-1);
        expect(block.find(labelsOf({ a: "x", b: "y", c: "z.z", d: "x" }))).toBe(-1);
      },
    ),
    { numRuns: 300 },
  );
});
