/**
 * How a project spreads over shards: `npm run simulate:shards -- [--series 200000] [--scrapes 24] [--shards 1,4,16]`.
 * The store's own code at N shards, each over an SQLite file of its own and timed by itself; one thread, so the times
 * are work done, not waiting. Prints ingest and query cost for each shard, and rows written per 1,000 samples.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BatchBuilder } from "../../../src/core/batch";
import { encodeLabels } from "../../../src/core/label-bytes";
import { labelsOf } from "../../../src/core/labels";
import type { MetricShardRpc } from "../../../src/core/objects";
import { evalInstant, evalRange, parseExpr } from "../../../src/promql/index";
import { makeMetricStore } from "../../../src/storage/metric-store";
import { CacheLedger } from "../../../src/tsdb/cache-ledger";
import { DEFAULT_LIMITS } from "../../../src/tsdb/rejections";
import { Shard } from "../../../src/tsdb/shard";
import { concatBytes } from "../../../src/tsdb/storage-port";
import { openDisk } from "./node-disk";

const { values: args } = parseArgs({
  options: {
    series: { type: "string", default: "200000" },
    scrapes: { type: "string", default: "24" },
    shards: { type: "string", default: "1,4,16" },
    batch: { type: "string", default: "2000" },
  },
});
const SERIES = Number(args.series);
const SCRAPES = Number(args.scrapes);
const BATCH = Number(args.batch);
const STEP_MS = 15_000;
const END = Math.floor(Date.now() / STEP_MS) * STEP_MS;
const START = END - (SCRAPES - 1) * STEP_MS;
/** Metrics of 5,000 series each, as a service's pods have them. */
const SERIES_A_METRIC = 5_000;
const SLICE_SAMPLES = 200_000;

const labelBytes = Array.from({ length: SERIES }, (_, i) =>
  encodeLabels(
    labelsOf({
      __name__: `http_requests_${Math.floor(i / SERIES_A_METRIC)}_total`,
      code: String(200 + (i % 5)),
      instance: `host-${Math.floor((i % SERIES_A_METRIC) / 100)}:9100`,
      path: `/api/v1/resource/${i % 20}`,
      pod: `pod-${i % SERIES_A_METRIC}`,
    }),
  ),
);

const QUERIES = [
  { name: "one series", text: `http_requests_0_total{pod="pod-7"}`, instant: false },
  { name: "sum(rate) of 5,000", text: "sum(rate(http_requests_1_total[5m]))", instant: false },
  { name: "count of all", text: `count({__name__=~"http_requests_.*"})`, instant: true },
];

/** Nothing is printed of the first run, which warms the compiler up. */
let print: (text: string) => void = () => undefined;
await simulate(2, Math.min(SCRAPES, 4));
print = console.log;
for (const n of args.shards.split(",").map(Number)) await simulate(n, SCRAPES);

