import {
  type Labels,
  METRIC_NAME,
  labelValue,
  labelsKey,
  metricName,
  withLabel,
} from "../core/labels";
import type { CallExpr, Expr } from "./ast";
import { ABSENT, type Column, FLOAT, HISTOGRAM, timeAt } from "./columns";
import { type Env, floatsOf, isEmpty, newValues, scalarOf, stringOf, vectorOf } from "./env";
import { formatFloat, formatShortest } from "./format-float";
import { nativeFractions, nativeOf, nativeQuantiles } from "./histogram-functions";
import { mergeSameLabels } from "./merge";
import { quote } from "./quoting";
import { warnOfQuantile } from "./range-functions";

/** Bucket bounds (`le`) rising, with the columns that count up to them. */
interface Histogram {
  readonly labels: Labels;
  readonly name: string;
  readonly bounds: number[];
  readonly buckets: Column[];
  /** Steps at which a native histogram of the same labels stands, so that neither counts. */
  blocked?: Uint8Array;
}

/** What a histogram function is given: buckets by series, and native histograms. */
interface Inputs {
  readonly classic: readonly Histogram[];
  readonly native: readonly Column[];
}

/** Counts may differ by this share without being wrong: floating-point sums come in any order. */
const SMALL_DELTA = 1e-12;

export function evalHistogramFunction(e: CallExpr, env: Env): readonly Column[] | undefined {
  switch (e.func) {
    case "histogram_quantile": {
      const q = scalarOf(e.args[0] as Expr, env);
      warnOfQuantile(q, e.args[0] as Expr, env);
      const at = e.args[1] as Expr;
      const repairs: Repairs = new Map();
      const out = perHistogram(
        inputsOf(at, env),
        (h) => quantiles(h, q, repairs, env),
        (c) => nativeQuantiles(c, q, (e.args[0] as Expr).span, env),
      );
      tellOfRepairs(repairs, at, env);
      return out;
    }
    case "histogram_quantiles": {
      const at = e.args[0] as Expr;
      const label = stringOf(e.args[1] as Expr, env);
      const inputs = inputsOf(at, env);
      const out: Column[] = [];
      const repairs: Repairs = new Map();
      for (const arg of e.args.slice(2)) {
        const q = scalarOf(arg, env);
        warnOfQuantile(q, arg, env);
        const found = perHistogram(
          inputs,
          (h) => quantiles(h, q, repairs, env),
          (c) => nativeQuantiles(c, q, at.span, env),
        );
        for (const c of found) out.push(...labelledByQuantile(c, label, q));
      }
      tellOfRepairs(repairs, at, env);
      return mergeSameLabels(out);
    }
    case "histogram_fraction": {
      const lower = scalarOf(e.args[0] as Expr, env);
      const upper = scalarOf(e.args[1] as Expr, env);
      return perHistogram(
        inputsOf(e.args[2] as Expr, env),
        (h) => fractions(h, lower, upper, env),
        (c) => nativeFractions(c, lower, upper, (e.args[0] as Expr).span, env),
      );
    }
    default:
      return undefined;
  }
}

/** The quantile becomes a label; where it changes between steps, so does the series. */
function labelledByQuantile(c: Column, label: string, q: Float64Array): Column[] {
  const byText = new Map<string, Uint8Array>();
  for (let i = 0; i < q.length; i++) {
    if (c.kinds[i] === ABSENT) continue;
    const value = q[i] as number;
    const text = Number.isInteger(value) ? `${formatFloat(value)}.0` : formatFloat(value);
    let kinds = byText.get(text);
    if (kinds === undefined) byText.set(text, (kinds = new Uint8Array(q.length)));
    kinds[i] = FLOAT;
  }
  return Array.from(byText, ([text, kinds]) => ({
    ...c,
    kinds,
    labels: withLabel(c.labels, label, text),
  }));
}

function perHistogram(
  inputs: Inputs,
  ofClassic: (h: Histogram) => Column,
  ofNative: (c: Column) => Column,
): readonly Column[] {
  const classic = inputs.classic.map(ofClassic);
  if (inputs.native.length === 0) return classic.filter((c) => !isEmpty(c.kinds));
  const all = [...inputs.native.map(ofNative), ...classic];
  return mergeSameLabels(all.filter((c) => !isEmpty(c.kinds)));
}

function inputsOf(at: Expr, env: Env): Inputs {
  const columns = vectorOf(at, env);
  const classic = histogramsOf(floatsOf(columns), at, env);
  const native = nativeOf(columns);
  if (native.length === 0) return { classic: [...classic.values()], native };
  return {
    classic: [...classic.values()],
    native: native.map((c) => {
      const rival = classic.get(labelsKey(withLabel(c.labels, "le", "")));
      return rival === undefined ? c : withoutConflicts(c, rival, at, env);
    }),
  };
}

