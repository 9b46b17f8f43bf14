import { describe, expect, it } from "vitest";
import { RegexError, compileRegex, replaceRegex } from "../../src/core/matchers";
import { regexSize } from "../../src/core/regex-size";

describe("the size of a pattern", () => {
  it.each([
    ["abc", 3],
    ["x{1000}", 1_000],
    ["x{2,30}y", 31],
    ["x{5,}", 5],
    ["(ab){10}", 40],
    ["((ab){10}){10}", 420],
    ["[a-z\\]]{8}", 8],
    ["[]a]{3}", 3],
    ["[[:alpha:]x]{4}", 4],
    ["\\d{3}", 3],
    ["a{b}", 4],
    ["(((", 6],
  ])("%s is about %i", (pattern, size) => {
    expect(regexSize(pattern)).toBe(size);
  });

  it("refuses at once what would take seconds and 100 MB to compile", () => {
    const began = performance.now();
    for (const pattern of ["x{1000}".repeat(1_000), `(${"ab".repeat(600)}){1000}`]) {
      expect(() => compileRegex(pattern)).toThrow(RegexError);
      expect(() => replaceRegex(pattern, "", "x")).toThrow("expression too large");
    }
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it("lets long lists of names and ordinary repetitions through", () => {
    const hosts = Array.from({ length: 4_000 }, (_, i) => `host-${i}\\.example\\.com`).join("|");
    expect(compileRegex(hosts)("host-3999.example.com")).toBe(true);
    const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
    expect(compileRegex(uuid)("8d3f1c2e-0000-4000-8000-000000000000")).toBe(true);
  });
});
