import { BatchBuilder } from "../../src/core/batch";
import { labelsKey, labelsOf } from "../../src/core/labels";
import { STALE_BYTES } from "../../src/core/stale";
import { decodeSelect } from "../../src/tsdb/select-codec";
import { Shard } from "../../src/tsdb/shard";
import { concatBytes } from "../../src/tsdb/storage-port";
import { MemoryStorage } from "./memory-storage";

/** Noon of a day, UTC. */
const START = Date.UTC(2026, 0, 15, 12);
const MINUTE = 60_000;

/**
 * A shard's disk with one of everything: a cut day, a cut 2 h block, segments, a log; counters, gauges,
 * constants, odd floats, a stale marker; accumulators, batch ids, metadata, selectors. Always the same bytes.
 */
export function writeScenario(): MemoryStorage {
  const storage = new MemoryStorage();
  const shard = new Shard(storage);
  let now = START;
  for (let m = 0; m < 38 * 60; m += 10) {
    now = START + m * MINUTE;
    const b = new BatchBuilder(`batch-${m}`);
    for (let host = 0; host < 3; host++) {
      b.sample(
        b.series(labelsOf({ __name__: "requests_total", host: `h${host}` })),
        now + host,
        m * (host + 1),
      );
      b.sample(
        b.series(labelsOf({ __name__: "temperature", host: `h${host}`, room: "café ☕" })),
        now + host * 37,
        Math.round(Math.sin(m) * 1000) / 100,
      );
      b.sample(
        b.series(labelsOf({ __name__: "noise", host: `h${host}` })),
        now,
        Math.sin(m + host) * 1e-9,
      );
    }
    b.sample(
      b.series(labelsOf({ __name__: "odd" })),
      now,
      [Infinity, -Infinity, -0, 5e-324][(m / 10) % 4] as number,
    );
    b.sampleBytes(b.series(labelsOf({ __name__: "gone" })), now, STALE_BYTES, 0);
    b.increment(b.series(labelsOf({ __name__: "hits_total" })), now, 2);
    b.metadata({ name: "requests_total", type: "counter", help: "Requests.", unit: "" });
    shard.append([b.finish()], now);
    if (m % 120 === 50) shard.foldNow(now);
    while (shard.maintain(now, 100_000));
  }
  shard.registerSelectors("ns/group", 3, [
    [{ type: "=", name: "__name__", value: "requests_total" }],
  ]);
  return storage;
}

/** {@link writeScenario}'s disk 20 days later: its days downsampled, one of its metrics deleted, a sample imported. */
export function writeDownsampled(): MemoryStorage {
  const storage = writeScenario();
  const shard = new Shard(storage);
  const now = START + 20 * 24 * 60 * MINUTE;
  while (shard.maintain(now, 100_000));
  shard.retain(START - 24 * 60 * MINUTE, now - 15 * 24 * 60 * MINUTE);
  while (shard.maintain(now, 100_000));
  shard.deleteSeries([[{ type: "=", name: "__name__", value: "noise" }]], 0, now, now);
  const b = new BatchBuilder();
  b.sample(b.series(labelsOf({ __name__: "imported" })), START + 5 * 24 * 60 * MINUTE, 42.5);
  shard.importSamples(b.finish(), now);
  return storage;
}

/** Everything a shard answers over all time, with values as hexadecimal words so that every bit counts. */
export function readEverything(shard: Shard): Record<string, (readonly [number, string])[]> {
  const requests = [{ matchers: [], startMs: 0, endMs: Number.MAX_SAFE_INTEGER }];
  const [found] = decodeSelect([concatBytes(shard.select(requests, Infinity))], requests);
  const out: Record<string, (readonly [number, string])[]> = {};
  for (const s of [...(found ?? [])].sort((a, b) =>
    labelsKey(a.labels) < labelsKey(b.labels) ? -1 : 1,
  )) {
    const view = new DataView(s.values.buffer, s.values.byteOffset, s.values.byteLength);
    out[s.labels.join(" ")] = Array.from(
      s.timestamps,
      (t, i) => [t, view.getBigUint64(8 * i, true).toString(16)] as const,
    );
  }
  return out;
}