/** Where both stand, neither the native histogram nor the buckets count, which is told. */
function withoutConflicts(c: Column, rival: Histogram, at: Expr, env: Env): Column {
  const blocked = (rival.blocked ??= new Uint8Array(c.kinds.length));
  const kinds = c.kinds.slice();
  for (let i = 0; i < kinds.length; i++) {
    if (kinds[i] !== HISTOGRAM || !rival.buckets.some((b) => b.kinds[i] === FLOAT)) continue;
    kinds[i] = ABSENT;
    blocked[i] = 1;
    const of = rival.name === "" ? "" : ` for metric name ${quote(rival.name)}`;
    env.query.annotations.warn(
      `vector contains a mix of classic and native histograms${of}`,
      at.span,
    );
  }
  return { ...c, kinds };
}

/** Groups bucket series by everything but `le`. */
function histogramsOf(columns: readonly Column[], at: Expr, env: Env): Map<string, Histogram> {
  const byLabels = new Map<string, Histogram>();
  for (const c of columns) {
    const le = labelValue(c.labels, "le");
    const bound = parseBound(le);
    if (bound === undefined) {
      const name = metricName(c.labels);
      const of = name === "" ? "" : ` for metric name ${quote(name)}`;
      env.query.annotations.warn(
        `bucket label "le" is missing or has a malformed value of ${quote(le)}${of}`,
        at.span,
      );
      continue;
    }
    const labels = withLabel(c.labels, "le", "");
    const key = labelsKey(labels);
    let h = byLabels.get(key);
    if (h === undefined)
      byLabels.set(
        key,
        (h = { labels, name: labelValue(labels, METRIC_NAME), bounds: [], buckets: [] }),
      );
    let i = h.bounds.length;
    while (i > 0 && (h.bounds[i - 1] as number) > bound) i--;
    h.bounds.splice(i, 0, bound);
    h.buckets.splice(i, 0, c);
  }
  return byLabels;
}

function parseBound(le: string): number | undefined {
  if (/^[+]?inf(inity)?$/i.test(le)) return Infinity;
  if (/^-inf(inity)?$/i.test(le)) return -Infinity;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(le)) return undefined;
  return Number(le);
}

/** The buckets of one step; equal bounds (`0.2`, `2e-1`) are one bucket. Reused from step to step. */
interface Buckets {
  n: number;
  readonly bounds: Float64Array;
  readonly counts: Float64Array;
}

function bucketsAt(h: Histogram, i: number, into: Buckets): void {
  let n = 0;
  into.n = 0;
  if (h.blocked?.[i] === 1) return;
  for (let b = 0; b < h.buckets.length; b++) {
    const c = h.buckets[b] as Column;
    if (c.kinds[i] === ABSENT) continue;
    const bound = h.bounds[b] as number;
    const count = c.values[i] as number;
    if (n > 0 && into.bounds[n - 1] === bound)
      into.counts[n - 1] = (into.counts[n - 1] as number) + count;
    else {
      into.bounds[n] = bound;
      into.counts[n++] = count;
    }
  }
  into.n = n;
}

function bufferFor(h: Histogram): Buckets {
  return {
    n: 0,
    bounds: new Float64Array(h.buckets.length),
    counts: new Float64Array(h.buckets.length),
  };
}

interface Repair {
  lowest: number;
  highest: number;
  largest: number;
  firstMs: number;
  lastMs: number;
  /** How many steps needed it. */
  samples: number;
}

/** By metric name: one word about all series of a metric. */
type Repairs = Map<string, Repair>;

function quantiles(h: Histogram, qs: Float64Array, repairs: Repairs, env: Env): Column {
  const kinds = new Uint8Array(env.grid.steps);
  const values = newValues(env);
  const buckets = bufferFor(h);
  let repair: Repair | undefined;
  for (let i = 0; i < values.length; i++) {
    bucketsAt(h, i, buckets);
    if (buckets.n === 0) continue;
    kinds[i] = FLOAT;
    const q = qs[i] as number;
    if (!(q >= 0 && q <= 1)) {
      values[i] = Number.isNaN(q) ? Number.NaN : q < 0 ? -Infinity : Infinity;
      continue;
    }
    if (buckets.bounds[buckets.n - 1] !== Infinity) {
      values[i] = Number.NaN;
      continue;
    }
    repair = makeMonotonic(buckets, timeAt(env.grid, i), repair);
    values[i] = bucketQuantile(q, buckets);
  }
  if (repair !== undefined) addRepair(repairs, h.name, repair);
  return { labels: h.labels, dropName: true, kinds, values };
}

function addRepair(repairs: Repairs, name: string, r: Repair): void {
  const all = repairs.get(name);
  if (all === undefined) {
    repairs.set(name, r);
    return;
  }
  all.lowest = Math.min(all.lowest, r.lowest);
  all.highest = Math.max(all.highest, r.highest);
  all.largest = Math.max(all.largest, r.largest);
  all.firstMs = Math.min(all.firstMs, r.firstMs);
  all.lastMs = Math.max(all.lastMs, r.lastMs);
  all.samples += r.samples;
}

