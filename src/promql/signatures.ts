import type { ValueType } from "./ast";

/** How a function is called. `variadic`: how many of the last arguments may be missing; −1: the last one repeats, from none up. */
export interface FunctionSignature {
  readonly args: readonly ValueType[];
  readonly variadic: number;
  readonly returns: ValueType;
}

const v = "vector" as const;
const s = "scalar" as const;
const m = "matrix" as const;
const t = "string" as const;

const vectorToVector: FunctionSignature = { args: [v], variadic: 0, returns: v };
const rangeToVector: FunctionSignature = { args: [m], variadic: 0, returns: v };
const constant: FunctionSignature = { args: [], variadic: 0, returns: s };
const dateOf: FunctionSignature = { args: [v], variadic: 1, returns: v };
const sig = (args: readonly ValueType[], returns: ValueType, variadic = 0): FunctionSignature => ({
  args,
  variadic,
  returns,
});

const ELEMENTWISE =
  "abs ceil exp floor ln log10 log2 sgn sqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh deg rad sort sort_desc timestamp absent histogram_avg histogram_count histogram_sum histogram_stddev histogram_stdvar";
const OVER_TIME =
  "rate irate increase delta idelta deriv changes resets absent_over_time avg_over_time count_over_time first_over_time last_over_time mad_over_time max_over_time min_over_time present_over_time stddev_over_time stdvar_over_time sum_over_time ts_of_first_over_time ts_of_last_over_time ts_of_max_over_time ts_of_min_over_time";
const DATES = "days_in_month day_of_month day_of_week day_of_year hour minute month year";
const CONSTANTS = "time pi step range start end";

const entries: [string, FunctionSignature][] = [
  ...ELEMENTWISE.split(" ").map((n): [string, FunctionSignature] => [n, vectorToVector]),
  ...OVER_TIME.split(" ").map((n): [string, FunctionSignature] => [n, rangeToVector]),
  ...DATES.split(" ").map((n): [string, FunctionSignature] => [n, dateOf]),
  ...CONSTANTS.split(" ").map((n): [string, FunctionSignature] => [n, constant]),
  ["clamp", sig([v, s, s], v)],
  ["clamp_max", sig([v, s], v)],
  ["clamp_min", sig([v, s], v)],
  ["double_exponential_smoothing", sig([m, s, s], v)],
  ["histogram_fraction", sig([s, s, v], v)],
  ["histogram_quantile", sig([s, v], v)],
  // One to ten quantiles.
  ["histogram_quantiles", sig([v, t, ...Array.from({ length: 10 }, () => s)], v, 9)],
  ["info", sig([v, v], v, 1)],
  ["label_join", sig([v, t, t, t], v, -1)],
  ["label_replace", sig([v, t, t, t, t], v)],
  ["max_of", sig([s, s], s)],
  ["min_of", sig([s, s], s)],
  ["predict_linear", sig([m, s], v)],
  ["quantile_over_time", sig([s, m], v)],
  ["round", sig([v, s], v, 1)],
  ["scalar", sig([v], s)],
  ["sort_by_label", sig([v, t], v, -1)],
  ["sort_by_label_desc", sig([v, t], v, -1)],
  ["vector", sig([s], v)],
];

/** Every function of the language, by name (https://prometheus.io/docs/prometheus/latest/querying/functions/). */
export const SIGNATURES: ReadonlyMap<string, FunctionSignature> = new Map(entries);
