import { describe, expect, it } from "vitest";
import { labelHash, xxHash64 } from "../../src/promql/label-hash";

const hashOf = (text: string): string => xxHash64(new TextEncoder().encode(text)).toString(16);

describe("xxHash64", () => {
  it.each([
    ["", "ef46db3751d8e999"],
    ["a", "d24ec4f1a98c6e5b"],
    ["asdf", "415872f599cea71e"],
    // Just over 32 bytes, and 63, which leave 1, 4 and 8 byte tails.
    ["Call me Ishmael. Some years ago--never mind how long precisely-", "2a2e85470d6fd96"],
  ])("of %j", (text, hash) => {
    expect(hashOf(text)).toBe(hash);
  });
});

describe("labelHash", () => {
  it("reads each name and value behind its length in bytes", () => {
    expect(labelHash(["a", "é"])).toBe(xxHash64(Uint8Array.of(1, 97, 2, 0xc3, 0xa9)));
    const long = "x".repeat(300);
    const bytes = [1, 97, 255, 300 & 0xff, 300 >> 8, 0, ...new TextEncoder().encode(long)];
    expect(labelHash(["a", long])).toBe(xxHash64(Uint8Array.from(bytes)));
  });
});
