import { abortAllDurableObjects, evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { BatchBuilder } from "../../src/core/batch";
import { labelsOf, labelsToRecord } from "../../src/core/labels";
import type { Matcher } from "../../src/core/matchers";
import { makeObjects } from "../../src/storage/objects";
import { makeMetricStore } from "../../src/storage/metric-store";

let projects = 0;

/** A project of its own per test: objects live as long as the file. */
function project(): {
  id: string;
  store: ReturnType<typeof makeMetricStore>;
  evict: () => Promise<void>;
  shard: ReturnType<ReturnType<typeof makeObjects>["metricShard"]>;
} {
  const id = `p${projects++}`;
  const objects = makeObjects(env, id, Date.now);
  const stub = env.METRIC_SHARD.getByName(`${id}/0`);
  return {
    id,
    store: makeMetricStore({ shard: (n) => objects.metricShard(n) }),
    evict: () => evictDurableObject(stub),
    shard: objects.metricShard(0),
  };
}

const named = (name: string): Matcher[] => [{ type: "=", name: "__name__", value: name }];

function batchOf(
  name: string,
  samples: readonly (readonly [string, number, number])[],
): Uint8Array {
  const b = new BatchBuilder();
  for (const [host, t, v] of samples) b.sample(b.series(labelsOf({ __name__: name, host })), t, v);
  return b.finish();
}

describe("a metric shard", () => {
  it("gives back what it took, also after it was evicted", async () => {
    const { store, evict } = project();
    const now = Date.now();
    const result = await store.append(
      batchOf("up", [
        ["a", now - 1000, 1],
        ["a", now, 0],
        ["b", now, 5],
      ]),
    );
    expect(result).toEqual({ accepted: 3, duplicates: 0, rejected: [] });
    for (let round = 0; round < 2; round++) {
      const [series] = await store.select([
        { matchers: named("up"), startMs: now - 10_000, endMs: now },
      ]);
      expect(
        series
          ?.map((s) => [labelsToRecord(s.labels)["host"], [...s.timestamps], [...s.values]])
          .sort(),
      ).toEqual([
        ["a", [now - 1000, now], [1, 0]],
        ["b", [now], [5]],
      ]);
      await evict();
    }
  });

  it("keeps what it acknowledged when the object is aborted", async () => {
    const { store } = project();
    const now = Date.now();
    await store.append(batchOf("up", [["a", now, 1]]));
    await abortAllDurableObjects();
    const [series] = await store.select([{ matchers: named("up"), startMs: 0, endMs: now }]);
    expect(series).toHaveLength(1);
  });

  it("leaves out the start of a range and takes in its end", async () => {
    const { store } = project();
    const now = Date.now();
    await store.append(
      batchOf("up", [
        ["a", now - 2000, 1],
        ["a", now - 1000, 2],
        ["a", now, 3],
      ]),
    );
    const [series] = await store.select([
      { matchers: named("up"), startMs: now - 2000, endMs: now - 1000 },
    ]);
    expect(series?.map((s) => [...s.values])).toEqual([[2]]);
  });

  it("says by name why a sample was refused", async () => {
    const { store } = project();
    const now = Date.now();
    await store.append(batchOf("up", [["a", now, 1]]));
    const r = await store.append(
      batchOf("up", [
        ["a", now, 2],
        ["a", now, 1],
        ["a", now - 3 * 3_600_000, 1],
        ["a", now + 3_600_000, 1],
      ]),
    );
    expect(r.accepted).toBe(0);
    expect(r.duplicates).toBe(1);
    expect(r.rejected.map((x) => [x.reason, x.count])).toEqual([
      ["duplicate_timestamp", 1],
      ["too_old", 1],
      ["too_far_in_future", 1],
    ]);
  });
});
