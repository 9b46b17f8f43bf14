import { compareLabels } from "../core/labels";
import { GAUGE, type Histogram, RESET_UNKNOWN } from "../core/histogram";
import type { Series } from "../core/series";
import { bitsOf, isStaleAt } from "../core/stale";
import type { MatrixSelector, Subquery, VectorSelector } from "./ast";
import {
  ABSENT,
  type Column,
  FLOAT,
  type Grid,
  HISTOGRAM,
  type Histograms,
  timeAt,
} from "./columns";
import { type Env, isEmpty, newHistograms, newValues, vectorOf } from "./env";
import { statisticsOf } from "./histogram-statistics";
import type { Timing } from "./plan";

/** One series' samples for a range function: no stale markers, times rising. */
export interface RangeSeries {
  readonly labels: Column["labels"];
  readonly dropName: boolean;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  /** Where the series has histograms: sample `i` where it is one (core/series.ts). */
  readonly histograms?: Histograms | undefined;
  /** Of downsampled samples: how many raw ones each stands for (core/series.ts). */
  readonly weights?: Float64Array | undefined;
}

/** The argument of a range function: each window is (end − rangeMs, end], with end = endOf(step). */
export interface RangeInput {
  readonly series: readonly RangeSeries[];
  readonly rangeMs: number;
  /** The windows' ends, one a step. */
  readonly ends: Grid;
}

function timingOf(e: VectorSelector | Subquery, env: Env): Timing {
  const t = env.query.plan.timings.get(e);
  if (t === undefined) throw new Error("selector was not planned");
  return t;
}

function fetched(e: VectorSelector, env: Env): readonly Series[] {
  const i = env.query.plan.requestOf.get(e);
  const series = i === undefined ? [] : (env.query.data[i] ?? []);
  return env.query.plan.statistics.has(e) ? series.map(statisticsOf) : series;
}

/** The reference time of every step: shifted by the offset, or standing still at `@`. */
export function referenceGrid(t: Timing, grid: Grid): Grid {
  if (t.atMs !== undefined) return { startMs: t.atMs - t.offsetMs, stepMs: 0, steps: grid.steps };
  return { startMs: grid.startMs - t.offsetMs, stepMs: grid.stepMs, steps: grid.steps };
}

/**
 * An instant selector: at each step the latest sample not older than the look-back,
 * nothing where that is a stale marker. `timestamps` asks for the samples' times instead of their values.
 */
export function evalVectorSelector(e: VectorSelector, env: Env, timestamps = false): Column[] {
  const refs = referenceGrid(timingOf(e, env), env.grid);
  const lookback = env.query.lookbackMs;
  const out: Column[] = [];
  for (const s of fetched(e, env)) {
    const kinds = new Uint8Array(refs.steps);
    const values = newValues(env);
    const { histograms } = s;
    const found = histograms === undefined || timestamps ? undefined : newHistograms(env);
    const ts = s.timestamps;
    const vs = s.values;
    const n = ts.length;
    const stale = bitsOf(vs);
    let next = 0;
    for (let i = 0; i < refs.steps; i++) {
      const ref = refs.startMs + i * refs.stepMs;
      while (next < n && (ts[next] as number) <= ref) next++;
      const at = next - 1;
      if (at < 0 || (ts[at] as number) <= ref - lookback) continue;
      const v = vs[at] as number;
      if (v !== v && isStaleAt(stale, at)) continue;
      const h = found === undefined ? undefined : histograms?.[at];
      if (found !== undefined && h !== undefined) {
        kinds[i] = HISTOGRAM;
        found[i] = h;
        continue;
      }
      kinds[i] = FLOAT;
      values[i] = timestamps ? (ts[at] as number) / 1000 : v;
    }
    if (isEmpty(kinds)) continue;
    out.push({ labels: s.labels, dropName: timestamps, kinds, values, histograms: found });
  }
  return out;
}

