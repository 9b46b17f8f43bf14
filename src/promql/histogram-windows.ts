import type { Histogram } from "../core/histogram";
import { metricName } from "../core/labels";
import type { Span } from "./ast";
import { ABSENT, type Column, FLOAT, HISTOGRAM, timeAt } from "./columns";
import { type Env, isEmpty, newHistograms, newValues } from "./env";
import { type RateKind, extrapolatedColumn } from "./extrapolation";
import { mixedSchemas } from "./histogram-aggregate";
import { combined, equalHistograms, isReset, scaled } from "./histogram-arithmetic";
import {
  type Notes,
  extrapolationFactor,
  histogramChange,
  histogramInstantChange,
} from "./histogram-rate";
import type { RangeInput, RangeSeries } from "./selectors";
import { type Kernel, Window } from "./window-kernels";

/** A range function over one series that has histograms. */
export interface MixedFunction {
  readonly func: string;
  /** Of rate, increase and delta. */
  readonly rate?: RateKind | undefined;
  /** What the function makes of floats. */
  readonly kernel?: Kernel | undefined;
  readonly keepsName: boolean;
  readonly scalars: readonly Float64Array[];
  /** Where annotations point. */
  readonly at: Span;
}

/** The samples of one kind, with a window over them that slides. */
class Cursor {
  lo = 0;
  hi = 0;
  constructor(readonly timestamps: Float64Array) {}

  slide(start: number, end: number): void {
    const ts = this.timestamps;
    while (this.hi < ts.length && (ts[this.hi] as number) <= end) this.hi++;
    while (this.lo < this.hi && (ts[this.lo] as number) <= start) this.lo++;
  }

  get size(): number {
    return this.hi - this.lo;
  }
}

/** A float or a histogram at its time, as both kinds stand in one window. */
interface Point {
  readonly t: number;
  readonly value: number;
  readonly h: Histogram | undefined;
}

/**
 * Evaluates a range function for a series whose samples are histograms, or both kinds. Which functions
 * take which, and what a mix does, is Prometheus'
 * (https://prometheus.io/docs/specs/native_histograms/#functions).
 */
export function mixedColumn(
  f: MixedFunction,
  s: RangeSeries,
  input: RangeInput,
  env: Env,
): Column | undefined {
  const all = s.histograms ?? [];
  const isFloat = (_: unknown, i: number): boolean => all[i] === undefined;
  const floats = { timestamps: s.timestamps.filter(isFloat), values: s.values.filter(isFloat) };
  const native = all.filter((h) => h !== undefined);
  const hCursor = new Cursor(s.timestamps.filter((_, i) => all[i] !== undefined));
  const fCursor = new Cursor(floats.timestamps);
  const kinds = new Uint8Array(env.grid.steps);
  const values = newValues(env);
  const histograms = newHistograms(env);
  const notes: Notes = {
    annotations: env.query.annotations,
    at: f.at,
    name: metricName(s.labels),
  };
  const resetAt = resetsOf(native);
  const floatResult = floatsAlone(f, { ...s, ...floats }, input, env);
  const { ends, rangeMs } = input;
  for (let i = 0; i < ends.steps; i++) {
    const end = ends.startMs + i * ends.stepMs;
    fCursor.slide(end - rangeMs, end);
    hCursor.slide(end - rangeMs, end);
    if (hCursor.size === 0) {
      // Only floats here: as if the series had no others.
      if (fCursor.size === 0) continue;
      const v = floatResult(i, fCursor);
      if (v === undefined) continue;
      kinds[i] = FLOAT;
      values[i] = v;
      continue;
    }
    env.query.budget.visitsLeft -= hCursor.size;
    if (env.query.budget.visitsLeft < 0) env.query.budget.timedOut();
    const window: Mixed = {
      floats: fCursor,
      native,
      resetAt,
      histograms: hCursor,
      end,
      rangeMs,
      points: () => pointsIn(floats, fCursor, native, hCursor),
      floatResult: () => (fCursor.size === 0 ? undefined : floatResult(i, fCursor)),
    };
    const made = evaluateMixed(f, window, notes);
    if (made === undefined) continue;
    if (typeof made === "number") {
      kinds[i] = FLOAT;
      values[i] = made;
    } else {
      kinds[i] = HISTOGRAM;
      histograms[i] = made;
    }
  }
  if (isEmpty(kinds)) return undefined;
  return {
    labels: s.labels,
    dropName: f.keepsName ? s.dropName : true,
    kinds,
    values,
    histograms: kinds.includes(HISTOGRAM) ? histograms : undefined,
  };
}

/** Looks for each reset once, since windows overlap. */
function resetsOf(hs: readonly Histogram[]): (i: number) => boolean {
  const known = new Int8Array(hs.length);
  return (i) => {
    if (known[i] === 0) known[i] = isReset(hs[i] as Histogram, hs[i - 1] as Histogram) ? 1 : -1;
    return known[i] === 1;
  };
}

/** One window with at least one histogram in it. */
interface Mixed {
  readonly floats: Cursor;
  readonly histograms: Cursor;
  readonly native: readonly Histogram[];
  /** Whether the counter began anew at `native[i]`. */
  readonly resetAt: (i: number) => boolean;
  readonly end: number;
  readonly rangeMs: number;
  /** All samples by time. */
  readonly points: () => Point[];
  /** What the function makes of the floats alone. */
  readonly floatResult: () => number | undefined;
}

