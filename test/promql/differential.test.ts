import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { STALE_BYTES } from "../../src/core/stale";
import { QueryError, evalInstant, evalRange, parseExpr } from "../../src/promql/index";
import type { DescribedPoint, SeriesDescription } from "../../src/promql/series-description";
import { resultText } from "../../src/http/prometheus/result-json";
import { labelsOf } from "../../src/core/labels";
import { encodeSnappy, encodeWriteRequest } from "../ingest/remote-write/encode";
import { PrometheusProcess, hasPrometheus } from "./prometheus-process";
import { MemoryQueryable } from "./promqltest/memory-queryable";

const STEP_MS = 15_000;
const POINTS = 160;
/** Samples never stand on a whole second: a range's edge, closed in Prometheus 2 and open in 3, then never falls on one. */
const START_MS = Math.floor((Date.now() - 3_000_000) / 60_000) * 60_000 + 1234;

/** Numbers that are the same in every run, without a random source. */
function noise(n: number): number {
  const x = Math.sin(n * 12.9898) * 43758.5453;
  return x - Math.floor(x);
}

function described(): SeriesDescription[] {
  const out: SeriesDescription[] = [];
  const add = (
    labels: Record<string, string>,
    point: (i: number) => number | "gap" | "stale",
  ): void => {
    const points = Array.from({ length: POINTS }, (_, i): DescribedPoint => {
      const p = point(i);
      return typeof p === "number" ? { kind: "float", value: p } : { kind: p };
    });
    out.push({ labels: labelsOf(labels), points });
  };
  for (let s = 0; s < 6; s++) {
    const labels = {
      job: s % 2 === 0 ? "api" : "web",
      instance: `i${s}`,
      zone: ["eu", "us", "ap"][s % 3] as string,
    };
    let total = 0;
    add({ __name__: "hits_total", ...labels }, (i) => {
      total = noise(s * 1000 + i) < 0.04 ? 0 : total + Math.floor(noise(s * 77 + i) * 50);
      return total;
    });
    add({ __name__: "temp", ...labels }, (i) =>
      s === 5 && i % 11 === 3 ? Number.NaN : Math.round(noise(s * 13 + i * 3) * 2000 - 1000) / 8,
    );
    add({ __name__: "alive", ...labels }, (i) =>
      i % 40 === 20 + s ? "stale" : i % 40 > 20 + s ? "gap" : s % 2,
    );
    for (const [b, le] of ["0.1", "0.5", "1", "5", "+Inf"].entries()) {
      add({ __name__: "lat_bucket", ...labels, le }, (i) =>
        Math.floor(i * (b + 1) * (s + 1) * 1.5),
      );
    }
  }
  for (const job of ["api", "web"]) add({ __name__: "owner", job, team: `team-${job}` }, () => 1);
  add({ __name__: "solo" }, (i) => i);
  return out;
}

const vectorLeaf = fc.constantFrom(
  "hits_total",
  "temp",
  "alive",
  "owner",
  "solo",
  'temp{job="api"}',
  'hits_total{zone=~"e.|us"}',
  'temp{instance!~"i[0-3]"}',
  "temp offset 90s",
  "hits_total offset -45s",
  "nothing",
  'lat_bucket{le="1"}',
  "vector(time())",
  `temp @ ${START_MS / 1000 + 1501}`,
  "hits_total @ end()",
);
const duration = fc.constantFrom("17s", "1m", "95s", "5m", "11m");
const scalarLeaf = fc.constantFrom(
  "2",
  "0.5",
  "-3",
  "time()",
  "scalar(solo)",
  "NaN",
  "Inf",
  "1e3",
  "100",
);
const grouping = fc.constantFrom(
  "",
  " by (job)",
  " by (zone, job)",
  " without (instance)",
  " without (zone, le)",
  " by ()",
);

