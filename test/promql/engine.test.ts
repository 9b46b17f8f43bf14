import { describe, expect, it } from "vitest";
import {
  type Queryable,
  SampleBudgetError,
  ShardUnavailableError,
  type SelectRequest,
} from "../../src/core/metric-store";
import {
  type Expr,
  type QueryResult,
  evalInstant,
  evalRange,
  parseExpr,
  selectorsOf,
} from "../../src/promql/index";
import { parseSeriesDescription } from "../../src/promql/series-description";
import { MemoryQueryable } from "./promqltest/memory-queryable";

function expr(text: string): Expr {
  const r = parseExpr(text);
  if (!r.ok) throw new Error(`${text}: ${r.error.message}`);
  return r.value;
}

function storeOf(stepMs: number, ...lines: string[]): MemoryQueryable {
  const store = new MemoryQueryable();
  store.load(
    stepMs,
    lines.map((l) => {
      const s = parseSeriesDescription(l);
      if (!s.ok) throw new Error(s.error);
      return s.value;
    }),
  );
  return store;
}

/** Passes on what was asked. */
class Watched implements Queryable {
  readonly asked: (readonly SelectRequest[])[] = [];
  constructor(private readonly inner: Queryable) {}
  select(
    requests: readonly SelectRequest[],
    limits?: { readonly maxSamples?: number },
  ): ReturnType<Queryable["select"]> {
    this.asked.push(requests);
    return this.inner.select(requests, limits);
  }
}

const HUGE = { startMs: 0, endMs: 3_600_000, stepMs: 60_000 };

describe("reading", () => {
  it("asks once for all selectors, left-open, with look-back, range, offset and subquery counted in", async () => {
    const queryable = new Watched(storeOf(60_000, "a 1x60"));
    await evalRange(
      expr("a + rate(b[2m] offset 1m) + max_over_time(c[10m:1m] @ 600) + a offset 5m"),
      { queryable, startMs: 1_000_000, endMs: 1_600_000, stepMs: 60_000 },
    );
    expect(
      queryable.asked.map((r) => r.map((q) => [q.matchers[0]?.value, q.startMs, q.endMs])),
    ).toEqual([
      [
        // Both selectors of `a`, whose ranges touch.
        ["a", 1_000_000 - 600_000, 1_600_000],
        ["b", 1_000_000 - 180_000, 1_600_000 - 60_000],
        ["c", 600_000 - 900_000, 600_000],
      ],
    ]);
  });

  it("tells the store what is done with the samples", async () => {
    const queryable = new Watched(storeOf(60_000, "a 1x60"));
    const hintsOf = async (text: string): Promise<unknown> => {
      await evalRange(expr(text), { queryable, startMs: 0, endMs: 600_000, stepMs: 60_000 });
      return queryable.asked.at(-1)?.map((r) => [r.hints?.func, r.hints?.rangeMs, r.hints?.stepMs]);
    };
    expect(await hintsOf("a")).toEqual([["", 0, 60_000]]);
    expect(await hintsOf("sum by (x) (rate((a[5m])))")).toEqual([["rate", 300_000, 60_000]]);
    expect(await hintsOf("sum by (x) (a)")).toEqual([["sum", 0, 60_000]]);
    expect(await hintsOf("max(a + 1)")).toEqual([["", 0, 60_000]]);
    expect(await hintsOf("max_over_time(a[10m:30s])")).toEqual([["", 0, 30_000]]);
    expect(await hintsOf("max_over_time(sum_over_time(a[1m])[10m:30s])")).toEqual([
      ["sum_over_time", 60_000, 30_000],
    ]);
    // Samples that may be downsampled in one way serve one reading, others another.
    expect(
      await hintsOf("avg_over_time(a[9m]) - min_over_time(a[9m]) - sum_over_time(a[6m]) - a"),
    ).toEqual([
      ["avg_over_time", 360_000, 60_000],
      ["min_over_time", 540_000, 60_000],
      ["", 0, 60_000],
    ]);
  });

  it("weighs downsampled samples", async () => {
    const series = {
      labels: ["__name__", "a"],
      timestamps: Float64Array.of(1000, 2000, 3000),
      values: Float64Array.of(2, 5, 9),
      weights: Float64Array.of(10, 20, 10),
    };
    const queryable: Queryable = { select: () => Promise.resolve([[series]]) };
    const at = async (func: string): Promise<unknown> => {
      const r = await evalInstant(expr(`${func}(a[1m])`), { queryable, atMs: 3000 });
      return r.type === "vector" ? r.samples[0]?.value : undefined;
    };
    expect(await at("count_over_time")).toBe(40);
    expect(await at("sum_over_time")).toBe(210);
    expect(await at("avg_over_time")).toBe(5.25);
    expect(await at("stdvar_over_time")).toBeCloseTo(
      (10 * 3.25 ** 2 + 20 * 0.25 ** 2 + 10 * 3.75 ** 2) / 40,
    );
    expect(await at("max_over_time")).toBe(9);
    expect(await at("present_over_time")).toBe(1);
  });

  it("asks nothing for an expression without selectors", async () => {
    const queryable = new Watched(new MemoryQueryable());
    expect(await evalInstant(expr("1 + time()"), { queryable, atMs: 1500 })).toMatchObject({
      type: "scalar",
      value: 2.5,
      timestampMs: 1500,
    });
    expect(queryable.asked).toEqual([]);
  });

  it("honours a look-back of its own", async () => {
    const queryable = storeOf(60_000, "a 7");
    const at = async (lookbackMs: number): Promise<QueryResult> =>
      evalInstant(expr("a"), { queryable, atMs: 60_000, lookbackMs });
    expect(await at(60_000)).toMatchObject({ samples: [] });
    expect(await at(60_001)).toMatchObject({ samples: [{ value: 7, timestampMs: 60_000 }] });
  });
});

