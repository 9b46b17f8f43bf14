import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BatchBuilder, BatchFormatError, readBatch } from "../../src/core/batch";
import { CorruptBytesError } from "../../src/core/byte-reader";
import { decodeHistogram, encodeHistogram } from "../../src/core/histogram-bytes";
import { labelsOf } from "../../src/core/labels";
import { cutBatch, splitBatch } from "../../src/tsdb/batch-split";
import { decodeChunk, encodeChunk } from "../../src/tsdb/chunk";
import { decodeExemplars } from "../../src/tsdb/exemplars";
import { encodeChunks } from "../../src/tsdb/fold";
import { checkHistogram } from "../../src/tsdb/histogram-check";
import { SampleColumns, histogramAt, setHistogram } from "../../src/tsdb/sample-columns";
import { anyHistogram } from "./histogram-arbitrary";

function columnsOf(
  rows: readonly (readonly [number, number | Parameters<typeof setHistogram>[2]])[],
) {
  const columns = new SampleColumns(rows.length);
  rows.forEach(([time, value], i) => {
    columns.times[i] = time;
    if (typeof value === "number") columns.values[i] = value;
    else setHistogram(columns, i, value);
  });
  return columns;
}

describe("histograms as bytes", () => {
  it("come back as they were", () => {
    fc.assert(
      fc.property(anyHistogram, (h) => {
        expect(decodeHistogram(encodeHistogram(h))).toEqual(h);
      }),
    );
  });

  it("come back from a chunk, whatever changes from one to the next", () => {
    fc.assert(
      fc.property(fc.array(anyHistogram, { minLength: 1, maxLength: 20 }), (list) => {
        const bytes = encodeChunk(columnsOf(list.map((h, i) => [i * 15_000, h])), 0, list.length);
        const out = new SampleColumns(list.length);
        expect(decodeChunk(bytes, 0, bytes.length, out, 0)).toBe(list.length);
        expect(list.map((_, i) => histogramAt(out, i))).toEqual(list);
        expect([...out.times]).toEqual(list.map((_, i) => i * 15_000));
      }),
    );
  });

  it("stand in chunks of their own among floats", () => {
    const value = fc.oneof(anyHistogram, fc.double({ noNaN: true }));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 40 }), (list) => {
        const columns = columnsOf(list.map((v, i) => [i * 1000, v]));
        const out = new SampleColumns(list.length);
        let at = 0;
        for (const c of encodeChunks(columns, 0, list.length))
          at += decodeChunk(c.bytes, 0, c.bytes.length, out, at);
        expect(at).toBe(list.length);
        expect(list.map((_, i) => histogramAt(out, i) ?? out.values[i])).toEqual(list);
      }),
    );
  });

  it("that grow slowly take about a byte for each bucket that changes", () => {
    const steps = Array.from({ length: 120 }, (_, i) => ({
      schema: 3,
      resetHint: 0 as const,
      zeroThreshold: 1e-128,
      zeroCount: 0,
      count: 4 * i + 40,
      sum: 1.5 * i,
      positiveSpans: [{ offset: 0, length: 40 }],
      positiveBuckets: Float64Array.from({ length: 40 }, (_, b) => 1 + (b < 4 ? i : 0)),
      negativeSpans: [],
      negativeBuckets: new Float64Array(0),
      customValues: new Float64Array(0),
    }));
    const bytes = encodeChunk(columnsOf(steps.map((h, i) => [i * 15_000, h])), 0, steps.length);
    // Flags, sum, zero count and count, four buckets that change with the gap before each: 20.
    expect(bytes.length / steps.length).toBeLessThan(22);
  });

  it("never hang and never fail otherwise than by name", () => {
    fc.assert(
      fc.property(anyHistogram, fc.nat(), fc.nat(255), fc.nat(), (h, where, byte, cut) => {
        const bytes = encodeChunk(columnsOf([[1000, h]]), 0, 1).slice();
        bytes[where % bytes.length] = byte;
        const end = 1 + (cut % bytes.length);
        try {
          decodeChunk(bytes, 0, end, new SampleColumns(4), 0);
        } catch (e) {
          expect(e).toBeInstanceOf(CorruptBytesError);
        }
        try {
          decodeHistogram(bytes.subarray(0, end));
        } catch (e) {
          expect(e).toBeInstanceOf(CorruptBytesError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("exemplars as bytes", () => {
  it("are read, or refused by name", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (tail, known) => {
        const bytes = Uint8Array.of(known ? 1 : 9, ...tail);
        try {
          decodeExemplars(bytes);
          expect(known).toBe(true);
        } catch (e) {
          expect(e).toBeInstanceOf(CorruptBytesError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("what a batch carries beside floats", () => {
  const built = fc.array(
    fc.record({ pod: fc.nat(20), timeMs: fc.nat(1e9), histogram: anyHistogram }),
    { minLength: 1, maxLength: 20 },
  );

  function batchOf(
    rows: readonly { pod: number; timeMs: number; histogram: Parameters<typeof setHistogram>[2] }[],
  ) {
    const b = new BatchBuilder("id");
    for (const r of rows) {
      const ref = b.series(labelsOf({ __name__: "h", pod: `p${r.pod}` }));
      b.histogram(ref, r.timeMs, r.histogram);
      b.exemplar(ref, r.timeMs, 0.5, labelsOf({ trace_id: `t${r.timeMs}` }));
      b.created(ref, r.timeMs - 1, true);
    }
    return b.finish();
  }
  const rowsOf = (bytes: Uint8Array): string[] => {
    const view = readBatch(bytes);
    const series = (n: number): string =>
      new TextDecoder().decode(
        view.labelBytes.subarray(view.labelOffsets[n], view.labelOffsets[n + 1]),
      );
    return [
      ...view.histograms.map(
        (h) => `h ${series(h.series)} ${h.timeMs} ${JSON.stringify(h.histogram)}`,
      ),
      ...view.exemplars.map(
        (e) => `e ${series(e.series)} ${e.timeMs} ${e.value} ${[...e.labelBytes]}`,
      ),
      ...view.created.map((c) => `c ${series(c.series)} ${c.createdMs} ${c.histogram}`),
    ].sort();
  };

  it("is all there after the batch was split over shards, or cut into pieces", () => {
    fc.assert(
      fc.property(
        built,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 50, max: 2_000 }),
        (rows, shards, size) => {
          const whole = batchOf(rows);
          const split = [...splitBatch(readBatch(whole), shards).values()];
          expect(split.flatMap(rowsOf).sort()).toEqual(rowsOf(whole));
          const cut = [...cutBatch(readBatch(whole), size)];
          expect(cut.flatMap(rowsOf).sort()).toEqual(rowsOf(whole));
        },
      ),
      { numRuns: 50 },
    );
  });

  it("is refused by name where its bytes are broken", () => {
    fc.assert(
      fc.property(built, fc.nat(), fc.nat(255), (rows, where, byte) => {
        const bytes = batchOf(rows).slice();
        const extras = new DataView(bytes.buffer).getUint32(32, true);
        bytes[bytes.length - 1 - (where % extras)] = byte;
        try {
          readBatch(bytes);
        } catch (e) {
          expect(e).toBeInstanceOf(BatchFormatError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("a histogram that is refused", () => {
  const good = {
    schema: 0,
    resetHint: 0 as const,
    zeroThreshold: 0.001,
    zeroCount: 1,
    count: 6,
    sum: 10,
    positiveSpans: [{ offset: 0, length: 2 }],
    positiveBuckets: Float64Array.of(2, 3),
    negativeSpans: [],
    negativeBuckets: new Float64Array(0),
    customValues: new Float64Array(0),
  };
  const custom = {
    ...good,
    schema: -53,
    zeroCount: 0,
    zeroThreshold: 0,
    count: 5,
    customValues: Float64Array.of(1, 2),
  };

  it.each([
    [good, undefined],
    [custom, undefined],
    [{ ...good, sum: NaN, count: 8 }, undefined],
    [{ ...good, schema: 9 }, /schema 9 is not supported/],
    [{ ...good, positiveSpans: [{ offset: 0, length: 3 }] }, /name 3 buckets, but there are 2/],
    [
      {
        ...good,
        positiveSpans: [
          { offset: 0, length: 1 },
          { offset: -1, length: 1 },
        ],
      },
      /span 2 begins before/,
    ],
    [{ ...good, count: 5 }, /6 observations in buckets, but a count of 5/],
    [{ ...good, count: 8 }, /a sum that is a number/],
    [{ ...good, zeroCount: -1 }, /zero bucket's count is -1/],
    [{ ...good, positiveBuckets: Float64Array.of(2, NaN) }, /a bucket's count is NaN/],
    [{ ...good, zeroThreshold: NaN }, /zero threshold/],
    [{ ...good, customValues: Float64Array.of(1) }, /custom bounds stand beside/],
    [{ ...custom, zeroCount: 1 }, /no zero bucket/],
    [
      { ...custom, negativeSpans: [{ offset: 0, length: 1 }], negativeBuckets: Float64Array.of(1) },
      /no negative/,
    ],
    [{ ...custom, customValues: Float64Array.of(2, 1) }, /do not rise/],
    [{ ...custom, customValues: Float64Array.of(2, Infinity) }, /is no bound/],
    [{ ...custom, customValues: new Float64Array(0) }, /beyond the custom bounds/],
  ])("says why (%#)", (h, why) => {
    if (why === undefined) expect(checkHistogram(h)).toBeUndefined();
    else expect(checkHistogram(h)).toMatch(why);
  });

  it("is none of those that the property tests make", () => {
    fc.assert(
      fc.property(anyHistogram, (h) => {
        expect(checkHistogram(h)).toBeUndefined();
      }),
    );
  });
});
