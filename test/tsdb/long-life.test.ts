import { describe, expect, it } from "vitest";
import { BatchBuilder } from "../../src/core/batch";
import { labelsOf } from "../../src/core/labels";
import { readManifest, writeManifest } from "../../src/tsdb/checkpoint";
import { HOUR_MS } from "../../src/tsdb/manifest";
import { Shard } from "../../src/tsdb/shard";
import { MemoryStorage } from "./memory-storage";
import { readEverything } from "./scenario";

const START = 1_700_000_000_000;

describe("a shard that wrote many blocks", () => {
  // A request in every group commit makes a fold every 5 s: 20,000 blocks a day.
  it.each([3_000_000, 60_000_000])("keeps them apart from block %i on", (nextBlockId) => {
    const storage = new MemoryStorage();
    writeManifest(storage, { ...readManifest(storage), nextBlockId });
    let shard = new Shard(storage);
    const written = new Map<string, number>();
    for (let block = 0; block < 3; block++) {
      const now = START + block * HOUR_MS;
      const b = new BatchBuilder();
      // Enough for several pages, in chunks that do not compress.
      for (let n = 0; n < 300; n++) {
        const labels = labelsOf({ __name__: "x", n: String(n) });
        for (let i = 0; i < 120; i++) b.sample(b.series(labels), now + i, Math.sin(n * 997 + i));
        written.set(labels.join(" "), 120 * (block + 1));
      }
      shard.append([b.finish()], now);
      shard.foldNow(now);
      shard = new Shard(storage);
    }
    const counts = (): Map<string, number> =>
      new Map(Object.entries(readEverything(shard)).map(([k, v]) => [k, v.length]));
    expect(counts()).toEqual(written);
    while (shard.maintain(START + 30 * HOUR_MS, 10_000));
    shard = new Shard(storage);
    expect(counts()).toEqual(written);
  });
});