function tellOfRepairs(repairs: Repairs, at: Expr, env: Env): void {
  for (const [name, r] of repairs) tellOfRepair(r, name, at, env);
}

function tellOfRepair(r: Repair, name: string, at: Expr, env: Env): void {
  const of = name === "" ? "" : ` for metric name ${quote(name)}`;
  const time = (ms: number): string => {
    const date = new Date(ms);
    return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString().replace(/\.\d+Z$/, "Z");
  };
  env.query.annotations.info(
    `input to histogram_quantile needed to be fixed for monotonicity ` +
      `(see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)${of}, ` +
      `from buckets ${formatShortest(r.lowest)} to ${formatShortest(r.highest)}, with a max diff of ${formatShortest(Number(r.largest.toPrecision(2)))}, ` +
      `over ${r.samples} samples from ${time(r.firstMs)} to ${time(r.lastMs)}`,
    at.span,
  );
}

/** Cumulative counts never fall; where they do, by a rounding error or a torn scrape, the earlier one is kept. */
function makeMonotonic(b: Buckets, ms: number, known: Repair | undefined): Repair | undefined {
  let repair = known;
  let prev = b.counts[0] as number;
  for (let i = 1; i < b.n; i++) {
    const cur = b.counts[i] as number;
    if (cur === prev) continue;
    if (nearlyEqual(prev, cur)) {
      b.counts[i] = prev;
      continue;
    }
    if (cur < prev) {
      const bound = b.bounds[i] as number;
      repair ??= { lowest: bound, highest: bound, largest: 0, firstMs: ms, lastMs: ms, samples: 0 };
      repair.lowest = Math.min(repair.lowest, bound);
      repair.highest = Math.max(repair.highest, bound);
      repair.largest = Math.max(repair.largest, prev - cur);
      if (repair.samples === 0 || repair.lastMs !== ms) repair.samples++;
      repair.lastMs = ms;
      b.counts[i] = prev;
      continue;
    }
    prev = cur;
  }
  return repair;
}

function nearlyEqual(a: number, b: number): boolean {
  const sum = Math.abs(a) + Math.abs(b);
  return Math.abs(a - b) / Math.min(sum, Number.MAX_VALUE) < SMALL_DELTA;
}

/** Linear interpolation within the bucket that the rank falls into. */
function bucketQuantile(q: number, b: Buckets): number {
  const last = b.n - 1;
  if (b.n < 2) return Number.NaN;
  const observations = b.counts[last] as number;
  if (observations === 0) return Number.NaN;
  let rank = q * observations;
  let i = 0;
  while (i < last && !((b.counts[i] as number) >= rank)) i++;
  if (i === last) return b.bounds[last - 1] as number;
  const end = b.bounds[i] as number;
  if (i === 0 && end <= 0) return end;
  let start = 0;
  let count = b.counts[i] as number;
  if (i > 0) {
    start = b.bounds[i - 1] as number;
    count -= b.counts[i - 1] as number;
    rank -= b.counts[i - 1] as number;
  }
  return start + (end - start) * (rank / count);
}

function fractions(h: Histogram, lower: Float64Array, upper: Float64Array, env: Env): Column {
  const kinds = new Uint8Array(env.grid.steps);
  const values = newValues(env);
  const buckets = bufferFor(h);
  for (let i = 0; i < values.length; i++) {
    bucketsAt(h, i, buckets);
    if (buckets.n === 0) continue;
    kinds[i] = FLOAT;
    makeMonotonic(buckets, 0, undefined);
    values[i] = bucketFraction(lower[i] as number, upper[i] as number, buckets);
  }
  return { labels: h.labels, dropName: true, kinds, values };
}

/** The share of observations between two values, interpolating within buckets of finite width. */
function bucketFraction(lower: number, upper: number, b: Buckets): number {
  const last = b.n - 1;
  if (b.bounds[last] !== Infinity) return Number.NaN;
  const observations = b.counts[last] as number;
  if (observations === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN;
  if (lower >= upper) return 0;
  return (rankOf(upper, b) - rankOf(lower, b)) / observations;
}

/** How many observations lie at or below a value. */
function rankOf(x: number, b: Buckets): number {
  const last = b.n - 1;
  if (x === Infinity) return b.counts[last] as number;
  if (x === -Infinity) return 0;
  let i = 0;
  while (i < last && (b.bounds[i] as number) <= x) i++;
  const below = i === 0 ? 0 : (b.counts[i - 1] as number);
  const end = b.bounds[i] as number;
  // The lowest bucket reaches down to 0 where its bound is positive, else to −∞.
  const start = i > 0 ? (b.bounds[i - 1] as number) : end > 0 ? 0 : -Infinity;
  if (x <= start) return below;
  // Nothing can be interpolated in a bucket without an end: the last counts for none, the first as a whole.
  if (i === last) return below;
  if (start === -Infinity) return b.counts[i] as number;
  return below + ((b.counts[i] as number) - below) * ((x - start) / (end - start));
}