/** Expressions over the data, well-typed by construction. */
const { vector } = fc.letrec<{ vector: string; scalar: string; plainRange: string; range: string }>(
  (tie) => ({
    scalar: fc.oneof(
      { depthSize: "small" },
      scalarLeaf,
      tie("vector").map((v) => `scalar(${v})`),
      fc
        .tuple(
          tie("scalar"),
          fc.constantFrom("+", "*", "-", "/", "%", "^", "> bool"),
          tie("scalar"),
        )
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
    ),
    plainRange: fc
      .tuple(
        fc.constantFrom("hits_total", "temp", "solo", 'temp{job="web"}', "lat_bucket"),
        duration,
        fc.constantFrom("", " offset 1m", ` @ ${START_MS / 1000 + 1507}`),
      )
      .map(([m, d, o]) => `${m}[${d}]${o}`),
    range: fc.oneof(
      { depthSize: "small" },
      tie("plainRange"),
      duration.map((d) => `alive[${d}]`),
      // A fraction in the range keeps the edge of an outer subquery's window off the steps of an inner one.
      fc
        .tuple(
          tie("vector"),
          fc.constantFrom("17s250ms", "95s750ms", "5m1s250ms", "11m9s750ms"),
          fc.constantFrom("", "20s", "1m", "13s"),
        )
        .map(([v, d, s]) => `(${v})[${d}:${s}]`),
    ),
    vector: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      vectorLeaf,
      tie("vector").map((v) => `(${v})`),
      tie("vector").map((v) => `-(${v})`),
      fc
        .tuple(
          fc.constantFrom(
            "abs",
            "ceil",
            "floor",
            "sgn",
            "exp",
            "sqrt",
            "ln",
            "round",
            "timestamp",
            "sin",
            "atan",
            "deg",
            "absent",
          ),
          tie("vector"),
        )
        .map(([f, v]) => `${f}(${v})`),
      // The date of NaN and of infinities is whatever the machine makes of them.
      fc
        .tuple(
          fc.constantFrom("day_of_month", "day_of_year", "days_in_month", "hour", "minute"),
          tie("vector"),
        )
        .map(([f, v]) => `${f}((${v}) > -1e9 < 1e9)`),
      fc
        .tuple(
          fc.constantFrom(
            "irate",
            "idelta",
            "deriv",
            "changes",
            "resets",
            "sum_over_time",
            "avg_over_time",
            "min_over_time",
            "max_over_time",
            "count_over_time",
            "last_over_time",
            "stddev_over_time",
            "stdvar_over_time",
            "present_over_time",
            "absent_over_time",
          ),
          tie("range"),
        )
        .map(([f, r]) => `${f}(${r})`),
      // Prometheus 3 stretches a counter that starts within its window less far than 2 did: no gaps here.
      fc
        .tuple(fc.constantFrom("rate", "increase", "delta"), tie("plainRange"))
        .map(([f, r]) => `${f}(${r})`),
      fc
        .tuple(fc.constantFrom("0.5", "0", "0.93", "1", "2"), tie("range"))
        .map(([q, r]) => `quantile_over_time(${q}, ${r})`),
      // Prometheus 2 moves a range pinned by @ along with the steps here, and then finds it empty.
      fc
        .tuple(
          tie("range").filter((r) => !/@ [^\]]*$/.test(r)),
          tie("scalar"),
        )
        .map(([r, s]) => `predict_linear(${r}, ${s})`),
      fc
        .tuple(
          fc.constantFrom("sum", "avg", "min", "max", "count", "group"),
          grouping,
          tie("vector"),
        )
        .map(([f, g, v]) => `${f}${g} (${v})`),
      // A deviation among NaN or infinities was a number in Prometheus 2.
      fc
        .tuple(fc.constantFrom("stddev", "stdvar"), grouping, tie("vector"))
        .map(([f, g, v]) => `${f}${g} ((${v}) > -1e9 < 1e9)`),
      // Which of two equal values is chosen is not said, so these take values that differ.
      fc
        .tuple(
          fc.constantFrom("topk", "bottomk"),
          grouping,
          fc.constantFrom("0", "1", "3"),
          fc.constantFrom("temp", "solo", "temp * -2", "rate(hits_total[5m])"),
        )
        .map(([f, g, k, v]) => `${f}${g} (${k}, ${v})`),
      fc
        .tuple(grouping, fc.constantFrom("0", "0.6", "1", "3"), tie("vector"))
        .map(([g, q, v]) => `quantile${g} (${q}, ${v})`),

      fc.tuple(grouping, vectorLeaf).map(([g, v]) => `count_values${g} ("value", ${v})`),
      fc
        .tuple(
          tie("vector"),
          fc.constantFrom("+", "-", "*", "/", "%", "^", ">", "<=", "== bool", "!=", "> bool"),
          tie("scalar"),
        )
        .map(([v, op, s]) => `(${v} ${op} ${s})`),
      fc
        .tuple(tie("scalar"), fc.constantFrom("+", "-", "/", "<", ">= bool"), tie("vector"))
        .map(([s, op, v]) => `(${s} ${op} ${v})`),
      fc
        .tuple(
          tie("vector"),
          fc.constantFrom(
            "+",
            "/",
            ">",
            "== bool",
            "+ on(job)",
            "* on(job) group_left(team)",
            "- on(instance)",
            "> on(instance)",
            "<= ignoring(zone)",
            "!= on(job) group_left()",
            "< bool on(job, instance)",
            "and on()",
            "unless on()",
            "* ignoring(instance, zone) group_right()",
            "/ on(zone, job) group_left()",
            "and",
            "or",
            "unless",
            "and on(job)",
            "or on(zone)",
            "unless on(instance)",
            "and ignoring(zone)",
          ),
          tie("vector"),
        )
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
      tie("vector").map((v) => `histogram_quantile(0.9, ${v})`),
      fc
        .tuple(fc.constantFrom("0.5", "0.99"), grouping, duration)
        .map(
          ([q, g, d]) =>
            `histogram_quantile(${q}, sum${g.replace(/\)$/, ", le)").replace("(, ", "(")} (rate(lat_bucket[${d}])))`,
        ),
      fc
        .tuple(
          tie("vector"),
          fc.constantFrom(
            '"zone", "z-$1", "zone", "(.*)"',
            '"new", "$1", "instance", "i(.)"',
            '"job", "same", "zone", ".*"',
          ),
        )
        .map(([v, a]) => `label_replace(${v}, ${a})`),
      tie("vector").map((v) => `label_join(${v}, "both", "-", "job", "zone")`),
      fc
        .tuple(tie("vector"), tie("scalar"), tie("scalar"))
        .map(([v, a, b]) => `clamp(${v}, ${a}, ${b})`),
    ),
  }),
);

