import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SnappyError, decodeSnappy } from "../../../src/ingest/snappy/decode";
import { encodeSnappy } from "../remote-write/encode";

const MIB = 1 << 20;

describe("decodeSnappy", () => {
  it("gives back what was compressed", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 5000 }), (digits) => {
        const src = Uint8Array.from(digits);
        expect(decodeSnappy(encodeSnappy(src), MIB)).toEqual(src);
      }),
      { numRuns: 200 },
    );
  });

  it("follows copies from far back, overlapping copies and long literals", () => {
    const src = new Uint8Array(200_000);
    for (let i = 0; i < src.length; i++)
      src[i] = i < 100_000 ? (i * 2654435761) >>> 24 : (src[i - 99_000] as number);
    src.fill(7, 150_000, 151_000);
    expect(decodeSnappy(encodeSnappy(src), MIB)).toEqual(src);
  });

  it.each([
    ["nothing", []],
    ["a length that is cut off", [0x80]],
    ["a length without end", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ["a literal that is cut off", [5, 4 << 2, 1, 2]],
    ["a literal longer than declared", [1, 4 << 2, 1, 2, 3, 4, 5]],
    ["a copy before any byte", [4, 1, 1]],
    ["a copy from before the start", [8, 3 << 2, 1, 2, 3, 4, 1, 9]],
    ["a copy of offset 0", [8, 3 << 2, 1, 2, 3, 4, 1, 0]],
    ["a copy that is cut off", [8, 3 << 2, 1, 2, 3, 4, 2, 1]],
    ["fewer bytes than declared", [9, 3 << 2, 1, 2, 3, 4]],
    ["a size that so few bytes cannot hold", [0x80, 0x80, 0x10, 0, 1]],
  ])("refuses %s", (_, bytes) => {
    expect(() => decodeSnappy(Uint8Array.from(bytes), MIB)).toThrow(SnappyError);
  });

  it("refuses a declared size over the limit before it allocates", () => {
    const bomb = Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 1]);
    try {
      decodeSnappy(bomb, MIB);
      expect.unreachable();
    } catch (e) {
      expect(e).toMatchObject({ name: "SnappyError", tooLarge: true });
    }
  });

  it("throws nothing but its own error, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          decodeSnappy(bytes, MIB);
        } catch (e) {
          expect(e).toBeInstanceOf(SnappyError);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
