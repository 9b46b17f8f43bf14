import type { Histogram } from "../core/histogram";
import { metricName } from "../core/labels";
import type { CallExpr, Expr, Span } from "./ast";
import { type Column, FLOAT } from "./columns";
import { type Env, histogramAt, isEmpty, newValues, vectorOf } from "./env";
import {
  type Estimate,
  histogramFraction,
  histogramQuantile,
  histogramVariance,
} from "./histogram-estimates";
import { quote } from "./quoting";

const STATISTICS: Readonly<Record<string, (h: Histogram) => number>> = {
  histogram_avg: (h) => h.sum / h.count,
  histogram_count: (h) => h.count,
  histogram_sum: (h) => h.sum,
  histogram_stddev: (h) => Math.sqrt(histogramVariance(h)),
  histogram_stdvar: histogramVariance,
};

/** A figure of each native histogram; floats give none. Undefined where `e` is no such function. */
export function evalHistogramStatistic(e: CallExpr, env: Env): Column[] | undefined {
  const statistic = STATISTICS[e.func];
  if (statistic === undefined) return undefined;
  return nativeOf(vectorOf(e.args[0] as Expr, env))
    .map((c) => perHistogram(c, env, (h) => statistic(h)))
    .filter((c) => !isEmpty(c.kinds));
}

/** The columns that hold native histograms. */
export function nativeOf(columns: readonly Column[]): readonly Column[] {
  return columns.filter((c) => c.histograms !== undefined);
}

function perHistogram(c: Column, env: Env, f: (h: Histogram, step: number) => number): Column {
  const kinds = new Uint8Array(env.grid.steps);
  const values = newValues(env);
  for (let i = 0; i < kinds.length; i++) {
    const h = histogramAt(c, i);
    if (h === undefined) continue;
    kinds[i] = FLOAT;
    values[i] = f(h, i);
  }
  return { labels: c.labels, dropName: true, kinds, values };
}

/** The quantile of each native histogram of a column. What NaN observations do to it is told at `at`. */
export function nativeQuantiles(c: Column, q: Float64Array, at: Span, env: Env): Column {
  return perHistogram(c, env, (h, i) =>
    noted(histogramQuantile(q[i] as number, h), c, "histogram_quantile", at, env),
  );
}

export function nativeFractions(
  c: Column,
  lower: Float64Array,
  upper: Float64Array,
  at: Span,
  env: Env,
): Column {
  return perHistogram(c, env, (h, i) =>
    noted(
      histogramFraction(lower[i] as number, upper[i] as number, h),
      c,
      "histogram_fraction",
      at,
      env,
    ),
  );
}

function noted(e: Estimate, c: Column, func: string, at: Span, env: Env): number {
  if (e.note !== "none") {
    const name = metricName(c.labels);
    const effect = e.note === "excluded" ? "which are excluded from all fractions" : e.note;
    env.query.annotations.info(
      `input to ${func} has NaN observations, ${effect}${name === "" ? "" : ` for metric name ${quote(name)}`}`,
      at,
    );
  }
  return e.value;
}
