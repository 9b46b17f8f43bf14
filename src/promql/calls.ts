import { EMPTY_LABELS, METRIC_NAME, labelsFromPairs } from "../core/labels";
import {
  type CallExpr,
  type Expr,
  type MatrixSelector,
  type Subquery,
  type VectorSelector,
  unwrapParens,
} from "./ast";
import { orderByValue } from "./aggregate";
import { evalHistogramFunction } from "./classic-histograms";
import { ABSENT, type Column, FLOAT, type Value } from "./columns";
import { type Env, floatsOf, newValues, scalarOf, vectorOf } from "./env";
import { evalHistogramStatistic } from "./histogram-functions";
import { evalInfo } from "./info-function";
import { evalLabelFunction } from "./label-functions";
import { maxOf, minOf } from "./operators";
import { anyInWindow, evalRangeFunction, isRangeFunction } from "./range-functions";
import { evalVectorSelector } from "./selectors";
import { evalValueFunction, times } from "./value-functions";

/** Evaluates a function call. */
export function evalCall(e: CallExpr, env: Env): Value {
  const scalar = scalarFunction(e, env);
  if (scalar !== undefined) return { type: "scalar", values: scalar };
  return { type: "vector", columns: vectorFunction(e, env) };
}

function scalarFunction(e: CallExpr, env: Env): Float64Array | undefined {
  const { query } = env;
  const constant = (v: number): Float64Array => newValues(env).fill(v);
  switch (e.func) {
    case "time":
      return times(env);
    case "pi":
      return constant(Math.PI);
    case "start":
      return constant(query.startMs / 1000);
    case "end":
      return constant(query.endMs / 1000);
    case "step":
      return constant(query.stepMs / 1000);
    case "range":
      return constant((query.endMs - query.startMs) / 1000);
    case "min_of":
    case "max_of": {
      const a = scalarOf(e.args[0] as Expr, env);
      const b = scalarOf(e.args[1] as Expr, env);
      const pick = e.func === "min_of" ? minOf : maxOf;
      return a.map((x, i) => pick(x, b[i] as number));
    }
    case "scalar":
      return theOnlyValue(vectorOf(e.args[0] as Expr, env), env);
    default:
      return undefined;
  }
}

/** NaN where there is no series, or more than one. */
function theOnlyValue(columns: readonly Column[], env: Env): Float64Array {
  const out = newValues(env).fill(Number.NaN);
  for (let i = 0; i < out.length; i++) {
    let found = 0;
    for (const c of columns) {
      if (c.kinds[i] !== FLOAT) continue;
      out[i] = c.values[i] as number;
      if (++found > 1) break;
    }
    if (found > 1) out[i] = Number.NaN;
  }
  return out;
}

function vectorFunction(e: CallExpr, env: Env): readonly Column[] {
  if (e.func === "absent_over_time") {
    const argument = unwrapParens(e.args[0] as Expr) as MatrixSelector | Subquery;
    return absentWhere(
      anyInWindow(argument, env),
      argument.kind === "matrixSelector" ? argument.selector : undefined,
      env,
    );
  }
  if (isRangeFunction(e.func)) return evalRangeFunction(e, env);
  switch (e.func) {
    case "vector":
      return [
        {
          labels: EMPTY_LABELS,
          dropName: false,
          kinds: allPresent(env),
          values: scalarOf(e.args[0] as Expr, env),
        },
      ];
    case "timestamp":
      return timestamps(e.args[0] as Expr, env);
    case "sort":
    case "sort_desc":
      warnOfSort(e, env);
      return orderByValue(floatsOf(vectorOf(e.args[0] as Expr, env)), e.func === "sort_desc");
    case "sort_by_label":
    case "sort_by_label_desc":
      warnOfSort(e, env);
      break;
    case "absent":
      return absent(e.args[0] as Expr, env);
    case "info":
      return evalInfo(e, env);
  }
  const out =
    evalValueFunction(e, env) ??
    evalLabelFunction(e, env) ??
    evalHistogramStatistic(e, env) ??
    evalHistogramFunction(e, env);
  if (out === undefined) throw new Error(`no implementation of ${e.func}()`);
  return out;
}

function allPresent(env: Env): Uint8Array {
  return new Uint8Array(env.grid.steps).fill(FLOAT);
}

function warnOfSort(e: CallExpr, env: Env): void {
  if (!env.query.isRange) return;
  env.query.annotations.warn(
    "sort is ineffective for range queries since results are always ordered by labels",
    e.span,
  );
}

/** The time of each sample; of a plain selector the sample's own, otherwise the evaluation's. */
function timestamps(arg: Expr, env: Env): Column[] {
  const inner = unwrapParens(arg);
  if (inner.kind === "vectorSelector") return evalVectorSelector(inner, env, true);
  const values = times(env);
  return vectorOf(arg, env).map(({ labels, kinds }) => ({
    labels,
    dropName: true,
    kinds: kinds.map((k) => (k === ABSENT ? ABSENT : FLOAT)),
    values,
  }));
}

function absent(arg: Expr, env: Env): Column[] {
  const found = new Uint8Array(env.grid.steps);
  for (const c of vectorOf(arg, env))
    for (let i = 0; i < found.length; i++) if (c.kinds[i] !== ABSENT) found[i] = FLOAT;
  const inner = unwrapParens(arg);
  return absentWhere(found, inner.kind === "vectorSelector" ? inner : undefined, env);
}

function absentWhere(found: Uint8Array, selector: VectorSelector | undefined, env: Env): Column[] {
  const kinds = found.map((f) => (f === ABSENT ? FLOAT : ABSENT));
  if (!kinds.includes(FLOAT)) return [];
  return [
    { labels: labelsKnownOf(selector), dropName: false, kinds, values: newValues(env).fill(1) },
  ];
}

/** The labels that a selector pins down: by one `=`, after which no other matcher names them (functions.go, createLabelsForAbsentFunction). */
function labelsKnownOf(selector: VectorSelector | undefined): Column["labels"] {
  if (selector === undefined) return EMPTY_LABELS;
  const known = new Map<string, string>();
  const matched = new Set<string>();
  for (const m of selector.matchers) {
    if (m.name === METRIC_NAME) continue;
    if (m.type === "=" && !matched.has(m.name)) {
      known.set(m.name, m.value);
      matched.add(m.name);
    } else known.delete(m.name);
  }
  return labelsFromPairs(known);
}
