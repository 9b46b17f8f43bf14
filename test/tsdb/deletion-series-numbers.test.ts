import { describe, expect, it } from "vitest";
import { BatchBuilder } from "../../src/core/batch";
import { labelsOf } from "../../src/core/labels";
import { HOUR_MS } from "../../src/tsdb/manifest";
import { DEFAULT_LIMITS } from "../../src/tsdb/rejections";
import { Shard } from "../../src/tsdb/shard";
import { MemoryStorage } from "./memory-storage";
import { readEverything } from "./scenario";

const NOW = Date.UTC(2026, 0, 20, 12, 30);
const SERIES = 1_200;

function batchOf(name: string, count: number, time: number): Uint8Array {
  const b = new BatchBuilder();
  for (let i = 0; i < count; i++)
    b.sample(b.series(labelsOf({ __name__: name, i: String(i) })), time, i);
  return b.finish();
}

const named = (value: string) => [[{ type: "=" as const, name: "__name__", value }]];

/** A shard of which one metric, of many series, was deleted while its samples still lie in a segment. */
function deleted(storage: MemoryStorage): Shard {
  const options = { limits: DEFAULT_LIMITS };
  const shard = new Shard(storage, options);
  shard.append([batchOf("gone", SERIES, NOW), batchOf("kept", 3, NOW)], NOW);
  expect(shard.deleteSeries(named("gone"), 0, NOW, NOW)).toEqual({
    series: SERIES,
    samples: SERIES,
  });
  return shard;
}

describe("the numbers of series that were deleted", () => {
  it("are given to no other series while a segment names them, so that no sample comes back under another name", () => {
    const storage = new MemoryStorage();
    const shard = deleted(storage);
    shard.append([batchOf("kept", 3, NOW + 1_000)], NOW + 1_000);
    shard.foldNow(NOW + 1_000);
    shard.append([batchOf("fresh", 10, NOW + 2_000)], NOW + 2_000);
    for (const s of [shard, new Shard(storage)]) {
      const all = readEverything(s);
      expect(Object.keys(all)).toHaveLength(13);
      expect(Object.values(all).map((list) => list.length)).toEqual([
        ...Array.from({ length: 10 }, () => 1),
        ...Array.from({ length: 3 }, () => 2),
      ]);
    }
  });

  it("are free once a merge has left the samples out, and no merge writes them without their labels", () => {
    const storage = new MemoryStorage();
    const shard = deleted(storage);
    shard.append([batchOf("kept", 3, NOW + 1_000)], NOW + 1_000);
    shard.foldNow(NOW + 1_000);
    const later = NOW + 6 * HOUR_MS;
    const woken = new Shard(storage);
    while (woken.maintain(later, 100_000));
    const all = readEverything(woken);
    expect(Object.keys(all)).toEqual([0, 1, 2].map((i) => `__name__ kept i ${i}`));
    expect(woken.blocks.reduce((n, b) => n + b.samples, 0)).toBe(6);
    woken.append([batchOf("kept", 1, later)], later);
    woken.foldNow(later);
    expect(woken.status().activeSeries).toBeLessThan(10);
  });
});
