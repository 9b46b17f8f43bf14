import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSnappy } from "../../../src/ingest/snappy/decode";
import { encodeSnappy } from "../../../src/ingest/snappy/encode";

const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const round = (bytes: Uint8Array): Uint8Array => decodeSnappy(encodeSnappy(bytes), bytes.length);

describe("encodeSnappy", () => {
  it("writes short and long literals as the format has them", () => {
    expect([...encodeSnappy(text(""))]).toEqual([0]);
    expect([...encodeSnappy(text("abc"))]).toEqual([3, 2 << 2, 97, 98, 99]);
    const bytes = Uint8Array.from({ length: 61 }, (_, i) => i);
    expect([...encodeSnappy(bytes)].slice(0, 3)).toEqual([61, 60 << 2, 60]);
  });

  it("copies what repeats", () => {
    const bytes = text("requests_total".repeat(1000));
    expect(encodeSnappy(bytes).length).toBeLessThan(bytes.length / 15);
    expect(round(bytes)).toEqual(bytes);
  });

  it("stays within its bounds where nothing repeats, over several blocks", () => {
    let seed = 7;
    const bytes = Uint8Array.from({ length: 200_001 }, () => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return seed >>> 24;
    });
    expect(encodeSnappy(bytes).length).toBeLessThan(bytes.length * 1.001 + 32);
    expect(round(bytes)).toEqual(bytes);
  });

  it("is undone by the decoder, whatever the bytes", () => {
    const runs = fc.array(
      fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 90 }), fc.integer({ min: 1, max: 70 })),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(runs, (list) => {
        const bytes = Uint8Array.from(
          list.flatMap(([part, times]) => Array.from({ length: times }, () => [...part]).flat()),
        );
        expect(round(bytes)).toEqual(bytes);
      }),
      { numRuns: 300 },
    );
  });
});
