import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeLabels } from "../../src/core/label-bytes";
import { labelsOf } from "../../src/core/labels";
import {
  decodeIndex,
  encodeIndex,
  encodeLabelSets,
  encodeRefs,
  pagesOf,
} from "../../src/tsdb/block-index";
import { ByteReader } from "../../src/core/byte-reader";
import { ByteWriter } from "../../src/core/byte-writer";
import { LogBuilder, cutRows, joinRows, readLogRecord } from "../../src/tsdb/log-codec";
import { type BlockMeta, decodeManifest, encodeManifest } from "../../src/tsdb/manifest";
import { type FinishedPage, PAGE_BYTES, PageWriter, readPage } from "../../src/tsdb/page";
import { Symbols, readSymbolTexts, readSymbols } from "../../src/tsdb/symbols";

describe("byte reader and writer", () => {
  it("give integers, floats and texts back", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.maxSafeNat(),
            fc.integer({ min: -(2 ** 52) + 1, max: 2 ** 52 - 1 }).map(Math.trunc),
            fc.double(),
            fc.string({ unit: "grapheme" }),
          ),
        ),
        (rows) => {
          const w = new ByteWriter(1);
          for (const [n, z, f, s] of rows) {
            w.varint(n);
            w.zigzag(z);
            w.f64(f);
            w.text(s);
          }
          const r = new ByteReader(w.finish());
          for (const [n, z, f, s] of rows)
            expect([r.varint(), r.zigzag(), r.f64(), r.text()]).toEqual([n, z === 0 ? 0 : z, f, s]);
          expect(r.done).toBe(true);
        },
      ),
    );
  });
});

describe("symbols", () => {
  it("are interned once, and read back from bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" }), { maxLength: 400 }), (texts) => {
        const symbols = new Symbols();
        const ids = texts.map((t) => symbols.internText(t));
        texts.forEach((t, i) => {
          expect(symbols.text(ids[i] as number)).toBe(t);
          expect(symbols.find(t)).toBe(ids[i]);
        });
        expect(symbols.size).toBe(new Set(texts).size);
        const w = new ByteWriter();
        symbols.write(w);
        const unique = [...new Set(texts)];
        expect(readSymbolTexts(new ByteReader(w.view()))).toEqual(unique);
        const again = readSymbols(new ByteReader(w.view()));
        expect(unique.map((t) => again.find(t))).toEqual(unique.map((_, i) => i));
      }),
    );
  });
});

describe("the log", () => {
  it("gives a record's effects back, NaN bits too, also when it is cut into rows", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.nat(1_000_000),
            fc.maxSafeInteger().map((t) => Math.trunc(t / 4) + 0),
            fc.nat(0xffffffff),
            fc.nat(0xffffffff),
          ),
          { maxLength: 50 },
        ),
        fc.array(fc.nat(1000), { maxLength: 5 }),
        (samples, refs) => {
          const log = new LogBuilder();
          const bits = Uint32Array.from(samples.flatMap(([, , lo, hi]) => [lo, hi]));
          samples.forEach(([ref, time], i) => log.sample(ref, time, bits, i));
          for (const ref of refs) {
            log.series.push({ ref, labels: encodeLabels(labelsOf({ __name__: `m${ref}` })) });
            log.accumulators.set(ref, {
              ref,
              total: ref / 3,
              emitted: 0,
              emittedMs: 5,
              incrementedMs: 7,
            });
            log.batchIds.push({ hi: ref, lo: 0xffffffff, seenMs: 1_700_000_000_000 });
            log.metadata.push({ name: `m${ref}`, type: "gauge", help: "é", unit: "" });
          }
          const [joined] = joinRows(cutRows(log.finish()));
          const back = readLogRecord(joined as Uint8Array);
          expect([...back.refs]).toEqual(samples.map(([ref]) => ref));
          expect([...back.times]).toEqual(samples.map(([, t]) => t));
          expect([...back.bits]).toEqual([...bits]);
          expect(back.series.map((s) => s.ref)).toEqual(refs);
          expect(back.series.map((s) => [...s.labels])).toEqual(
            log.series.map((s) => [...s.labels]),
          );
          expect(back.accumulators).toEqual([...log.accumulators.values()]);
          expect(back.batchIds).toEqual(log.batchIds);
          expect(back.metadata).toEqual(log.metadata);
        },
      ),
    );
  });

  it("cuts a large record at the row limit", () => {
    const record = new Uint8Array(4_500_000).map((_, i) => i % 253);
    const rows = cutRows(record);
    expect(rows.length).toBe(3);
    expect(rows.every((r) => r.length <= 2_000_000)).toBe(true);
    const [joined, ...more] = joinRows([...rows, ...cutRows(Uint8Array.of(1))]);
    expect(Buffer.from(joined as Uint8Array).equals(record)).toBe(true);
    expect(more).toEqual([Uint8Array.of(1)]);
  });
});

