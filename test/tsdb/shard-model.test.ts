import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BatchBuilder } from "../../src/core/batch";
import { labelsKey, labelsOf } from "../../src/core/labels";
import type { AppendResult } from "../../src/core/metric-store";
import { WINDOW_MS } from "../../src/tsdb/manifest";
import { decodeSelect } from "../../src/tsdb/select-codec";
import { Shard } from "../../src/tsdb/shard";
import { concatBytes } from "../../src/tsdb/storage-port";
import { MemoryStorage } from "./memory-storage";

type Step =
  | {
      /** `import`: the same by the way that takes samples of any age. */
      readonly kind: "append" | "import";
      readonly samples: readonly {
        readonly series: number;
        readonly ago: number;
        readonly value: number;
      }[];
    }
  | {
      readonly kind: "delete";
      readonly metric: number;
      readonly ago: number;
      readonly ms: number;
    }
  | { readonly kind: "clean" }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "maintain"; readonly slices: number }
  | { readonly kind: "fold" }
  | { readonly kind: "crash" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      samples: fc.array(
        fc.record({
          series: fc.nat(12),
          ago: fc.oneof(
            fc.constant(0),
            fc.nat(20),
            fc.nat(2.5 * 3_600_000),
            fc.integer({ min: -700_000, max: 0 }),
          ),
          value: fc.oneof(fc.nat(3), fc.double({ noNaN: true })),
        }),
        { minLength: 1, maxLength: 30 },
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      ms: fc.oneof(fc.nat(60_000), fc.nat(3 * WINDOW_MS)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("maintain" as const), slices: fc.nat(4) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("import" as const),
      samples: fc.array(
        fc.record({
          series: fc.nat(12),
          ago: fc.oneof(
            fc.nat(50),
            fc.nat(4 * WINDOW_MS),
            fc.nat(60).map((n) => n * 3_600_000),
          ),
          value: fc.oneof(fc.nat(3), fc.double({ noNaN: true })),
        }),
        { minLength: 1, maxLength: 30 },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("delete" as const),
      metric: fc.nat(2),
      ago: fc.oneof(fc.nat(60_000), fc.nat(60 * 3_600_000)),
      ms: fc.oneof(fc.nat(60_000), fc.nat(60 * 3_600_000)),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "clean" as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: "fold" as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: "crash" as const }) },
);

const START = 1_700_000_000_000;
const name = (series: number): string => `metric_${series % 3}`;
const labels = (series: number) => labelsOf({ __name__: name(series), instance: `host-${series}` });

/** Every stored sample by series and time. */
function readAll(shard: Shard): Map<string, [number, number][]> {
  const requests = [{ matchers: [], startMs: 0, endMs: START * 2 }];
  const [found] = decodeSelect([concatBytes(shard.select(requests, Infinity))], requests);
  return new Map(
    (found ?? []).map((s) => [
      labelsKey(s.labels),
      Array.from(s.timestamps, (t, i): [number, number] => [t, s.values[i] as number]),
    ]),
  );
}

function appended(shard: Shard, batch: Uint8Array, now: number): AppendResult {
  const [outcome] = shard.append([batch], now).results;
  if (outcome?.ok !== true) throw new Error("refused");
  return outcome.result;
}

describe("a shard against a model", () => {
  it("keeps every accepted sample once, whatever is folded, imported, deleted, merged, or crashes in between", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const storage = new MemoryStorage();
        const fold = { headBytes: 2_000, logRows: 6, logBytes: 10_000 };
        const options = { fold, checkpointSamples: 4 };
        let shard = new Shard(storage, options);
        let now = START;
        const model = new Map<string, Map<number, number>>();
        for (const s of steps) {
          switch (s.kind) {
            case "append":
            case "import": {
              const b = new BatchBuilder();
              let accepted = 0;
              let duplicates = 0;
              let rejected = 0;
              for (const x of s.samples) {
                const time = now - x.ago;
                b.sample(b.series(labels(x.series)), time, x.value);
                const key = labelsKey(labels(x.series));
                let series = model.get(key);
                const tooOld = s.kind === "append" && time < now - 2 * 3_600_000;
                if (tooOld || time > now + 600_000) rejected++;
                else {
                  if (series === undefined) model.set(key, (series = new Map()));
                  const before = series.get(time);
                  if (before === undefined) {
                    series.set(time, x.value);
                    accepted++;
                  } else if (Object.is(before, x.value)) duplicates++;
                  else rejected++;
                }
              }
              const result =
                s.kind === "import"
                  ? shard.importSamples(b.finish(), now)
                  : appended(shard, b.finish(), now);
              expect({
                accepted: result.accepted,
                duplicates: result.duplicates,
                rejected: result.rejected.reduce((n, r) => n + r.count, 0),
              }).toEqual({ accepted, duplicates, rejected });
              break;
            }
            case "delete": {
              const value = name(s.metric);
              const [from, to] = [now - s.ago, now - s.ago + s.ms];
              const deleted = { series: 0, samples: 0 };
              for (const [key, samples] of model) {
                if (!key.includes(value)) continue;
                const times = [...samples.keys()].filter((t) => t >= from && t <= to);
                for (const t of times) samples.delete(t);
                if (times.length > 0) deleted.series++;
                deleted.samples += times.length;
                if (samples.size === 0) model.delete(key);
              }
              const matchers = [[{ type: "=" as const, name: "__name__", value }]];
              expect(shard.deleteSeries(matchers, from, to, now)).toEqual(deleted);
              break;
            }
            case "clean":
              shard.cleanTombstones();
              break;
            case "wait":
              now += s.ms;
              break;
            case "maintain":
              for (let i = 0; i < s.slices && shard.maintain(now, 1); i++);
              break;
            case "fold":
              shard.foldNow(now);
              break;
            case "crash":
              shard = new Shard(storage, options);
          }
        }
        const listed = (): string[] =>
          shard
            .series({ matchers: [], startMs: 0, endMs: now * 2 }, 100)
            .map(labelsKey)
            .sort();
        for (const [key, samples] of model) if (samples.size === 0) model.delete(key);
        expect(listed()).toEqual([...model.keys()].sort());
        const expected = [...model].map(([key, samples]) => [
          key,
          [...samples].sort(([a], [b]) => a - b),
        ]);
        const sorted = (m: Iterable<readonly unknown[]>) =>
          [...m].sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
        expect(sorted(readAll(shard))).toEqual(sorted(expected as [string, [number, number][]][]));
        // Until nothing is left to merge, and after another crash.
        while (shard.maintain(now + 3 * 24 * 3_600_000, 100));
        expect(sorted(readAll(shard))).toEqual(sorted(expected as [string, [number, number][]][]));
        shard = new Shard(storage, options);
        expect(sorted(readAll(shard))).toEqual(sorted(expected as [string, [number, number][]][]));
        expect(shard.blocks.every((b) => b.level > 0)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