async function simulate(n: number, scrapes: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "vedette-shards-"));
  try {
    const disks = Array.from({ length: n }, (_, i) => openDisk(join(dir, `shard-${i}.sqlite`)));
    // In production every shard may have an isolate of its own, so each has the whole ledger.
    const shards = disks.map((disk, number) => open(disk, number, n));
    const clock = { now: START, spent: new Float64Array(n) };
    const store = makeMetricStore({
      shard: (i) => timed(shards[i] as Shard, i, clock),
      shards: n,
    });

    let split = 0;
    let accepted = 0;
    for (let s = 0; s < scrapes; s++) {
      clock.now = START + s * STEP_MS;
      for (let from = 0; from < SERIES; from += BATCH) {
        const batch = scrape(s, from, Math.min(SERIES, from + BATCH), clock.now);
        const before = sum(clock.spent);
        const t = performance.now();
        accepted += (await store.append(batch)).accepted;
        split += performance.now() - t - (sum(clock.spent) - before);
        for (let i = 0; i < n; i++) {
          const began = performance.now();
          while ((shards[i] as Shard).maintain(clock.now, SLICE_SAMPLES));
          clock.spent[i] = (clock.spent[i] as number) + performance.now() - began;
        }
      }
    }
    const samples = SERIES * scrapes;
    if (accepted !== samples) throw new Error(`${accepted} of ${samples} samples were accepted`);
    const perShard = shards.map((s) => s.status());
    const rows = perShard.map((s) => s.rowsWritten);
    const series = perShard.map((s) => s.activeSeries);
    const busy = [...clock.spent].map((ms) => (100 * ms) / (scrapes * STEP_MS));
    const perThousand = [...clock.spent].map(
      (ms, i) => (1e6 * ms) / ((series[i] as number) * scrapes),
    );
    print(
      `\nN = ${n}: ${SERIES.toLocaleString("en")} series, ${samples.toLocaleString("en")} samples, ${BATCH} a request`,
    );
    line("series a shard", series, 0);
    line("ingest, µs per 1,000 samples", perThousand, 0);
    line("busy at a scrape each 15 s, %", busy, 2);
    line(
      "memory, MB",
      perShard.map((s) => s.memoryBytes / 1e6),
      1,
    );
    line(
      "rows per 1,000 of all samples",
      rows.map((r) => (1000 * r) / samples),
      3,
    );
    print(
      `  ${"rows per 1,000 samples, together".padEnd(34)} ${((1000 * sum(rows)) / samples).toFixed(3)}`,
    );
    print(
      `  ${"splitting, µs per 1,000 samples".padEnd(34)} ${((1e6 * split) / samples).toFixed(0)}  (in the Worker)`,
    );

    const woken = disks.map((disk, number) => {
      const t = performance.now();
      shards[number] = open(disk, number, n);
      return performance.now() - t;
    });
    line("waking, ms", woken, 0);

    for (const q of QUERIES) {
      const expr = parseExpr(q.text);
      if (!expr.ok) throw new Error(expr.error.message);
      const runs = [];
      for (let run = 0; run < 5; run++) {
        clock.spent.fill(0);
        const t = performance.now();
        const at = END - 7 - run;
        const options = { queryable: store, maxSamples: 50_000_000 };
        const result = q.instant
          ? await evalInstant(expr.value, { ...options, atMs: at })
          : await evalRange(expr.value, {
              ...options,
              startMs: START + 1,
              endMs: at,
              stepMs: STEP_MS,
            });
        if (result.stats.totalSamples === 0) throw new Error(`${q.text} found nothing`);
        const whole = performance.now() - t;
        runs.push({ whole, spent: [...clock.spent] });
      }
      runs.sort((a, b) => a.whole - b.whole);
      const median = runs[2] as (typeof runs)[number];
      line(`${q.name}, ms in a shard`, median.spent, 2);
      print(
        `  ${"".padEnd(34)} and ${(median.whole - sum(median.spent)).toFixed(1)} ms in the Worker`,
      );
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function open(disk: ReturnType<typeof openDisk>, number: number, of: number): Shard {
  return new Shard(disk, {
    limits: { ...DEFAULT_LIMITS, maxSeries: SERIES },
    ledger: new CacheLedger(64 * 1024 * 1024),
    place: { number, of },
  });
}

/** What the store calls of a shard, with its time counted. */
function timed(
  shard: Shard,
  i: number,
  clock: { readonly now: number; readonly spent: Float64Array },
): MetricShardRpc {
  const count = <T>(work: () => T): Promise<T> => {
    const t = performance.now();
    const result = work();
    clock.spent[i] = (clock.spent[i] as number) + performance.now() - t;
    return Promise.resolve(result);
  };
  const rpc: Pick<MetricShardRpc, "append" | "select"> = {
    append: (batch) =>
      count(() => {
        const outcome = shard.append([batch], clock.now).results[0];
        if (outcome === undefined || !outcome.ok) throw new Error("a batch was not readable");
        return outcome.result;
      }),
    select: (requests, max) => count(() => concatBytes(shard.select(requests, max))),
  };
  // The simulation calls nothing else.
  return rpc as MetricShardRpc;
}

function scrape(s: number, from: number, to: number, at: number): Uint8Array {
  const b = new BatchBuilder();
  for (let i = from; i < to; i++)
    b.sample(b.seriesBytes(labelBytes[i] as Uint8Array), at, s * ((i % 17) + 1));
  return b.finish();
}

function line(what: string, values: readonly number[], digits: number): void {
  const min = Math.min(...values).toFixed(digits);
  const max = Math.max(...values).toFixed(digits);
  const mean = (sum(values) / values.length).toFixed(digits);
  print(
    `  ${what.padEnd(34)} ${values.length === 1 ? mean : `mean ${mean}, least ${min}, most ${max}`}`,
  );
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const v of values) total += v;
  return total;
}
