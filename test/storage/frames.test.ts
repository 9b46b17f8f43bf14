import fc from "fast-check";
import { expect, it } from "vitest";
import { packFrames, unpackFrames } from "../../src/storage/frames";

it("gives back header and parts, whatever they hold", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.array(fc.uint8Array()), (header, parts) => {
      const back = unpackFrames(packFrames(header, parts));
      expect(back.header).toEqual(JSON.parse(JSON.stringify(header)));
      expect(back.parts).toEqual(parts);
    }),
  );
});

it("refuses bytes that are cut off", () => {
  const bytes = packFrames({ a: 1 }, [new Uint8Array([1, 2, 3])]);
  expect(() => unpackFrames(bytes.subarray(0, bytes.length - 1))).toThrow(RangeError);
});
