import type { ShardEpoch } from "../core/metric-store";
import type { Objects } from "../core/object-stubs";
import type { MetricStoreOptions } from "./metric-store";

/** How long a map that was asked for is good. It only changes with a deployment, which begins with fresh isolates. */
const FRESH_MS = 600_000;
/** Beyond any retention: by then the shards that only an old epoch names are empty. */
const KEEP_MS = 1_100 * 86_400_000;

interface Known {
  readonly shards: number;
  readonly untilMs: number;
  readonly epochs: readonly ShardEpoch[];
}

/**
 * By project; one per isolate, so that a request asks shard 0 for the map only now and then. Holds answers and no
 * promises: what one request waits for, another may not.
 */
const KNOWN = new Map<string, Known>();

/** A project's shards for {@link makeMetricStore}: `shards` take the writes, and shard 0 keeps the epochs. */
export function shardsOf(
  objects: Objects,
  projectId: string,
  shards: number,
  now: () => number,
): MetricStoreOptions {
  return {
    shard: (n) => objects.metricShard(n),
    shards,
    async shardMap() {
      const known = KNOWN.get(projectId);
      if (known !== undefined && known.shards === shards && now() < known.untilMs)
        return known.epochs;
      const epochs = await objects.metricShard(0).shardMap(shards, KEEP_MS);
      KNOWN.set(projectId, { shards, untilMs: now() + FRESH_MS, epochs });
      return epochs;
    },
  };
}