type Rows = Readonly<Record<string, readonly (readonly [number, number])[]>>;

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: {
    readonly resultType: string;
    readonly result: readonly {
      readonly metric: Record<string, string>;
      readonly value?: [number, string];
      readonly values?: [number, string][];
    }[];
  };
}

function rowsOf(a: Answer): Rows | string {
  if (a.status !== "success" || a.data === undefined) return "error";
  const out: Record<string, [number, number][]> = {};
  for (const s of a.data.result) {
    const key = JSON.stringify(Object.entries(s.metric).sort());
    out[key] = (s.values ?? (s.value === undefined ? [] : [s.value])).map(([t, v]) => [
      t,
      Number(v.replace("Inf", "Infinity")),
    ]);
  }
  return out;
}

/** Rounding may differ, as Prometheus 2 and 3 sum in different ways; what hangs on the last bits of a sum is no finding. */
function sameRows(a: Rows | string, b: Rows | string): boolean {
  if (typeof a === "string" || typeof b === "string") return a === b;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((k) => {
    const x = a[k] ?? [];
    const y = b[k] ?? [];
    return (
      x.length === y.length && x.every(([t, v], i) => t === y[i]?.[0] && close(v, y[i]?.[1] ?? 0))
    );
  });
}

function close(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) === Number.isNaN(b);
  return a === b || Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
}

describe.skipIf(!hasPrometheus)("beside a real Prometheus", () => {
  const store = new MemoryQueryable();
  let prometheus: PrometheusProcess;

  beforeAll(async () => {
    prometheus = await PrometheusProcess.start();
    const series = described();
    store.load(STEP_MS, series, START_MS);
    const body = encodeWriteRequest(
      series.map((s) => ({
        labels: Array.from(
          { length: s.labels.length / 2 },
          (_, i) => [s.labels[2 * i] as string, s.labels[2 * i + 1] as string] as [string, string],
        ),
        samples: s.points.flatMap((p, i) =>
          p.kind === "float" || p.kind === "stale"
            ? [
                [START_MS + i * STEP_MS, p.kind === "float" ? p.value : STALE_BYTES] as [
                  number,
                  number | Uint8Array,
                ],
              ]
            : [],
        ),
      })),
    );
    const r = await fetch(`${prometheus.url}/api/v1/write`, {
      method: "POST",
      body: encodeSnappy(body),
      headers: { "content-encoding": "snappy", "content-type": "application/x-protobuf" },
    });
    expect(r.status).toBe(204);
  }, 30_000);

  afterAll(() => prometheus?.stop());

  async function ours(
    query: string,
    range: { startMs: number; endMs: number; stepMs: number },
  ): Promise<Answer> {
    const parsed = parseExpr(query);
    if (!parsed.ok) return { status: "error", error: parsed.error.message };
    try {
      const result =
        range.stepMs === 0
          ? await evalInstant(parsed.value, { queryable: store, atMs: range.startMs })
          : await evalRange(parsed.value, { queryable: store, ...range });
      return JSON.parse(`${resultText(result)}}}`) as Answer;
    } catch (e) {
      if (e instanceof QueryError) return { status: "error", error: e.message };
      throw e;
    }
  }

  it("answers generated queries alike", async () => {
    const range = { startMs: START_MS + 1_500_700, endMs: START_MS + 2_300_700, stepMs: 50_000 };
    const params = {
      start: String(range.startMs / 1000),
      end: String(range.endMs / 1000),
      step: "50",
    };
    const at = { startMs: START_MS + 1_700_300, endMs: START_MS + 1_700_300, stepMs: 0 };
    await fc.assert(
      fc.asyncProperty(vector, async (query) => {
        const theirs = (await prometheus.ask("query_range", { query, ...params })) as Answer;
        const mine = await ours(query, range);
        if (!sameRows(rowsOf(mine), rowsOf(theirs)))
          throw new Error(`range: ${query}\nours:   ${brief(mine)}\ntheirs: ${brief(theirs)}`);
        const theirInstant = (await prometheus.ask("query", {
          query,
          time: String(at.startMs / 1000),
        })) as Answer;
        const myInstant = await ours(query, at);
        if (!sameRows(rowsOf(myInstant), rowsOf(theirInstant)))
          throw new Error(
            `instant: ${query}\nours:   ${brief(myInstant)}\ntheirs: ${brief(theirInstant)}`,
          );
      }),
      {
        numRuns: Number(process.env["DIFFERENTIAL_RUNS"] ?? 300),
        seed: Number(process.env["DIFFERENTIAL_SEED"] ?? 20_260),
        endOnFailure: false,
      },
    );
  }, 600_000);
});

function brief(a: Answer): string {
  return a.status === "success" ? JSON.stringify(a.data).slice(0, 1500) : (a.error ?? "");
}
