import { expect, it } from "vitest";
import type { Silence } from "../../src/alerting/model";
import { holdersOf, indexSilences } from "../../src/alerting/hold-index";
import { matcherPredicate } from "../../src/alerting/routing";
import { silenceState } from "../../src/alerting/silences";
import type { MatchType } from "../../src/core/matchers";

const NOW = 1_000_000;
/** A small generator of its own, so that a failure comes again. */
let seed = 7;
const pick = <T>(list: readonly T[]): T => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return list[seed % list.length] as T;
};
const NAMES = ["a", "b", "c", "constructor", "__proto__"];
const VALUES = ["x", "y", "z", ""];

function silence(id: number): Silence {
  return {
    id: `s${id}`,
    matchers: Array.from({ length: id % 4 }, () => ({
      type: pick<MatchType>(["=", "=", "!=", "=~", "!~"]),
      name: pick(NAMES),
      value: pick(VALUES),
    })),
    startsAtMs: pick([0, 0, 0, NOW + 1]),
    endsAtMs: pick([NOW + 5, NOW + 5, NOW + 5, NOW]),
    createdBy: "",
    comment: "",
    updatedAtMs: 0,
  };
}

it("finds the silences that trying each finds", () => {
  const silences = Array.from({ length: 300 }, (_, i) => silence(i));
  const index = indexSilences(silences, NOW);
  let held = 0;
  for (let i = 0; i < 500; i++) {
    const pairs = NAMES.map((name) => [name, pick(VALUES)] as const);
    const labels = Object.fromEntries(pairs.filter(([, value]) => value !== ""));
    const tried = silences
      .filter((s) => silenceState(s, NOW) === "active" && matcherPredicate(s.matchers)(labels))
      .map((s) => s.id)
      .toSorted();
    held += tried.length;
    expect(holdersOf(index, labels)).toEqual(tried);
  }
  expect(held).toBeGreaterThan(1_000);
});