describe("pages", () => {
  it("give every chunk back to who asks for its series and time, within the row limit", () => {
    const chunk = fc.record({
      gap: fc.nat(10_000),
      length: fc.nat(10_000),
      count: fc.integer({ min: 1, max: 300 }),
      size: fc.integer({ min: 1, max: 3000 }),
    });
    fc.assert(
      fc.property(
        fc.array(fc.array(chunk, { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 30 }),
        fc.nat(400_000),
        fc.nat(400_000),
        (series, a, b) => {
          const pages: FinishedPage[] = [];
          const writer = new PageWriter((p) => pages.push(p));
          const all: {
            series: number;
            minMs: number;
            maxMs: number;
            count: number;
            bytes: Uint8Array;
          }[] = [];
          series.forEach((chunks, n) => {
            let t = 1_700_000_000_000;
            const entries = chunks.map((c, i) => {
              const minMs = (t += c.gap + 1);
              const maxMs = (t += c.length);
              return { minMs, maxMs, count: c.count, bytes: new Uint8Array(c.size).fill(n + i) };
            });
            writer.add(n, entries);
            all.push(...entries.map((e) => ({ series: n, ...e })));
          });
          writer.close();
          expect(pages.every((p) => p.bytes.length <= PAGE_BYTES)).toBe(true);
          const wanted = series.map((_, n) => n).filter((n) => n % 3 !== 1);
          const [after, to] = [
            1_700_000_000_000 + Math.min(a, b),
            1_700_000_000_000 + Math.max(a, b),
          ];
          const seen: unknown[] = [];
          for (const p of pages) {
            readPage(p.bytes, wanted, after, to, (s, minMs, maxMs, count, page, from, end) =>
              seen.push([
                s,
                minMs,
                maxMs,
                count,
                Buffer.from(page.subarray(from, end)).toString("hex"),
              ]),
            );
          }
          const expected = all.filter(
            (c) => c.series % 3 !== 1 && c.maxMs > after && c.minMs <= to,
          );
          expect(seen).toEqual(
            expected.map((c) => [
              c.series,
              c.minMs,
              c.maxMs,
              c.count,
              Buffer.from(c.bytes).toString("hex"),
            ]),
          );
          for (let n = 0; n < series.length; n++) {
            const span = pagesOf(pages, n);
            const holders = pages.flatMap((p, i) => {
              let has = false;
              readPage(p.bytes, [n], -Infinity, Infinity, () => (has = true));
              return has ? [i] : [];
            });
            expect(holders.every((i) => i >= span.from && i < span.to)).toBe(true);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("block indexes and the manifest", () => {
  it("read back", () => {
    const pages = [
      { firstSeries: 0, minMs: 10, maxMs: 20 },
      { firstSeries: 2, minMs: 5, maxMs: 50 },
    ];
    const refs = decodeIndex(encodeIndex(encodeRefs([7, 3, 100]), pages, undefined));
    expect(refs.pages).toEqual(pages);
    if (refs.series.kind !== "refs") throw new Error("kind");
    expect([...refs.series.refs]).toEqual([7, 3, 100]);
    expect([
      refs.series.localOf[7],
      refs.series.localOf[3],
      refs.series.localOf[100],
      refs.series.localOf[4],
    ]).toEqual([0, 1, 2, -1]);
    const symbols = new Symbols();
    const sets = [
      ["__name__", "a"],
      ["__name__", "b", "x", "1"],
    ].map((l) => Uint32Array.from(l, (t) => symbols.internText(t)));
    const labels = decodeIndex(
      encodeIndex(encodeLabelSets(symbols, sets), pages.slice(0, 1), Uint8Array.of(1, 2, 3)),
    );
    if (labels.series.kind !== "labels") throw new Error("kind");
    const { ids, starts } = labels.series;
    const textsOf = (i: number): string[] =>
      [...ids.subarray(starts[i], starts[i + 1])].map((id) =>
        (labels.series as { symbols: Symbols }).symbols.text(id),
      );
    expect([textsOf(0), textsOf(1)]).toEqual([
      ["__name__", "a"],
      ["__name__", "b", "x", "1"],
    ]);
    expect(labels.inlinePage).toEqual(Uint8Array.of(1, 2, 3));
  });

  it("keep the manifest", () => {
    const block: BlockMeta = {
      id: 4,
      level: 2,
      minMs: -5,
      maxMs: 1_700_000_000_000,
      samples: 9,
      series: 3,
      indexRows: 1,
      pageRows: 2,
      bytes: 77,
    };
    const manifest = {
      blocks: [block],
      nextBlockId: 5,
      buildingId: undefined,
      nextSeriesRow: 6,
      nextBatchIdRow: 7,
    };
    expect(decodeManifest(encodeManifest(manifest))).toEqual(manifest);
    expect(decodeManifest(encodeManifest({ ...manifest, buildingId: 5 })).buildingId).toBe(5);
    expect(() => decodeManifest(Uint8Array.of(9))).toThrow(/version 9/);
  });
});
