import { describe, expect, it } from "vitest";
import { BatchBuilder } from "../../src/core/batch";
import { labelsOf } from "../../src/core/labels";
import { HOUR_MS } from "../../src/tsdb/manifest";
import { Shard } from "../../src/tsdb/shard";
import { SPACES, blobId } from "../../src/tsdb/storage-port";
import { MemoryStorage } from "./memory-storage";
import { readEverything } from "./scenario";

const START = 1_700_000_000_000;
const LATER = START + 6 * HOUR_MS;
const SERIES = 1_200;
const OPTIONS = { checkpointSamples: 1_000 };

function filled(): MemoryStorage {
  const storage = new MemoryStorage();
  const shard = new Shard(storage);
  for (let k = 0; k < 3; k++) {
    const b = new BatchBuilder();
    for (let n = 0; n < SERIES; n++) {
      const ref = b.series(labelsOf({ __name__: `metric_${n % 7}`, n: String(n) }));
      for (let i = 0; i < 20; i++) b.sample(ref, START + (k * 20 + i) * 1_000, Math.sin(n + i));
    }
    shard.append([b.finish()], START);
    shard.foldNow(START);
  }
  return storage;
}

const noted = (storage: MemoryStorage): boolean =>
  storage.get(blobId(SPACES.merge, 0)) !== undefined;

/** Slices until nothing is left to do. */
function settle(shard: Shard): number {
  let slices = 1;
  while (shard.maintain(LATER, 1)) slices++;
  return slices;
}

describe("a merge that a restart breaks off", () => {
  it("goes on where it noted to be, and ends in the same samples", () => {
    const expected = readEverything(new Shard(filled()));
    const whole = settle(new Shard(filled(), OPTIONS));
    for (let stop = 1; stop < whole; stop += 3) {
      const storage = filled();
      const first = new Shard(storage, OPTIONS);
      for (let i = 0; i < stop; i++) first.maintain(LATER, 1);
      const wasNoted = noted(storage);
      const second = new Shard(storage, OPTIONS);
      expect(readEverything(second)).toEqual(expected);
      const rest = settle(second);
      // The order of the series is found anew; the samples before the note are not read again.
      if (wasNoted) expect(rest).toBeLessThan(whole);
      expect(second.blocks.map((b) => [b.level, b.samples])).toEqual([[1, SERIES * 60]]);
      expect(readEverything(new Shard(storage))).toEqual(expected);
      expect(noted(storage)).toBe(false);
    }
  });

  it("is noted at all, and leaves out what was deleted meanwhile", () => {
    const storage = filled();
    const first = new Shard(storage, OPTIONS);
    while (!noted(storage)) first.maintain(LATER, 1);
    const matchers = [[{ type: "=" as const, name: "__name__", value: "metric_3" }]];
    const { samples } = first.deleteSeries(matchers, 0, LATER, LATER);
    const second = new Shard(storage, OPTIONS);
    settle(second);
    second.cleanTombstones();
    settle(second);
    expect(second.blocks.reduce((n, b) => n + b.samples, 0)).toBe(SERIES * 60 - samples);
    expect(
      Object.keys(readEverything(new Shard(storage))).some((k) => k.includes("metric_3")),
    ).toBe(false);
  });

  it("begins anew where retention took its inputs away", () => {
    const storage = filled();
    const first = new Shard(storage, OPTIONS);
    while (!noted(storage)) first.maintain(LATER, 1);
    const second = new Shard(storage, OPTIONS);
    second.retain(LATER);
    settle(second);
    expect(readEverything(second)).toEqual({});
    expect(noted(storage)).toBe(false);
    expect(second.blocks).toEqual([]);
  });
});
