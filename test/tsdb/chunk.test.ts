import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { STALE_BYTES, bitsOf } from "../../src/core/stale";
import { CorruptBytesError } from "../../src/core/byte-reader";
import { ByteWriter } from "../../src/core/byte-writer";
import {
  chunkCount,
  decodeChunk,
  encodeChunk,
  offsetsChunkBytes,
  putOffsetsChunk,
} from "../../src/tsdb/chunk";
import { SampleColumns } from "../../src/tsdb/sample-columns";

function columnsOf(times: readonly number[], bits: Uint32Array): SampleColumns {
  const columns = new SampleColumns(times.length);
  columns.times.set(times);
  columns.bits.set(bits);
  return columns;
}

function roundTrip(
  times: number[],
  bits: Uint32Array,
): { times: number[]; bits: number[]; bytes: Uint8Array } {
  const bytes = encodeChunk(columnsOf(times, bits), 0, times.length);
  // Off both ends, so that a wrong offset shows.
  const framed = new Uint8Array(bytes.length + 5).fill(255);
  framed.set(bytes, 3);
  const out = new SampleColumns(times.length + 2);
  expect(chunkCount(framed, 3, 3 + bytes.length)).toBe(times.length);
  expect(decodeChunk(framed, 3, 3 + bytes.length, out, 1)).toBe(times.length);
  return {
    times: [...out.times.subarray(1, 1 + times.length)],
    bits: [...out.bits.subarray(2, 2 + 2 * times.length)],
    bytes,
  };
}

const bitsOfNumbers = (vs: number[]): Uint32Array => bitsOf(Float64Array.from(vs));

const rising = (n: number): fc.Arbitrary<number[]> =>
  fc
    .tuple(
      fc.maxSafeInteger(),
      fc.array(fc.oneof(fc.constant(15_000), fc.integer({ min: 1, max: 2 ** 40 })), {
        minLength: n,
        maxLength: n,
      }),
    )
    .map(([start, steps]) => {
      let t = start < 0 ? start : Math.min(start, 2 ** 52);
      return steps.map((s) => (t += s));
    })
    .filter((ts) =>
      ts.every((t, i) => Number.isSafeInteger(t) && (i === 0 || t > (ts[i - 1] as number))),
    );

const anyBits = fc.oneof(
  fc.tuple(fc.nat(0xffffffff), fc.nat(0xffffffff)),
  fc.constant<[number, number]>([2, 0x7ff00000]),
  fc.double().map((d): [number, number] => {
    const b = bitsOfNumbers([d]);
    return [b[0] as number, b[1] as number];
  }),
);

describe("the chunk codec", () => {
  it("gives every bit back for any floats, NaNs and infinities included", () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 60 })
          .chain((n) => fc.tuple(rising(n), fc.array(anyBits, { minLength: n, maxLength: n }))),
        ([times, pairs]) => {
          const bits = Uint32Array.from(pairs.flat());
          const back = roundTrip(times, bits);
          expect(back.times).toEqual(times);
          expect(back.bits).toEqual([...bits]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("gives numbers back that look like integers or decimals", () => {
    const value = fc.oneof(
      fc.integer(),
      fc.maxSafeInteger(),
      fc.integer({ min: -1000, max: 1000 }).map((n) => n / 100),
      fc.integer().map((n) => n / 1_000_000),
      fc.constantFrom(
        0,
        -0,
        1e300,
        2 ** 50,
        -(2 ** 50),
        2 ** 50 + 1,
        0.1 + 0.2,
        5e-324,
        1.7976931348623157e308,
      ),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 100 }), (vs) => {
        const bits = bitsOfNumbers(vs);
        expect(
          roundTrip(
            vs.map((_, i) => i * 15_000),
            bits,
          ).bits,
        ).toEqual([...bits]);
      }),
      { numRuns: 500 },
    );
  });

  it("keeps the bits of a stale marker", () => {
    const values = new Uint8Array(24);
    values.set(new Uint8Array(Float64Array.of(1, 2).buffer));
    values.set(STALE_BYTES, 16);
    const bits = new Uint32Array(values.buffer);
    expect(roundTrip([1, 2, 3], bits).bits).toEqual([...bits]);
  });

  it("costs few bytes for what scrapes look like", () => {
    const times = Array.from({ length: 240 }, (_, i) => 1_700_000_000_000 + i * 15_000);
    let total = 0;
    const counter = times.map((_, i) => (total += 100 + ((i * 7919) % 50)));
    expect(roundTrip(times, bitsOfNumbers(counter)).bytes.length).toBeLessThan(1.3 * 240);
    expect(roundTrip(times, bitsOfNumbers(times.map(() => 1))).bytes.length).toBeLessThan(30);
    const gauge = times.map((_, i) => Math.round(1000 * Math.sin(i)) / 100);
    expect(roundTrip(times, bitsOfNumbers(gauge)).bytes.length).toBeLessThan(2.2 * 240);
  });

  it("packs uncompressed chunks that decode alike", () => {
    const w = new ByteWriter();
    const count = 200;
    const offsets = Int32Array.from({ length: count + 1 }, (_, i) => i * 7 - 50);
    const values = Float64Array.from({ length: count + 1 }, (_, i) => (i === 3 ? NaN : -i / 3));
    putOffsetsChunk(
      w,
      1000,
      new Uint8Array(offsets.buffer),
      new Uint8Array(values.buffer),
      1,
      count + 1,
    );
    expect(w.length).toBe(offsetsChunkBytes(count));
    const out = new SampleColumns(count);
    decodeChunk(w.view(), 0, w.length, out, 0);
    expect([...out.times]).toEqual([...offsets.subarray(1)].map((o) => 1000 + o));
    expect([...out.values]).toEqual([...values.subarray(1)]);
  });

  it("refuses bytes that end early or name an unknown encoding, and never reads past them", () => {
    const good = encodeChunk(columnsOf([1, 2, 3], bitsOfNumbers([1, 2.5, Math.PI])), 0, 3);
    const decode = (b: Uint8Array): number => decodeChunk(b, 0, b.length, new SampleColumns(3), 0);
    expect(decode(good)).toBe(3);
    for (let n = 0; n < good.length; n++)
      expect(() => decode(good.subarray(0, n))).toThrow(CorruptBytesError);
    expect(() => decode(Uint8Array.of(0x1f, 1, 2, 3))).toThrow(/value encoding 15/);
    expect(() => decode(Uint8Array.of(0xf0, 1, 2, 3))).toThrow(/time encoding 15/);
    expect(() =>
      decode(encodeChunk(columnsOf([1, 2, 3, 4], bitsOfNumbers([1, 2, 3, 4])), 0, 4)),
    ).toThrow(/more samples/);
  });

  it("ends in a decode or a named error for any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (b) => {
        try {
          decodeChunk(b, 0, b.length, new SampleColumns(64), 0);
        } catch (e) {
          expect(e).toBeInstanceOf(CorruptBytesError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
