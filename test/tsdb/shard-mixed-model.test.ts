import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BatchBuilder } from "../../src/core/batch";
import type { Histogram } from "../../src/core/histogram";
import { encodeHistogram } from "../../src/core/histogram-bytes";
import { labelsKey, labelsOf } from "../../src/core/labels";
import type { AppendResult } from "../../src/core/metric-store";
import { STALE_BYTES } from "../../src/core/stale";
import { HOUR_MS } from "../../src/tsdb/manifest";
import { DEFAULT_LIMITS } from "../../src/tsdb/rejections";
import { decodeSelect } from "../../src/tsdb/select-codec";
import { Shard } from "../../src/tsdb/shard";
import { concatBytes } from "../../src/tsdb/storage-port";
import { CrashError, CrashingStorage } from "./crashing-storage";
import { anyHistogram } from "./histogram-arbitrary";

type Value = number | "stale" | Histogram;

interface Sample {
  readonly series: number;
  readonly ago: number;
  readonly value: Value;
}

type Step =
  | { readonly kind: "append" | "import"; readonly samples: readonly Sample[] }
  | { readonly kind: "exemplar"; readonly series: number }
  | { readonly kind: "increment"; readonly amount: number }
  | { readonly kind: "delete"; readonly metric: number; readonly ago: number; readonly ms: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "maintain"; readonly slices: number; readonly budget: number }
  | { readonly kind: "crash"; readonly writes: number }
  | { readonly kind: "clean" | "fold" | "tick" | "restart" | "retain" };

const SERIES = 12;
const START = 1_700_000_000_000;
const RETENTION_MS = 40 * HOUR_MS;

const value: fc.Arbitrary<Value> = fc.oneof(
  { weight: 4, arbitrary: fc.nat(3) },
  { weight: 2, arbitrary: fc.double({ noNaN: true }) },
  { weight: 1, arbitrary: fc.constant("stale" as const) },
  { weight: 3, arbitrary: anyHistogram },
);
const samples = (ago: fc.Arbitrary<number>): fc.Arbitrary<Sample[]> =>
  fc.array(fc.record({ series: fc.nat(SERIES - 1), ago, value }), { minLength: 1, maxLength: 20 });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      samples: samples(
        fc.oneof(
          fc.constant(0),
          fc.nat(20),
          fc.nat(2.5 * HOUR_MS),
          fc.integer({ min: -700_000, max: 0 }),
        ),
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("import" as const),
      samples: samples(
        fc.oneof(
          fc.nat(50),
          fc.nat(8 * HOUR_MS),
          fc.nat(60).map((n) => n * HOUR_MS),
        ),
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("exemplar" as const),
      series: fc.nat(SERIES - 1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("increment" as const),
      amount: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("delete" as const),
      metric: fc.nat(2),
      ago: fc.oneof(fc.nat(60_000), fc.nat(60 * HOUR_MS)),
      ms: fc.oneof(fc.nat(60_000), fc.nat(60 * HOUR_MS)),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      ms: fc.oneof(fc.nat(60_000), fc.nat(6 * HOUR_MS)),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("maintain" as const),
      slices: fc.nat(8),
      budget: fc.oneof(fc.constant(1), fc.nat(200)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("crash" as const), writes: fc.nat(25) }),
  },
  {
    weight: 5,
    arbitrary: fc.constantFrom("clean", "fold", "tick", "restart", "retain").map((kind) => ({
      kind,
    })) as fc.Arbitrary<Step>,
  },
);

const name = (series: number): string => `metric_${series % 3}`;
const labels = (series: number) => labelsOf({ __name__: name(series), i: `host-${series}` });
const COUNTER = labelsOf({ __name__: "hits_total" });

const floatText = (bytes: Uint8Array): string => `f ${Buffer.from(bytes).toString("hex")}`;
function textOf(v: Value): string {
  if (v === "stale") return floatText(STALE_BYTES);
  if (typeof v === "number") return floatText(new Uint8Array(Float64Array.of(v).buffer));
  return `h ${Buffer.from(encodeHistogram(v)).toString("hex")}`;
}

/** Every stored sample by series, in order, as text. */
function readAll(shard: Shard): Map<string, string[]> {
  const requests = [{ matchers: [], startMs: 0, endMs: START * 2 }];
  const [found] = decodeSelect([concatBytes(shard.select(requests, Infinity))], requests);
  return new Map(
    (found ?? []).map((s) => [
      labelsKey(s.labels),
      Array.from(s.timestamps, (t, i) => {
        const h = s.histograms?.[i];
        const bytes = new Uint8Array(s.values.buffer, s.values.byteOffset + 8 * i, 8);
        return `${t} ${h === undefined ? floatText(bytes) : textOf(h)}`;
      }),
    ]),
  );
}

