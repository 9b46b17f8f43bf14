import type { Histogram } from "../core/histogram";
import { compareLabels, type Labels, EMPTY_LABELS } from "../core/labels";
import { type Queryable, SampleBudgetError, ShardUnavailableError } from "../core/metric-store";
import type { Series } from "../core/series";
import { Annotations } from "./annotations";
import { type Expr, type MatrixSelector, type Subquery, unwrapParens } from "./ast";
import { typeOf } from "./check";
import { ABSENT, type Column, type Grid, type Histograms, timeAt } from "./columns";
import { type Env, type QueryContext, SampleBudget, histogramAt } from "./env";
import { evaluate } from "./evaluate";
import { dropMarkedNames } from "./merge";
import { DEFAULT_LOOKBACK_MS, planQuery } from "./plan";
import { QueryError, TOO_MANY_SAMPLES } from "./query-error";
import { samplesPerStep, weightOf } from "./sample-stats";
import { compact, evalRangeArgument, inLabelOrder } from "./selectors";

export const DEFAULT_MAX_SAMPLES = 4_000_000;

export interface QueryOptions {
  readonly queryable: Queryable;
  /** How far back an instant selector looks for a sample; 5 min. */
  readonly lookbackMs?: number;
  /** Samples held at once before the query is ended; 4 million. */
  readonly maxSamples?: number;
  /** How often samples may be read in windows before the query counts as timed out. */
  readonly maxVisits?: number;
  /** The step of a subquery that names none; 1 min. */
  readonly subqueryStepMs?: number;
  /** Counts the samples that each step looks at, as Prometheus does for `stats`. */
  readonly perStepStats?: boolean;
}

export interface VectorSample {
  readonly labels: Labels;
  readonly timestampMs: number;
  readonly value: number;
  /** Where the sample is a native histogram; `value` is then NaN without meaning. */
  readonly histogram?: Histogram;
}

/** One series of a matrix: times (ms) and values side by side. */
export interface MatrixSeries {
  readonly labels: Labels;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  /** Only where the series has histograms: as of core/series Series. */
  readonly histograms?: readonly (Histogram | undefined)[];
}

export interface QueryStats {
  /** Samples read; with `perStepStats` those of all steps together, each as often as it is looked at. */
  readonly totalSamples: number;
  readonly peakSamples: number;
  readonly samplesPerStep?: readonly { readonly timestampMs: number; readonly samples: number }[];
}

export type QueryResult = QueryValue & {
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  readonly stats: QueryStats;
};

export type QueryValue =
  | { readonly type: "scalar"; readonly timestampMs: number; readonly value: number }
  | { readonly type: "string"; readonly timestampMs: number; readonly value: string }
  | { readonly type: "vector"; readonly samples: readonly VectorSample[] }
  | { readonly type: "matrix"; readonly series: readonly MatrixSeries[] };

/**
 * Evaluates at one time.
 * @throws QueryError with Prometheus' kind and message
 */
export async function evalInstant(
  expr: Expr,
  o: QueryOptions & { readonly atMs: number },
): Promise<QueryResult> {
  const q = await prepare(expr, o, { startMs: o.atMs, endMs: o.atMs, stepMs: 0, isRange: false });
  const env: Env = { query: q, grid: { startMs: o.atMs, stepMs: 0, steps: 1 }, evaluate };
  const value = instantValue(expr, env, o.atMs);
  return finish(q, value, o.perStepStats === true ? stepStats(expr, q, env.grid) : undefined);
}

/**
 * Evaluates at startMs, startMs + stepMs, … up to endMs.
 * @throws QueryError with Prometheus' kind and message
 */
export async function evalRange(
  expr: Expr,
  o: QueryOptions & { readonly startMs: number; readonly endMs: number; readonly stepMs: number },
): Promise<QueryResult> {
  const type = typeOf(expr);
  if (type !== "vector" && type !== "scalar") {
    const shown = type === "matrix" ? "range vector" : type;
    throw new QueryError(
      "bad_data",
      `invalid expression type "${shown}" for range query, must be Scalar or instant Vector`,
    );
  }
  const steps = Math.floor((o.endMs - o.startMs) / o.stepMs) + 1;
  if (!(steps >= 1))
    throw new QueryError("bad_data", "end timestamp must not be before start time");
  const q = await prepare(expr, o, {
    startMs: o.startMs,
    endMs: o.endMs,
    stepMs: o.stepMs,
    isRange: true,
  });
  q.budget.foresee(steps);
  const grid: Grid = { startMs: o.startMs, stepMs: o.stepMs, steps };
  const value = evaluate(expr, { query: q, grid, evaluate });
  const columns: readonly Column[] =
    value.type === "scalar"
      ? [
          {
            labels: EMPTY_LABELS,
            dropName: false,
            kinds: new Uint8Array(steps).fill(1),
            values: value.values,
          },
        ]
      : value.type === "vector"
        ? dropMarkedNames(value.columns)
        : [];
  return finish(
    q,
    { type: "matrix", series: matrixOf(columns, grid) },
    o.perStepStats === true ? stepStats(expr, q, grid) : undefined,
  );
}

interface Range {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  readonly isRange: boolean;
}

