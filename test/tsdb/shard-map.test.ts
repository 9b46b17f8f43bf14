import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BatchBuilder } from "../../src/core/batch";
import { encodeLabels } from "../../src/core/label-bytes";
import { labelsOf } from "../../src/core/labels";
import { REPEAT_MS } from "../../src/tsdb/accumulators";
import { Shard } from "../../src/tsdb/shard";
import {
  decodeShardMap,
  encodeShardMap,
  shardOf,
  shardsToRead,
  withShards,
} from "../../src/tsdb/shard-map";
import { MemoryStorage } from "./memory-storage";

const DAY = 86_400_000;

describe("the shard map", () => {
  it("begins with the first number it hears, and changes only with another", () => {
    const first = withShards([], 1, 5_000, DAY);
    expect(first).toEqual([{ from: 0, n: 1 }]);
    expect(withShards(first, 1, 9_000, DAY)).toBe(first);
    expect(withShards(first, 4, 9_000, DAY)).toEqual([
      { from: 0, n: 1 },
      { from: 9_000, n: 4 },
    ]);
  });

  it("reads the widest epoch until retention has emptied it", () => {
    const wide = withShards(withShards([], 16, 0, DAY), 4, 10 * DAY, 3 * DAY);
    expect(shardsToRead(wide)).toBe(16);
    const later = withShards(wide, 5, 12 * DAY, 3 * DAY);
    expect(shardsToRead(later)).toBe(16);
    expect(shardsToRead(withShards(later, 4, 20 * DAY, 3 * DAY))).toBe(5);
  });

  it("reads back what it wrote", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ from: fc.nat(), n: fc.integer({ min: 1, max: 64 }) })),
        (map) => {
          expect(decodeShardMap(encodeShardMap(map))).toEqual(map);
        },
      ),
    );
  });

  it("moves only to the new shard, and about 1/n of the series", () => {
    const sets = Array.from({ length: 5_000 }, (_, i) =>
      encodeLabels(labelsOf({ __name__: "up", pod: `pod-${i}` })),
    );
    const at = (n: number): number[] => sets.map((b) => shardOf(b, 0, b.length, n));
    const before = at(7);
    const after = at(8);
    const moved = after.filter((s, i) => s !== before[i]);
    expect(moved.every((s) => s === 7)).toBe(true);
    expect(moved.length).toBeGreaterThan(5_000 / 8 / 1.25);
    expect(moved.length).toBeLessThan((5_000 / 8) * 1.25);
  });
});

describe("a counter that moved to another shard", () => {
  const START = 1_700_000_000_000;

  /** How often the counters repeat in a shard that is `number` of `of`, once a minute for ten minutes. */
  function repeats(number: number, of: number): number {
    const shard = new Shard(new MemoryStorage(), { place: { number, of } });
    const b = new BatchBuilder("first");
    for (let i = 0; i < 100; i++)
      b.increment(b.series(labelsOf({ __name__: "hits_total", pod: `p${i}` })), START, 1);
    shard.append([b.finish()], START);
    const before = shard.status().headSamples;
    for (let m = 1; m <= 10; m++) shard.tick(START + m * REPEAT_MS);
    return shard.status().headSamples - before;
  }

  it("is not repeated by the shard that had it, so that the new one's zero is the only reset", () => {
    expect(repeats(0, 1)).toBe(1_000);
    const kept = repeats(0, 4) / 10;
    expect(kept).toBeGreaterThan(10);
    expect(kept).toBeLessThan(40);
    // Every one of the hundred is still repeated by exactly one of the four.
    expect([0, 1, 2, 3].reduce((n, k) => n + repeats(k, 4), 0)).toBe(1_000);
  });

  it("asks for no wake on its behalf", () => {
    const shard = new Shard(new MemoryStorage(), { place: { number: 9, of: 4 } });
    const b = new BatchBuilder("first");
    b.increment(b.series(labelsOf({ __name__: "hits_total" })), START, 1);
    shard.append([b.finish()], START);
    expect(shard.nextTick(START)).toEqual({ waiting: undefined, repeat: undefined });
  });
});
