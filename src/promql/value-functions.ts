import type { CallExpr, Expr } from "./ast";
import { ABSENT, type Column, FLOAT, timeAt } from "./columns";
import { type Env, mapValues, newValues, scalarOf, vectorOf } from "./env";
import { maxOf, minOf } from "./operators";
import { EMPTY_LABELS } from "../core/labels";

const UNARY: Readonly<Record<string, (x: number) => number>> = {
  abs: Math.abs,
  ceil: Math.ceil,
  exp: Math.exp,
  floor: Math.floor,
  ln: Math.log,
  log10: Math.log10,
  log2: Math.log2,
  sgn: (x) => (x < 0 ? -1 : x > 0 ? 1 : x),
  sqrt: Math.sqrt,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  deg: (x) => (x * 180) / Math.PI,
  rad: (x) => (x * Math.PI) / 180,
};

const dateOf = (seconds: number): Date => new Date(Math.trunc(seconds) * 1000);
const DAY_MS = 86_400_000;

const DATES: Readonly<Record<string, (seconds: number) => number>> = {
  year: (s) => dateOf(s).getUTCFullYear(),
  month: (s) => dateOf(s).getUTCMonth() + 1,
  day_of_month: (s) => dateOf(s).getUTCDate(),
  day_of_week: (s) => dateOf(s).getUTCDay(),
  day_of_year: (s) => {
    const d = dateOf(s);
    return Math.floor((d.getTime() - Date.UTC(d.getUTCFullYear(), 0, 1)) / DAY_MS) + 1;
  },
  days_in_month: (s) => {
    const d = dateOf(s);
    return new Date(Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + 1, 0)).getUTCDate();
  },
  hour: (s) => dateOf(s).getUTCHours(),
  minute: (s) => dateOf(s).getUTCMinutes(),
};

/** Functions that look at each value alone; undefined where `e` is none of them. */
export function evalValueFunction(e: CallExpr, env: Env): Column[] | undefined {
  const unary = UNARY[e.func];
  if (unary !== undefined) return mapValues(vectorOf(e.args[0] as Expr, env), env, unary);
  const date = DATES[e.func];
  if (date !== undefined) {
    if (e.args[0] === undefined) return [{ ...timeColumn(env), values: times(env).map(date) }];
    return mapValues(vectorOf(e.args[0], env), env, date);
  }
  switch (e.func) {
    case "round":
      return round(e, env);
    case "clamp":
      return clamp(e, scalarOf(e.args[1] as Expr, env), scalarOf(e.args[2] as Expr, env), env);
    case "clamp_min":
      return clamp(e, scalarOf(e.args[1] as Expr, env), undefined, env);
    case "clamp_max":
      return clamp(e, undefined, scalarOf(e.args[1] as Expr, env), env);
    default:
      return undefined;
  }
}

/** The evaluation times in seconds. */
export function times(env: Env): Float64Array {
  return newValues(env).map((_, i) => timeAt(env.grid, i) / 1000);
}

function timeColumn(env: Env): Column {
  return {
    labels: EMPTY_LABELS,
    dropName: false,
    kinds: new Uint8Array(env.grid.steps).fill(FLOAT),
    values: times(env),
  };
}

function round(e: CallExpr, env: Env): Column[] {
  const nearest = e.args[1] === undefined ? undefined : scalarOf(e.args[1], env);
  // Dividing by the inverse loses less than multiplying by the nearest (0.1 → 10).
  return mapValues(vectorOf(e.args[0] as Expr, env), env, (x, i) => {
    const inverse = 1 / (nearest === undefined ? 1 : (nearest[i] as number));
    return Math.floor(x * inverse + 0.5) / inverse;
  });
}

function clamp(
  e: CallExpr,
  min: Float64Array | undefined,
  max: Float64Array | undefined,
  env: Env,
): Column[] {
  const columns = mapValues(vectorOf(e.args[0] as Expr, env), env, (x, i) => {
    const low = min === undefined ? -Infinity : (min[i] as number);
    const high = max === undefined ? Infinity : (max[i] as number);
    return maxOf(low, minOf(high, x));
  });
  if (min === undefined || max === undefined) return columns;
  // Nothing lies between a minimum and a lower maximum.
  const crossed = Array.from(min, (low, i) => (max[i] as number) < low);
  if (!crossed.includes(true)) return columns;
  return columns.map((c) => ({
    ...c,
    kinds: c.kinds.map((kind, i) => (crossed[i] === true ? ABSENT : kind)),
  }));
}