/** What a counter's samples rose by, beginning from nothing. */
function increaseOf(list: readonly string[]): number {
  let sum = 0;
  let last = 0;
  for (const row of list) {
    const v = Buffer.from(row.split(" ")[2] as string, "hex").readDoubleLE(0);
    sum += v < last ? v : v - last;
    last = v;
  }
  return sum;
}

/** The shard's life beside a model of it in plain maps. */
class Life {
  private readonly storage = new CrashingStorage();
  private readonly options = {
    fold: { headBytes: 3_000, logRows: 7, logBytes: 10_000 },
    checkpointSamples: 4,
    // As many as there are, so that forgotten series' numbers are given anew all the time.
    limits: { ...DEFAULT_LIMITS, maxSeries: SERIES + 1 },
  };
  private shard = new Shard(this.storage, this.options);
  private now = START;
  private horizonMs = -Infinity;
  private readonly model = new Map<string, Map<number, string>>();
  private readonly exemplars = new Map<string, string[]>();
  private incremented = 0;
  private batches = 0;

  run(s: Step): void {
    switch (s.kind) {
      case "append":
      case "import":
        return this.add(s.kind, s.samples);
      case "exemplar":
        return this.exemplar(s.series);
      case "increment": {
        const b = new BatchBuilder(`batch-${this.batches++}`);
        b.increment(b.series(COUNTER), this.now, s.amount);
        this.incremented += s.amount;
        const bytes = b.finish();
        this.tried(() => this.shard.append([bytes], this.now));
        return;
      }
      case "delete":
        return this.delete(name(s.metric), this.now - s.ago, this.now - s.ago + s.ms);
      case "wait":
        this.now += s.ms;
        return;
      case "maintain":
        this.tried(() => {
          for (let i = 0; i < s.slices && this.shard.maintain(this.now, s.budget); i++);
        });
        return;
      case "crash":
        this.storage.crashAfter(s.writes);
        return;
      case "clean":
        this.tried(() => this.shard.cleanTombstones());
        return;
      case "fold":
        this.tried(() => this.shard.foldNow(this.now));
        return;
      case "tick":
        this.tried(() => this.shard.tick(this.now));
        return;
      case "restart":
        this.restart();
        return;
      case "retain":
        this.horizonMs = this.now - RETENTION_MS;
        this.tried(() => this.shard.retain(this.horizonMs));
        for (const list of this.model.values())
          for (const t of list.keys()) if (t < this.horizonMs) list.delete(t);
    }
  }

  check(): void {
    const shown = readAll(this.shard);
    const counter = shown.get(labelsKey(COUNTER)) ?? [];
    shown.delete(labelsKey(COUNTER));
    const expected = new Map<string, string[]>();
    for (const [key, list] of this.model)
      if (list.size > 0)
        expected.set(
          key,
          [...list].sort(([a], [b]) => a - b).map(([t, text]) => `${t} ${text}`),
        );
    const sorted = (m: ReadonlyMap<string, string[]>) =>
      [...m].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(sorted(shown)).toEqual(sorted(expected));
    if (this.horizonMs < START) expect(increaseOf(counter)).toBe(this.incremented);
    for (const s of this.shard.exemplars({ matchers: [], startMs: 0, endMs: Infinity })) {
      const all = this.exemplars.get(labelsKey(s.seriesLabels)) ?? [];
      const found = s.exemplars.map((e) => `${e.timestampMs} ${e.value}`);
      // Those of a series that memory forgot went with it.
      expect(all.slice(all.length - found.length)).toEqual(found);
    }
  }

  /** Nothing is left to do, and then some days pass. */
  settle(): void {
    // A total may wait for a second.
    this.now += 2_000;
    this.tried(() => this.shard.tick(this.now));
    this.check();
    this.maintainAll(100);
    this.check();
    this.now += 3 * 24 * HOUR_MS;
    this.tried(() => this.shard.cleanTombstones());
    this.maintainAll(3);
    this.check();
    this.restart();
    this.check();
    expect(this.shard.blocks.every((b) => b.level > 0)).toBe(true);
  }

  private maintainAll(budget: number): void {
    this.tried(() => {
      while (this.shard.maintain(this.now, budget));
    });
  }