/** Samples without stale markers; the arrays themselves where there are none. */
function withoutStale(s: Series): RangeSeries {
  const bits = bitsOf(s.values);
  const n = s.values.length;
  let stale = 0;
  for (let i = 0; i < n; i++) {
    const v = s.values[i] as number;
    if (v !== v && isStaleAt(bits, i)) stale++;
  }
  const { labels, histograms, weights } = s;
  if (stale === 0) {
    const { timestamps, values } = s;
    return { labels, dropName: false, timestamps, values, histograms, weights };
  }
  const timestamps = new Float64Array(n - stale);
  const values = new Float64Array(n - stale);
  let k = 0;
  for (let i = 0; i < n; i++) {
    if (isStaleAt(bits, i)) continue;
    timestamps[k] = s.timestamps[i] as number;
    values[k++] = s.values[i] as number;
  }
  const isFresh = (_: unknown, i: number): boolean => !isStaleAt(bits, i);
  return {
    labels,
    dropName: false,
    timestamps,
    values,
    histograms: histograms?.filter(isFresh),
    weights: weights?.filter(isFresh),
  };
}

export function evalRangeArgument(e: MatrixSelector | Subquery, env: Env): RangeInput {
  if (e.kind === "subquery") return evalSubquery(e, env);
  const t = timingOf(e.selector, env);
  return {
    series: fetched(e.selector, env).map(withoutStale),
    rangeMs: t.rangeMs,
    ends: referenceGrid(t, env.grid),
  };
}

/** Evaluates the inner expression at the subquery's own steps, which are multiples of its interval since the epoch. */
function evalSubquery(e: Subquery, env: Env): RangeInput {
  const t = timingOf(e, env);
  const ends = referenceGrid(t, env.grid);
  const grid = subqueryGrid(t, ends);
  if (grid === undefined) return { series: [], rangeMs: t.rangeMs, ends };
  env.query.budget.foresee(grid.steps);
  const columns = vectorOf(e.expr, { ...env, grid });
  return {
    series: columns.map((c) => withoutResetHints(compact(c, grid))),
    rangeMs: t.rangeMs,
    ends,
  };
}

/** The steps that a subquery evaluates for windows that end at `ends`; none where no multiple of its step lies in them. */
export function subqueryGrid(t: Timing, ends: Grid): Grid | undefined {
  const after = ends.startMs - t.rangeMs;
  let startMs = t.stepMs * Math.trunc(after / t.stepMs);
  if (startMs <= after) startMs += t.stepMs;
  const lastMs = timeAt(ends, ends.steps - 1);
  const steps = Math.max(0, Math.floor((lastMs - startMs) / t.stepMs) + 1);
  return steps === 0 ? undefined : { startMs, stepMs: t.stepMs, steps };
}

/** A subquery may pass over samples or repeat them, so that what is known of resets between them is not. */
function withoutResetHints(s: RangeSeries): RangeSeries {
  if (s.histograms === undefined) return s;
  const histograms = s.histograms.map((h): Histogram | undefined =>
    h === undefined || h.resetHint === GAUGE ? h : { ...h, resetHint: RESET_UNKNOWN },
  );
  return { ...s, histograms };
}

/** A column as samples, absent steps left out. */
export function compact(c: Column, grid: Grid): RangeSeries {
  let n = 0;
  for (let i = 0; i < grid.steps; i++) if (c.kinds[i] !== ABSENT) n++;
  const timestamps = new Float64Array(n);
  const values = new Float64Array(n);
  const isHere = (_: unknown, i: number): boolean => c.kinds[i] !== ABSENT;
  const histograms = c.histograms
    ?.map((h, i) => (c.kinds[i] === HISTOGRAM ? h : undefined))
    .filter(isHere);
  let k = 0;
  for (let i = 0; i < grid.steps; i++) {
    if (c.kinds[i] === ABSENT) continue;
    timestamps[k] = timeAt(grid, i);
    values[k++] = c.values[i] as number;
  }
  return { labels: c.labels, dropName: c.dropName, timestamps, values, histograms };
}

/** Sorted by labels, so that an answer never depends on the order of a store. */
export function inLabelOrder(series: readonly Series[]): readonly Series[] {
  return series.toSorted((a, b) => compareLabels(a.labels, b.labels));
}
