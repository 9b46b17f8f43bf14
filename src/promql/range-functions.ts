import { metricName } from "../core/labels";
import { type CallExpr, type Expr, type MatrixSelector, type Subquery, unwrapParens } from "./ast";
import { ABSENT, type Column, FLOAT, timeAt } from "./columns";
import { exactKernel } from "./exact-sums";
import { type Env, isEmpty, newValues, scalarOf } from "./env";
import { type RateKind, extrapolatedColumn } from "./extrapolation";
import { formatShortest } from "./format-float";
import { mixedColumn } from "./histogram-windows";
import { type RangeInput, evalRangeArgument } from "./selectors";
import { quantileColumn } from "./sliding-quantile";
import { weightedKernel } from "./weighted-kernels";
import * as k from "./window-kernels";

interface RangeFunction {
  readonly kernel: k.Kernel;
  /** first_over_time and last_over_time give back samples as they are, name included. */
  readonly keepsName?: boolean;
}

const KERNELS: ReadonlyMap<string, RangeFunction> = new Map<string, RangeFunction>([
  ["avg_over_time", { kernel: k.avgOverTime }],
  ["changes", { kernel: k.changes }],
  ["count_over_time", { kernel: k.countOverTime }],
  ["deriv", { kernel: k.deriv }],
  ["double_exponential_smoothing", { kernel: k.doubleExponentialSmoothing }],
  ["first_over_time", { kernel: k.firstOverTime, keepsName: true }],
  ["idelta", { kernel: k.idelta }],
  ["irate", { kernel: k.irate }],
  ["last_over_time", { kernel: k.lastOverTime, keepsName: true }],
  ["mad_over_time", { kernel: k.madOverTime }],
  ["max_over_time", { kernel: k.maxOverTime }],
  ["min_over_time", { kernel: k.minOverTime }],
  ["predict_linear", { kernel: k.predictLinear }],
  ["present_over_time", { kernel: k.presentOverTime }],
  ["resets", { kernel: k.resets }],
  ["stddev_over_time", { kernel: k.stddevOverTime }],
  ["stdvar_over_time", { kernel: k.stdvarOverTime }],
  ["sum_over_time", { kernel: k.sumOverTime }],
  ["ts_of_first_over_time", { kernel: k.tsOfFirst }],
  ["ts_of_last_over_time", { kernel: k.tsOfLast }],
  ["ts_of_max_over_time", { kernel: k.tsOfMax }],
  ["ts_of_min_over_time", { kernel: k.tsOfMin }],
]);

const EXTRAPOLATED: ReadonlyMap<string, RateKind> = new Map([
  ["rate", { isCounter: true, perSecond: true }],
  ["increase", { isCounter: true, perSecond: false }],
  ["delta", { isCounter: false, perSecond: false }],
]);

const COUNTER_NAME = /(?:_total|_sum|_count|_bucket)$/;

export function isRangeFunction(name: string): boolean {
  return KERNELS.has(name) || EXTRAPOLATED.has(name) || name === "quantile_over_time";
}

/** Evaluates a function of a range vector for every series and step. */
export function evalRangeFunction(e: CallExpr, env: Env): Column[] {
  const at = e.args.findIndex((a) => isRangeArgument(unwrapParens(a)));
  const argument = unwrapParens(e.args[at] as Expr) as MatrixSelector | Subquery;
  const input = evalRangeArgument(argument, env);
  const rate = EXTRAPOLATED.get(e.func);
  if (rate !== undefined) return extrapolated(e, rate, argument, input, env);
  if (e.func === "quantile_over_time") return quantiles(e, e.args[0] as Expr, input, env);
  const fn = KERNELS.get(e.func);
  if (fn === undefined) throw new Error(`not a range function: ${e.func}`);
  const scalars = e.args.filter((_, i) => i !== at).map((a) => scalarOf(a, env));
  const out: Column[] = [];
  const w = new k.Window();
  for (const s of input.series) {
    if (s.histograms !== undefined) {
      const mixed = { func: e.func, ...fn, keepsName: fn.keepsName === true, scalars };
      const c = mixedColumn({ ...mixed, at: argument.span }, s, input, env);
      if (c !== undefined) out.push(c);
      continue;
    }
    const kinds = new Uint8Array(env.grid.steps);
    const values = newValues(env);
    w.timestamps = s.timestamps;
    w.values = s.values;
    const special =
      s.weights === undefined ? exactKernel(e.func, s.values) : weightedKernel(e.func, s.weights);
    runKernel(special ?? fn.kernel, w, input, scalars, env, kinds, values);
    if (!isEmpty(kinds))
      out.push({
        labels: s.labels,
        dropName: fn.keepsName === true ? s.dropName : true,
        kinds,
        values,
      });
  }
  return out;
}

