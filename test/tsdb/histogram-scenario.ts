import { BatchBuilder } from "../../src/core/batch";
import { encodeHistogram } from "../../src/core/histogram-bytes";
import type { Histogram } from "../../src/core/histogram";
import { labelsKey, labelsOf } from "../../src/core/labels";
import { decodeSelect } from "../../src/tsdb/select-codec";
import { Shard } from "../../src/tsdb/shard";
import { concatBytes } from "../../src/tsdb/storage-port";
import { MemoryStorage } from "./memory-storage";

const START = Date.UTC(2026, 0, 15, 12);

/** A shard's disk with histograms in a day, a 2 h block, segments and the log, floats among them, and exemplars. */
export function writeHistograms(): MemoryStorage {
  const storage = new MemoryStorage();
  const shard = new Shard(storage);
  for (let m = 0; m < 38 * 60; m += 10) {
    const now = START + m * 60_000;
    const b = new BatchBuilder();
    const ref = b.series(labelsOf({ __name__: "latency_seconds", pod: "a" }));
    if (m % 70 === 0) b.sample(ref, now, m);
    else b.histogram(ref, now, exponential(m));
    b.histogram(b.series(labelsOf({ __name__: "size_bytes" })), now, custom(m));
    b.exemplar(ref, now, m, labelsOf({ trace_id: `t${m}` }));
    shard.append([b.finish()], now);
    if (m % 300 === 0 || m === 37 * 60) {
      shard.foldNow(now);
      while (shard.maintain(now, 100_000));
    }
  }
  return storage;
}

function exponential(m: number): Histogram {
  return {
    schema: m > 1_000 ? 1 : 3,
    resetHint: m === 0 ? 1 : 0,
    zeroThreshold: 1e-9,
    zeroCount: m,
    count: 4 * m + 7,
    sum: m % 20 === 0 ? 12.5 : m / 3,
    positiveSpans: [
      { offset: -2, length: 2 },
      { offset: 4, length: 1 },
    ],
    positiveBuckets: Float64Array.of(m, m + 3, 2),
    negativeSpans: [{ offset: 0, length: 1 }],
    negativeBuckets: Float64Array.of(m + 2),
    customValues: new Float64Array(0),
  };
}

/** Its counts are no integers. */
function custom(m: number): Histogram {
  return {
    schema: -53,
    resetHint: 3,
    zeroThreshold: 0,
    zeroCount: 0,
    count: m + 0.75,
    sum: -m,
    positiveSpans: [{ offset: 0, length: 3 }],
    positiveBuckets: Float64Array.of(m, 0.5, 0.25),
    negativeSpans: [],
    negativeBuckets: new Float64Array(0),
    customValues: Float64Array.of(0.1, 2.5),
  };
}

/** Every sample as text: a float, or a histogram's bytes; and the exemplars. */
export function readHistograms(shard: Shard): Record<string, readonly string[]> {
  const requests = [{ matchers: [], startMs: 0, endMs: Number.MAX_SAFE_INTEGER }];
  const [found] = decodeSelect([concatBytes(shard.select(requests, Infinity))], requests);
  const out: Record<string, readonly string[]> = {};
  for (const s of found ?? [])
    out[labelsKey(s.labels)] = Array.from(s.timestamps, (t, i) => {
      const h = s.histograms?.[i];
      const value =
        h === undefined ? String(s.values[i]) : Buffer.from(encodeHistogram(h)).toString("hex");
      return `${t} ${value}`;
    });
  const all = { matchers: [], startMs: 0, endMs: Number.MAX_SAFE_INTEGER };
  for (const s of shard.exemplars(all))
    out[`exemplars ${labelsKey(s.seriesLabels)}`] = s.exemplars.map(
      (e) => `${e.timestampMs} ${e.value} ${e.labels.join("=")}`,
    );
  return out;
}
