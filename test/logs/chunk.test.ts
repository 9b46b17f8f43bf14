import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gzip } from "../../src/core/gzip";
import type { LogLine } from "../../src/core/logs";
import { LogChunkError, decodeLines, encodeLines, toColumns } from "../../src/logs/chunk";
import { partitionLines } from "../../src/logs/partition";
import { anyLine } from "./arbitrary";

const FIXTURE = join(import.meta.dirname, "fixtures/log-chunk-v1.hex");
const GOLDEN: readonly LogLine[] = [
  {
    timeMs: 1_795_168_800_000,
    subMsNanos: 123_456,
    level: "error",
    levelText: "ERROR",
    service: "shop",
    message: "payment declined",
    attributes: { "order.id": "4711" },
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
  },
  {
    timeMs: 1_795_168_800_250,
    subMsNanos: 0,
    level: "info",
    levelText: "",
    service: "api",
    message: "Café geöffnet ☕",
    attributes: {},
    traceId: "",
    spanId: "",
  },
];

const sorted = (lines: readonly LogLine[]): LogLine[] =>
  lines.toSorted((a, b) => a.timeMs - b.timeMs);

describe("a chunk", () => {
  it("gives back every line, whatever it holds", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyLine, { minLength: 1, maxLength: 30 }), async (lines) => {
        const ordered = sorted(lines);
        expect(await decodeLines(await encodeLines(ordered))).toEqual(ordered);
      }),
    );
  });

  it("of version 1 stays readable: the golden bytes", async () => {
    const hex = (await readFile(FIXTURE, "utf8")).replaceAll(/\s/g, "");
    expect(await decodeLines(Uint8Array.from(Buffer.from(hex, "hex")))).toEqual(GOLDEN);
  });

  it("has these columns", () => {
    expect(toColumns(GOLDEN)).toEqual({
      t0: 1_795_168_800_000,
      t: [0, 250],
      n: [123_456, 0],
      l: [3, 1],
      x: { d: ["ERROR", ""], i: [0, 1] },
      s: { d: ["shop", "api"], i: [0, 1] },
      m: ["payment declined", "Café geöffnet ☕"],
      k: [["order.id"], []],
      a: [0, 1],
      v: [["4711"], []],
      tr: { d: ["0af7651916cd43dd8448eb211c80319c", ""], i: [0, 1] },
      sp: ["b7ad6b7169203331", ""],
    });
  });

  it.each([
    ["nothing", new Uint8Array(), "not a log chunk"],
    ["other bytes", new TextEncoder().encode("PK..1234...."), "not a log chunk"],
    ["a later version", Uint8Array.from([0x56, 0x4c, 0x43, 2, 0, 0, 0, 0, 0]), "version 2"],
    [
      "a length beyond the limit",
      Uint8Array.from([0x56, 0x4c, 0x43, 1, 255, 255, 255, 255, 0]),
      "too large",
    ],
  ])("that is %s is refused by name", async (_, bytes, message) => {
    await expect(decodeLines(bytes)).rejects.toThrow(LogChunkError);
    await expect(decodeLines(bytes)).rejects.toThrow(message);
  });

  it("never unfolds to more than its header says", async () => {
    const bomb = await gzip(new Uint8Array(4_000_000));
    const bytes = Uint8Array.from([0x56, 0x4c, 0x43, 1, 16, 0, 0, 0, ...bomb]);
    await expect(decodeLines(bytes)).rejects.toThrow("more than 16 bytes");
  });
});

describe("partition", () => {
  it("keeps every line, in order, no part over an hour's end", () => {
    fc.assert(
      fc.property(fc.array(anyLine, { maxLength: 60 }), (lines) => {
        const parts = partitionLines(lines);
        expect(parts.flat()).toHaveLength(lines.length);
        expect(parts.flat().map((l) => l.timeMs)).toEqual(sorted(lines).map((l) => l.timeMs));
        for (const part of parts) {
          const hours = new Set(part.map((l) => Math.floor(l.timeMs / 3_600_000)));
          expect(hours.size).toBe(1);
        }
      }),
    );
  });

  it("cuts by size as well", () => {
    const big = { ...(GOLDEN[1] as LogLine), message: "x".repeat(60_000) };
    const parts = partitionLines(Array.from({ length: 20 }, () => big));
    expect(parts.map((p) => p.length)).toEqual([6, 6, 6, 2]);
  });
});