describe("statistics", () => {
  const queryable = storeOf(
    10_000,
    'a{i="1"} 1x30',
    'a{i="2"} 1x30',
    "h {{schema:0 buckets:[1 1]}}x30",
  );
  const per = async (text: string): Promise<unknown> => {
    const range = { startMs: 100_000, endMs: 120_000, stepMs: 10_000 };
    const r = await evalRange(expr(text), { queryable, ...range, perStepStats: true });
    const { samplesPerStep = [], totalSamples } = r.stats;
    expect(samplesPerStep.map((s) => s.timestampMs)).toEqual([100_000, 110_000, 120_000]);
    expect(totalSamples).toBe(samplesPerStep.reduce((n, s) => n + s.samples, 0));
    return samplesPerStep.map((s) => s.samples);
  };

  it("count what each step looks at", async () => {
    expect(await per("a")).toEqual([2, 2, 2]);
    expect(await per("sum(rate(a[30s])) + a")).toEqual([8, 8, 8]);
    expect(await per("a @ 50")).toEqual([2, 2, 2]);
    expect(await per("max_over_time(a[20s:10s])")).toEqual([0, 0, 8]);
    expect(await per("1 + time()")).toEqual([0, 0, 0]);
    // 168 bytes, a span and two buckets.
    expect(await per("h")).toEqual([12, 12, 12]);
  });

  it("are left out unless asked for", async () => {
    const r = await evalInstant(expr("a"), { queryable, atMs: 100_000 });
    expect(r.stats).toEqual({ totalSamples: 22, peakSamples: expect.any(Number) as number });
  });
});