async function prepare(expr: Expr, o: QueryOptions, range: Range): Promise<QueryContext> {
  const lookbackMs = o.lookbackMs ?? DEFAULT_LOOKBACK_MS;
  const plan = planQuery(expr, {
    ...range,
    lookbackMs,
    subqueryStepMs: o.subqueryStepMs ?? 60_000,
  });
  const budget = new SampleBudget(o.maxSamples ?? DEFAULT_MAX_SAMPLES, o.maxVisits);
  const answers =
    plan.requests.length === 0 ? [] : await selectAll(o.queryable, plan.requests, budget.max);
  const data = answers.map(inLabelOrder);
  for (const series of data) for (const s of series) budget.take(samplesOf(s));
  return { plan, data, lookbackMs, ...range, annotations: new Annotations(), budget };
}

function samplesOf(s: Series): number {
  if (s.histograms === undefined) return s.timestamps.length;
  return s.histograms.reduce((n, h) => n + weightOf(h), 0);
}

async function selectAll(
  queryable: Queryable,
  requests: Parameters<Queryable["select"]>[0],
  maxSamples: number,
): Promise<readonly (readonly Series[])[]> {
  try {
    return await queryable.select(requests, { maxSamples });
  } catch (e) {
    if (e instanceof SampleBudgetError) throw new QueryError("execution", TOO_MANY_SAMPLES);
    if (e instanceof ShardUnavailableError) throw new QueryError("unavailable", e.message);
    throw e;
  }
}

function instantValue(expr: Expr, env: Env, atMs: number): QueryValue {
  const inner = unwrapParens(expr);
  if (inner.kind === "matrixSelector" || inner.kind === "subquery")
    return { type: "matrix", series: rangeVector(inner, env) };
  const value = evaluate(expr, env);
  switch (value.type) {
    case "scalar":
      return { type: "scalar", timestampMs: atMs, value: value.values[0] as number };
    case "string":
      return { type: "string", timestampMs: atMs, value: value.value };
    case "vector": {
      const samples: VectorSample[] = [];
      for (const c of dropMarkedNames(value.columns)) {
        if (c.kinds[0] === ABSENT) continue;
        const { labels } = c;
        const histogram = histogramAt(c, 0);
        samples.push(
          histogram === undefined
            ? { labels, timestampMs: atMs, value: c.values[0] as number }
            : { labels, timestampMs: atMs, value: Number.NaN, histogram },
        );
      }
      return { type: "vector", samples };
    }
  }
}

/** A range vector as the whole query: its samples themselves. */
function rangeVector(e: MatrixSelector | Subquery, env: Env): MatrixSeries[] {
  const { series, rangeMs, ends } = evalRangeArgument(e, env);
  const out: MatrixSeries[] = [];
  for (const s of series) {
    let from = 0;
    let to = s.timestamps.length;
    while (to > 0 && (s.timestamps[to - 1] as number) > ends.startMs) to--;
    while (from < to && (s.timestamps[from] as number) <= ends.startMs - rangeMs) from++;
    if (from === to) continue;
    const labels = s.dropName ? namelessLabels(s.labels) : s.labels;
    out.push({
      labels,
      timestamps: s.timestamps.slice(from, to),
      values: s.values.slice(from, to),
      ...histogramsIn(s.histograms?.slice(from, to)),
    });
  }
  return out.sort((a, b) => compareLabels(a.labels, b.labels));
}

function namelessLabels(labels: Labels): Labels {
  return (
    dropMarkedNames([
      { labels, dropName: true, kinds: new Uint8Array(0), values: new Float64Array(0) },
    ])[0]?.labels ?? labels
  );
}

function matrixOf(columns: readonly Column[], grid: Grid): MatrixSeries[] {
  const every = Float64Array.from({ length: grid.steps }, (_, i) => timeAt(grid, i));
  const out: MatrixSeries[] = [];
  for (const c of columns) {
    // A series without gaps needs no copy: times are shared, values are the column's own.
    if (!c.kinds.includes(ABSENT) && c.histograms === undefined) {
      out.push({ labels: c.labels, timestamps: every, values: c.values });
      continue;
    }
    const { labels, timestamps, values, histograms } = compact(c, grid);
    if (timestamps.length > 0)
      out.push({ labels, timestamps, values, ...histogramsIn(histograms) });
  }
  return out.sort((a, b) => compareLabels(a.labels, b.labels));
}

/** For an answer: only where there are any. */
function histogramsIn(histograms: Histograms | undefined): { readonly histograms?: Histograms } {
  return histograms?.some((h) => h !== undefined) === true ? { histograms } : {};
}

type StepStats = Pick<QueryStats, "totalSamples" | "samplesPerStep">;

function stepStats(expr: Expr, q: QueryContext, grid: Grid): StepStats {
  const counts = samplesPerStep(expr, q, grid);
  return {
    totalSamples: counts.reduce((a, b) => a + b, 0),
    samplesPerStep: Array.from(counts, (samples, i) => ({ timestampMs: timeAt(grid, i), samples })),
  };
}

function finish(q: QueryContext, value: QueryValue, stats: StepStats | undefined): QueryResult {
  let totalSamples = 0;
  for (const series of q.data) for (const s of series) totalSamples += samplesOf(s);
  return {
    ...value,
    warnings: q.annotations.warnings,
    infos: q.annotations.infos,
    stats: { totalSamples, peakSamples: q.budget.peak, ...stats },
  };
}