  private restart(): void {
    this.shard.close();
    for (;;) {
      try {
        this.shard = new Shard(this.storage, this.options);
        break;
      } catch (e) {
        if (!(e instanceof CrashError)) throw e;
      }
    }
    if (this.horizonMs > -Infinity) this.tried(() => this.shard.retain(this.horizonMs));
  }

  /** A sender tries again after a crash; then what it is told says nothing of the first time. */
  private tried<T>(work: () => T): T | undefined {
    let crashed = false;
    for (;;) {
      try {
        const result = work();
        return crashed ? undefined : result;
      } catch (e) {
        if (!(e instanceof CrashError)) throw e;
        crashed = true;
        this.restart();
      }
    }
  }

  private add(kind: "append" | "import", list: readonly Sample[]): void {
    const b = new BatchBuilder();
    // Floats are judged before histograms.
    const order = [...list].sort((x, y) => Number(isHistogram(x)) - Number(isHistogram(y)));
    const expected = { accepted: 0, duplicates: 0, rejected: 0 };
    for (const x of order) {
      const time = this.now - x.ago;
      const ref = b.series(labels(x.series));
      if (x.value === "stale") b.sampleBytes(ref, time, STALE_BYTES, 0);
      else if (typeof x.value === "number") b.sample(ref, time, x.value);
      else b.histogram(ref, time, x.value);
      const oldest = kind === "append" ? this.now - DEFAULT_LIMITS.outOfOrderMs : this.horizonMs;
      if (time < oldest || time > this.now + DEFAULT_LIMITS.futureMs) {
        expected.rejected++;
        continue;
      }
      const key = labelsKey(labels(x.series));
      let known = this.model.get(key);
      if (known === undefined) this.model.set(key, (known = new Map()));
      const before = known.get(time);
      if (before === undefined) {
        known.set(time, textOf(x.value));
        expected.accepted++;
      } else if (before === textOf(x.value)) expected.duplicates++;
      else expected.rejected++;
    }
    const bytes = b.finish();
    const result = this.tried((): AppendResult => {
      if (kind === "import") return this.shard.importSamples(bytes, this.now);
      const [outcome] = this.shard.append([bytes], this.now).results;
      if (outcome?.ok !== true) throw new Error("refused");
      return outcome.result;
    });
    if (result === undefined) return;
    const { accepted, duplicates, rejected } = result;
    expect({
      accepted,
      duplicates,
      rejected: rejected.reduce((n, r) => n + r.count, 0),
    }).toEqual(expected);
  }

  private exemplar(series: number): void {
    const key = labelsKey(labels(series));
    const b = new BatchBuilder();
    const ref = b.series(labels(series));
    b.exemplar(ref, this.now, 1, labelsOf({ trace_id: "abc" }));
    const bytes = b.finish();
    const result = this.tried(() => this.shard.append([bytes], this.now).results[0]);
    const known = this.exemplars.get(key) ?? [];
    const text = `${this.now} 1`;
    const found = this.shard.exemplars({ matchers: [], startMs: this.now, endMs: this.now });
    const kept = found.some((s) => labelsKey(s.seriesLabels) === key);
    if (result?.ok === true) expect(kept).toBe((result.result.exemplars ?? 0) > 0);
    if (kept && known.at(-1) !== text) this.exemplars.set(key, [...known, text]);
  }

  private delete(metric: string, from: number, to: number): void {
    const deleted = { series: 0, samples: 0 };
    for (const [key, list] of this.model) {
      if (!key.includes(metric)) continue;
      const times = [...list.keys()].filter((t) => t >= from && t <= to);
      for (const t of times) list.delete(t);
      if (times.length > 0) deleted.series++;
      deleted.samples += times.length;
    }
    const matchers = [[{ type: "=" as const, name: "__name__", value: metric }]];
    const result = this.tried(() => this.shard.deleteSeries(matchers, from, to, this.now));
    if (result !== undefined) expect(result).toEqual(deleted);
  }
}

function isHistogram(s: Sample): boolean {
  return typeof s.value === "object";
}

const RUNS = Number(process.env["MODEL_RUNS"] ?? 150);

describe("a shard of floats, histograms, stale markers, increments and exemplars against a model", () => {
  it("shows every sample once, whatever is imported, deleted, merged in slices, retained, or crashes between two writes", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: "max" }), (steps) => {
        const life = new Life();
        for (const s of steps) life.run(s);
        life.settle();
      }),
      { numRuns: RUNS },
    );
  });
});