describe("limits", () => {
  const queryable = storeOf(1000, 'a{i="1"} 1x3600', 'a{i="2"} 1x3600');
  const tooMany = {
    kind: "execution",
    message: "query processing would load too many samples into memory in query execution",
  };

  it.each([
    ["what is read", "sum(a)", 6000],
    ["what is held on the way", "-a + on(i) -a", 7500],
    ["every value that is counted apart", 'count_values("v", a * time())', 9000],
    ["what is repeated for every step", "a @ 10", 140],
    ["the steps of a subquery", "sum_over_time(vector(1)[200y:1ms])", 4_000_000],
  ])("count %s", async (_, text, maxSamples) => {
    await expect(evalRange(expr(text), { queryable, ...HUGE, maxSamples })).rejects.toMatchObject(
      tooMany,
    );
  });

  it("count what is held at once, not what was", async () => {
    const text = Array.from({ length: 40 }, () => "sum(a)").join(" + ");
    const result = await evalRange(expr(text), { queryable, ...HUGE, maxSamples: 7500 });
    expect(result).toMatchObject({ type: "matrix", series: [{ labels: [] }] });
    expect(result.stats.peakSamples).toBeLessThanOrEqual(7500);
  });

  it("end a query that reads too much, as one that takes too long", async () => {
    const text = "max_over_time(max_over_time(a[1h])[1h:100ms])";
    const steps = { startMs: 0, endMs: 7_200_000, stepMs: 20 };
    await expect(
      evalRange(expr(text), { queryable, ...steps, maxSamples: 1e9 }),
    ).rejects.toMatchObject({
      kind: "timeout",
      message: "query timed out in expression evaluation",
    });
  });

  it("of the store are told in the same words", async () => {
    const failing = (e: Error): Queryable => ({ select: () => Promise.reject(e) });
    await expect(
      evalInstant(expr("a"), { queryable: failing(new SampleBudgetError("x")), atMs: 0 }),
    ).rejects.toMatchObject(tooMany);
    await expect(
      evalInstant(expr("a"), {
        queryable: failing(new ShardUnavailableError("shard 3 is away")),
        atMs: 0,
      }),
    ).rejects.toMatchObject({ kind: "unavailable", message: "shard 3 is away" });
    await expect(
      evalInstant(expr("a"), { queryable: failing(new TypeError("bug")), atMs: 0 }),
    ).rejects.toThrow(TypeError);
  });
});

describe("selectorsOf", () => {
  it("tells how far around the evaluation time each selector reads", () => {
    const reach = (text: string): unknown[] =>
      selectorsOf(expr(text)).map((s) => [s.matchers[0]?.value, s.backMs, s.aheadMs, s.pinned]);
    expect(reach("a + rate(b[2m] offset 1m)")).toEqual([
      ["a", 300_000, 0, false],
      ["b", 180_000, 0, false],
    ]);
    expect(reach("max_over_time(rate(c[5m])[1h:]) > on() d offset -1m")).toEqual([
      ["c", 3_900_000, 0, false],
      ["d", 240_000, 60_000, false],
    ]);
    expect(reach("absent(e @ 10)")).toEqual([["e", 290_000, 10_000, true]]);
    expect(reach("info(f)")).toEqual([
      ["f", 300_000, 0, false],
      ["target_info", 300_000, 0, false],
    ]);
    expect(reach("vector(1)")).toEqual([]);
  });
});

describe("times and values at the edges", () => {
  it("evaluates in 1970 and 2100, and at values without end", async () => {
    for (const atMs of [0, 1, 4_102_444_800_000]) {
      const store = new MemoryQueryable();
      store.load(
        1000,
        [
          {
            labels: ["__name__", "a"],
            points: [
              { kind: "float", value: -Infinity },
              { kind: "float", value: Number.NaN },
            ],
          },
        ],
        atMs - 1000,
      );
      expect(
        await evalInstant(expr("count_over_time(a[5m])"), { queryable: store, atMs }),
      ).toMatchObject({ samples: [{ value: 2 }] });
      expect(
        await evalInstant(expr("min_over_time(a[5m])"), { queryable: store, atMs }),
      ).toMatchObject({ samples: [{ value: -Infinity }] });
    }
  });

  it("keeps a label value of a megabyte and a regular expression of ten kilobytes", async () => {
    const long = "x".repeat(1_000_000);
    const store = new MemoryQueryable();
    store.load(1000, [
      { labels: ["__name__", "a", "l", long], points: [{ kind: "float", value: 1 }] },
    ]);
    const pattern = Array.from({ length: 1000 }, (_, i) => `(a|b)*c${i}?`).join("|");
    expect(pattern.length).toBeGreaterThan(10_000);
    expect(
      await evalInstant(expr(`a{l!~"${pattern}"}`), { queryable: store, atMs: 0 }),
    ).toMatchObject({ samples: [{ labels: ["__name__", "a", "l", long] }] });
  }, 20_000);
});
