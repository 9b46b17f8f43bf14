import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeChunk } from "../../src/tsdb/chunk";
import { SampleColumns } from "../../src/tsdb/sample-columns";
import { Shard } from "../../src/tsdb/shard";
import { readHistograms, writeHistograms } from "./histogram-scenario";
import { MemoryStorage, type StorageDump } from "./memory-storage";
import { readEverything, writeDownsampled, writeScenario } from "./scenario";

/** Written once by the version it names, never again: what is out there must read for ever. */
const fixture = (name: string): { disk: StorageDump; samples: ReturnType<typeof readEverything> } =>
  JSON.parse(readFileSync(join(import.meta.dirname, "../fixtures/tsdb", name), "utf8"));

describe("bytes of earlier versions", () => {
  it("read as what was stored, blocks, segments and log", () => {
    const { disk, samples } = fixture("shard-v1.json");
    const shard = new Shard(MemoryStorage.load(disk));
    expect(readEverything(shard)).toEqual(samples);
    const { blocks, segments, logRows } = shard.status();
    expect([blocks > 0, segments > 0, logRows > 0]).toEqual([true, true, true]);
    expect(new Set(shard.blocks.map((b) => b.level))).toEqual(new Set([0, 1, 2]));
    expect(shard.metadata(undefined, 10)).toEqual([
      { name: "requests_total", type: "counter", help: "Requests.", unit: "" },
    ]);
  });

  it("go on being appended to and merged", () => {
    const { disk, samples } = fixture("shard-v1.json");
    const shard = new Shard(MemoryStorage.load(disk));
    while (shard.maintain(Date.UTC(2026, 0, 20), 100_000));
    expect(readEverything(shard)).toEqual(samples);
    expect(shard.blocks.every((b) => b.level > 0)).toBe(true);
  });

  it("hold what the scenario says, which this version writes too", () => {
    expect(readEverything(new Shard(writeScenario()))).toEqual(fixture("shard-v1.json").samples);
  });
});

describe("a disk with downsampled days, an import and a deletion", () => {
  const { disk, samples } = fixture("downsampled-v1.json");

  it("reads as what was stored", () => {
    const shard = new Shard(MemoryStorage.load(disk));
    expect(readEverything(shard)).toEqual(samples);
    expect(shard.blocks.filter((b) => b.level === 3)).toHaveLength(3);
    expect(Object.keys(samples).some((k) => k.includes("noise"))).toBe(false);
  });

  it("is what this version writes too", () => {
    expect(readEverything(new Shard(writeDownsampled()))).toEqual(samples);
  });
});

describe("a disk with native histograms and exemplars", () => {
  const { disk, samples } = JSON.parse(
    readFileSync(join(import.meta.dirname, "../fixtures/tsdb/histograms-v1.json"), "utf8"),
  ) as { disk: StorageDump; samples: ReturnType<typeof readHistograms> };

  it("reads as what was stored", () => {
    const shard = new Shard(MemoryStorage.load(disk));
    expect(readHistograms(shard)).toEqual(samples);
    expect(new Set(shard.blocks.map((b) => b.level))).toEqual(new Set([0, 1, 2]));
    expect(shard.status().logRows).toBeGreaterThan(0);
  });

  it("is what this version writes too", () => {
    expect(readHistograms(new Shard(writeHistograms()))).toEqual(samples);
  });
});

describe("chunk bytes", () => {
  const hex = (times: number[], values: number[]): string => {
    const c = new SampleColumns(times.length);
    c.times.set(times);
    c.values.set(values);
    return Buffer.from(encodeChunk(c, 0, times.length)).toString("hex");
  };
  const t = [1000, 16_000, 31_000, 46_000];

  it("stay as they are", () => {
    expect({
      constant: hex(t, [7, 7, 7, 7]),
      counter: hex(t, [10, 20, 31, 41]),
      decimals: hex(t, [0.5, 0.25, 0.75, 1]),
      floats: hex(t, [Math.PI, Math.PI, Math.E, -Infinity]),
    }).toMatchInlineSnapshot(`
      {
        "constant": "1104d00fb0ea010002000e0003",
        "counter": "1104d00fb0ea0100020014140201",
        "decimals": "1204d00fb0ea0100020264316432",
        "floats": "1304d00fb0ea010002400921fb54442d186ccf27bc77d41e9c707f7feb7e151628aed2",
      }
    `);
  });
});