function evaluateMixed(f: MixedFunction, w: Mixed, n: Notes): number | Histogram | undefined {
  if (f.rate !== undefined) return rateOf(f.rate, w, n);
  const { annotations } = n;
  switch (f.func) {
    case "count_over_time":
      return w.floats.size + w.histograms.size;
    case "present_over_time":
      return 1;
    case "first_over_time":
    case "last_over_time": {
      const p = w.points().at(f.func === "first_over_time" ? 0 : -1) as Point;
      return p.h ?? p.value;
    }
    case "ts_of_first_over_time":
      return (w.points()[0] as Point).t / 1000;
    case "ts_of_last_over_time":
      return (w.points().at(-1) as Point).t / 1000;
    case "changes":
      return steps(w.points(), (a, b) =>
        a.h !== undefined && b.h !== undefined
          ? !equalHistograms(a.h, b.h)
          : a.value !== b.value && !(Number.isNaN(a.value) && Number.isNaN(b.value)),
      );
    case "resets":
      return steps(w.points(), (a, b) =>
        a.h !== undefined && b.h !== undefined ? isReset(b.h, a.h) : b.value < a.value,
      );
    case "irate":
    case "idelta":
      return instantChange(f.func === "irate", w.points(), n);
    case "sum_over_time":
    case "avg_over_time": {
      if (w.floats.size > 0) return mixRefused(n);
      const made = combined(
        w.native.slice(w.histograms.lo, w.histograms.hi),
        f.func === "avg_over_time",
      );
      if (made === undefined) {
        annotations.warn(mixedSchemas(n.name), n.at);
        return undefined;
      }
      if (made.resetCollision)
        annotations.warn("conflicting counter resets during histogram aggregation", n.at);
      if (made.boundsReconciled)
        annotations.info("mismatched custom buckets were reconciled during aggregation", n.at);
      return made.histogram;
    }
    default:
      // All others look at floats alone.
      if (w.floats.size > 0)
        annotations.info(
          `ignored histograms in a range containing both floats and histograms for metric name ${JSON.stringify(n.name)}`,
          n.at,
        );
      return w.floatResult();
  }
}

function mixRefused(n: Notes): undefined {
  n.annotations.warn(
    `encountered a mix of histograms and floats for metric name ${JSON.stringify(n.name)}`,
    n.at,
  );
  return undefined;
}

function rateOf(rate: RateKind, w: Mixed, n: Notes): Histogram | undefined {
  if (w.floats.size > 0) return mixRefused(n);
  const { lo, hi, timestamps } = w.histograms;
  if (hi - lo < 2) return undefined;
  const hs = w.native.slice(lo, hi);
  const change = histogramChange(hs, rate.isCounter, (i) => w.resetAt(lo + i), n);
  if (change === undefined) return undefined;
  const factor = extrapolationFactor(rate, {
    samples: hi - lo,
    firstMs: timestamps[lo] as number,
    lastMs: timestamps[hi - 1] as number,
    startMs: w.end - w.rangeMs,
    endMs: w.end,
    // As for a float counter, by the count of observations.
    first: (hs[0] as Histogram).count,
    change: change.count,
  });
  return scaled(change, factor);
}

function instantChange(isRate: boolean, points: Point[], n: Notes): number | Histogram | undefined {
  const last = points.at(-1);
  const before = points.at(-2);
  if (last === undefined || before === undefined) return undefined;
  const seconds = (last.t - before.t) / 1000;
  if (last.h !== undefined && before.h !== undefined)
    return histogramInstantChange(before.h, last.h, seconds, isRate, n);
  if (last.h !== undefined || before.h !== undefined) return mixRefused(n);
  if (!isRate) return last.value - before.value;
  return (last.value < before.value ? last.value : last.value - before.value) / seconds;
}

/** How often `differs` holds between neighbours; from a float to a histogram and back it always does. */
function steps(points: readonly Point[], differs: (a: Point, b: Point) => boolean): number {
  let count = 0;
  for (let i = 1; i < points.length; i++) {
    const a = points[i - 1] as Point;
    const b = points[i] as Point;
    if ((a.h === undefined) !== (b.h === undefined) || differs(a, b)) count++;
  }
  return count;
}

function pointsIn(
  floats: { readonly timestamps: Float64Array; readonly values: Float64Array },
  f: Cursor,
  native: readonly Histogram[],
  h: Cursor,
): Point[] {
  const out: Point[] = [];
  for (let i = f.lo; i < f.hi; i++)
    out.push({
      t: floats.timestamps[i] as number,
      value: floats.values[i] as number,
      h: undefined,
    });
  for (let i = h.lo; i < h.hi; i++)
    out.push({ t: h.timestamps[i] as number, value: Number.NaN, h: native[i] });
  return out.sort((a, b) => a.t - b.t);
}

/** The float function over the floats of a series, asked step by step. */
function floatsAlone(
  f: MixedFunction,
  s: RangeSeries,
  input: RangeInput,
  env: Env,
): (step: number, c: Cursor) => number | undefined {
  const { rate, kernel } = f;
  if (rate !== undefined || kernel === undefined) {
    const kinds = new Uint8Array(env.grid.steps);
    const values = newValues(env);
    if (rate !== undefined) extrapolatedColumn(s, input, rate, kinds, values);
    return (i) => (kinds[i] === ABSENT ? undefined : values[i]);
  }
  const [p, q] = f.scalars;
  const w = new Window();
  w.timestamps = s.timestamps;
  w.values = s.values;
  return (i, c) => {
    w.lo = c.lo;
    w.hi = c.hi;
    w.evalMs = timeAt(env.grid, i);
    w.absent = false;
    const v = kernel(w, p?.[i] ?? 0, q?.[i] ?? 0);
    return w.absent ? undefined : v;
  };
}
