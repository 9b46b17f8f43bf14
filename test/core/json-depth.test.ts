import { expect, it } from "vitest";
import { nestsDeeperThan } from "../../src/core/json-depth";

it.each([
  ["1", 0, false],
  ["[]", 0, true],
  ["[]", 1, false],
  ['{"a":{"b":1}}', 1, true],
  ['{"a":{"b":1}}', 2, false],
  ['[1,"x",null,[[]]]', 2, true],
  ['{"__proto__":{"a":1}}', 1, true],
])("%s nests deeper than %i levels: %s", (json, levels, deeper) => {
  expect(nestsDeeperThan(JSON.parse(json), levels)).toBe(deeper);
});

it("looks no deeper than it was told", () => {
  expect(nestsDeeperThan(JSON.parse("[".repeat(100_000) + "]".repeat(100_000)), 32)).toBe(true);
});
