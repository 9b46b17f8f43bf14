/**
 * The metric store alone, in node, over the in-memory disk: append rate, select latency, bytes a
 * sample, memory, wake. Run: `npx esbuild test/bench/tsdb.bench.ts --bundle --format=esm --platform=node
 * --outfile=build/tsdb.bench.mjs && node build/tsdb.bench.mjs [series] [samples of each]`
 */
import { BatchBuilder } from "../../src/core/batch";
import { encodeLabels } from "../../src/core/label-bytes";
import { labelsOf } from "../../src/core/labels";
import { decodeSelect } from "../../src/tsdb/select-codec";
import { Shard } from "../../src/tsdb/shard";
import { concatBytes } from "../../src/tsdb/storage-port";
import { MemoryStorage } from "../tsdb/memory-storage";

const SERIES = Number(process.argv[2] ?? 5000);
const POINTS = Number(process.argv[3] ?? 240);
const PER_REQUEST = 2000;
const STEP = 15_000;
const end = 1_700_006_400_000 + 3_600_000;
const methods = ["GET", "POST", "PUT", "DELETE"];
const codes = ["200", "201", "400", "404", "500"];

const labelBytes = Array.from({ length: SERIES }, (_, i) =>
  encodeLabels(
    labelsOf({
      __name__: "http_requests_total",
      code: codes[i % 5] as string,
      instance: `host-${Math.floor(i / 100)}:9100`,
      job: "api",
      method: methods[i % 4] as string,
      path: `/api/v1/resource/${i % 100}`,
      pod: `pod-${i}`,
    }),
  ),
);
const value = (i: number, p: number): number =>
  (((i % 7) + 1) * p + ((p * 2654435761 + i * 40503) % 1000) / 1000) | 0;

const batches: Uint8Array[] = [];
let b = new BatchBuilder();
for (let p = 0; p < POINTS; p++) {
  for (let i = 0; i < SERIES; i++) {
    b.sample(
      b.seriesBytes(labelBytes[i] as Uint8Array),
      end - (POINTS - 1 - p) * STEP - 3217,
      value(i, p),
    );
    if (b.sampleCount === PER_REQUEST) {
      batches.push(b.finish());
      b = new BatchBuilder();
    }
  }
}
if (!b.isEmpty) batches.push(b.finish());
const samples = SERIES * POINTS;

const storage = new MemoryStorage();
let shard = new Shard(storage);
const memBefore = process.memoryUsage();
let folds = 0;
let foldMs = 0;
const t0 = performance.now();
for (const bytes of batches) {
  shard.append([bytes], end);
  while (shard.needsMaintenance(end)) {
    const t = performance.now();
    if (!shard.maintain(end, 200_000)) break;
    foldMs = Math.max(foldMs, performance.now() - t);
    folds++;
  }
}
const appendMs = performance.now() - t0;
console.log(
  `append ${Math.round(samples / (appendMs / 1000)).toLocaleString()} samples/s, ${folds} maintenance slices, longest ${foldMs.toFixed(1)} ms`,
);
console.log(
  `rows written per 1,000 samples ${((1000 * storage.rowsWritten()) / samples).toFixed(3)}, blocks ${shard.blocks.map((x) => `L${x.level}:${x.samples}`).join(" ")}`,
);

function select(label: string): void {
  const requests = [
    {
      matchers: [{ type: "=" as const, name: "__name__", value: "http_requests_total" }],
      startMs: end - 3_600_000 - 300_000,
      endMs: end,
    },
  ];
  const times: number[] = [];
  const parts = [0, 0];
  let found = 0;
  for (let k = 0; k < 9; k++) {
    const s0 = performance.now();
    const bytes = concatBytes(shard.select(requests, Infinity));
    const s1 = performance.now();
    const [series] = decodeSelect([bytes], requests);
    const s2 = performance.now();
    found = (series ?? []).reduce((n, s) => n + s.timestamps.length, 0);
    times.push(s2 - s0);
    parts[0] = s1 - s0;
    parts[1] = s2 - s1;
    if (k === 8) console.log(`  answer ${(bytes.length / 1e6).toFixed(2)} MB`);
  }
  times.sort((x, y) => x - y);
  console.log(
    `select ${label}: median ${times[4]?.toFixed(1)} ms (last: shard ${parts[0]?.toFixed(1)} + decode ${parts[1]?.toFixed(1)}), ${found} samples`,
  );
}
const r0 = performance.now();
const resent = batches.slice(0, 20);
for (const bytes of resent) shard.append([bytes], end);
console.log(
  `sent again: ${Math.round((resent.length * PER_REQUEST) / ((performance.now() - r0) / 1000)).toLocaleString()} samples/s`,
);
select("head and segments");
console.log(
  `memory of head and series ${(shard.status().memoryBytes / 1e6).toFixed(1)} MB, heap ${((process.memoryUsage().rss - memBefore.rss) / 1e6).toFixed(1)} MB`,
);
const later = end + 8 * 3_600_000;
const c0 = performance.now();
let longest = 0;
for (;;) {
  const t = performance.now();
  const more = shard.maintain(later, 200_000);
  longest = Math.max(longest, performance.now() - t);
  if (!more) break;
}
console.log(
  `cut in ${(performance.now() - c0).toFixed(0)} ms, longest slice ${longest.toFixed(1)} ms; blocks ${shard.blocks.map((x) => `L${x.level}:${x.samples}`).join(" ")}`,
);
const bytes = shard.blocks.reduce((n, x) => n + x.bytes, 0);
console.log(`bytes per sample in cut blocks ${(bytes / samples).toFixed(3)}`);
const w0 = performance.now();
shard = new Shard(storage);
const w1 = performance.now();
const again = new BatchBuilder();
for (let i = 0; i < Math.min(SERIES, 1000); i++)
  again.sample(again.seriesBytes(labelBytes[i] as Uint8Array), later, 1);
shard.append([again.finish()], later);
console.log(
  `wake ${(w1 - w0).toFixed(1)} ms, first append ${(performance.now() - w1).toFixed(1)} ms`,
);
select("cut blocks");
