import { expect, it } from "vitest";
import { BatchBuilder } from "../../src/core/batch";
import { labelsOf } from "../../src/core/labels";
import { HOUR_MS } from "../../src/tsdb/manifest";
import { Shard } from "../../src/tsdb/shard";
import { MemoryStorage } from "./memory-storage";

const NOW = 1_700_000_000_000;

it("counts series by metric, label and pair, and those that began within the hour", () => {
  const storage = new MemoryStorage();
  let shard = new Shard(storage);
  const append = (names: readonly string[], pod: (i: number) => string, time: number): void => {
    const b = new BatchBuilder();
    names.forEach((name, i) =>
      b.sample(b.series(labelsOf({ __name__: name, pod: pod(i), zone: "eu" })), time, i),
    );
    shard.append([b.finish()], time);
  };
  append(["up", "up", "up", "down"], (i) => `old-${i}`, NOW - 90 * 60_000);
  shard.foldNow(NOW - 80 * 60_000);
  append(["up", "up", "down"], (i) => `old-${i === 2 ? 3 : i}`, NOW - 1_000);
  append(["up", "new"], (i) => `fresh-${i}`, NOW);
  for (const restarted of [false, true]) {
    if (restarted) shard = new Shard(storage);
    const c = shard.cardinality(2, NOW);
    expect(c).toMatchObject({ activeSeries: 6, maxSeries: 150_000 });
    expect([c.minTimeMs, c.maxTimeMs]).toEqual([NOW - 90 * 60_000, NOW]);
    expect(c.chunks).toBe(4 + 5);
    expect(c.seriesCountByMetricName).toEqual([
      { name: "up", value: 4 },
      { name: "down", value: 1 },
    ]);
    expect(c.labelValueCountByLabelName).toEqual([
      { name: "pod", value: 6 },
      { name: "__name__", value: 3 },
    ]);
    expect(c.memoryInBytesByLabelName).toEqual([
      { name: "pod", value: 4 * 5 + 2 * 7 },
      { name: "__name__", value: 4 * 2 + 4 + 3 },
    ]);
    expect(c.seriesCountByLabelValuePair).toEqual([
      { name: "zone=eu", value: 6 },
      { name: "__name__=up", value: 4 },
    ]);
    expect(c.newSeriesByMetricName).toEqual([
      { name: "new", value: 1 },
      { name: "up", value: 1 },
    ]);
  }
  expect(shard.cardinality(9, NOW + HOUR_MS + 1).newSeriesByMetricName).toEqual([]);
});