function isRangeArgument(e: Expr): boolean {
  return e.kind === "matrixSelector" || e.kind === "subquery";
}

function runKernel(
  kernel: k.Kernel,
  w: k.Window,
  input: RangeInput,
  scalars: readonly Float64Array[],
  env: Env,
  kinds: Uint8Array,
  values: Float64Array,
): void {
  const { ends, rangeMs } = input;
  const ts = w.timestamps;
  const n = ts.length;
  const [p, q] = scalars;
  const { budget } = env.query;
  let visitsLeft = budget.visitsLeft;
  let lo = 0;
  let hi = 0;
  for (let i = 0; i < ends.steps; i++) {
    const end = ends.startMs + i * ends.stepMs;
    while (hi < n && (ts[hi] as number) <= end) hi++;
    while (lo < hi && (ts[lo] as number) <= end - rangeMs) lo++;
    if (lo === hi) continue;
    visitsLeft -= hi - lo;
    if (visitsLeft < 0) budget.timedOut();
    w.lo = lo;
    w.hi = hi;
    w.evalMs = timeAt(env.grid, i);
    w.absent = false;
    const v = kernel(
      w,
      p === undefined ? 0 : (p[i] as number),
      q === undefined ? 0 : (q[i] as number),
    );
    if (w.absent) continue;
    kinds[i] = FLOAT;
    values[i] = v;
  }
  budget.visitsLeft = visitsLeft;
}

function extrapolated(
  e: CallExpr,
  rate: RateKind,
  argument: MatrixSelector | Subquery,
  input: RangeInput,
  env: Env,
): Column[] {
  const out: Column[] = [];
  for (const s of input.series) {
    if (s.histograms !== undefined) {
      const mixed = { func: e.func, rate, keepsName: false, scalars: [], at: argument.span };
      const c = mixedColumn(mixed, s, input, env);
      if (c !== undefined) out.push(c);
      continue;
    }
    const kinds = new Uint8Array(env.grid.steps);
    const values = newValues(env);
    extrapolatedColumn(s, input, rate, kinds, values);
    if (isEmpty(kinds)) continue;
    out.push({ labels: s.labels, dropName: true, kinds, values });
  }
  if (rate.isCounter) {
    const floats = out.find((c) => c.kinds.includes(FLOAT));
    const name = floats === undefined ? "" : metricName(floats.labels);
    if (name !== "" && !COUNTER_NAME.test(name)) {
      env.query.annotations.info(
        `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${JSON.stringify(name)}`,
        argument.span,
      );
    }
  }
  return out;
}

function quantiles(e: CallExpr, q: Expr, input: RangeInput, env: Env): Column[] {
  const qs = scalarOf(q, env);
  warnOfQuantile(qs, q, env);
  const out: Column[] = [];
  for (const s of input.series) {
    if (s.histograms !== undefined) {
      const mixed = { func: e.func, kernel: k.quantileKernel, keepsName: false, scalars: [qs] };
      const c = mixedColumn({ ...mixed, at: q.span }, s, input, env);
      if (c !== undefined) out.push(c);
      continue;
    }
    const kinds = new Uint8Array(env.grid.steps);
    const values = newValues(env);
    quantileColumn(s, input, qs, kinds, values);
    if (!isEmpty(kinds)) out.push({ labels: s.labels, dropName: true, kinds, values });
  }
  return out;
}

export function warnOfQuantile(qs: Float64Array, at: Expr, env: Env): void {
  for (const q of qs) {
    if (q >= 0 && q <= 1) continue;
    env.query.annotations.warn(
      `quantile value should be between 0 and 1, got ${formatShortest(q)}`,
      at.span,
    );
  }
}

/** Per step, whether any series has a sample in its window. */
export function anyInWindow(argument: MatrixSelector | Subquery, env: Env): Uint8Array {
  const input = evalRangeArgument(argument, env);
  const found = new Uint8Array(env.grid.steps).fill(ABSENT);
  const none: readonly Float64Array[] = [];
  const values = new Float64Array(env.grid.steps);
  const w = new k.Window();
  for (const s of input.series) {
    w.timestamps = s.timestamps;
    w.values = s.values;
    runKernel(k.presentOverTime, w, input, none, env, found, values);
  }
  return found;
}
