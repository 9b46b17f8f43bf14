import type { ArithmeticOp, BinaryExpr, BinaryOp, SetOp, VectorMatching } from "./ast";
import { isComparison, isSetOp, isTrim } from "./ast";
import { ABSENT, type Column, FLOAT, type Value } from "./columns";
import { type Env, hasHistograms, isEmpty, newValues } from "./env";
import { combineColumns, scalarColumn } from "./histogram-binary";
import { matchVectors } from "./matching";
import { arithmetic, comparison } from "./operators";
import { executionError } from "./query-error";
import { quote } from "./quoting";
import { setOperation } from "./set-operations";

const DEFAULT_MATCHING: VectorMatching = { card: "one-to-one", on: false, labels: [], include: [] };

export function evalBinary(e: BinaryExpr, env: Env): Value {
  const lhs = env.evaluate(e.lhs, env);
  const rhs = env.evaluate(e.rhs, env);
  const { op } = e;
  if (isSetOp(op)) {
    return {
      type: "vector",
      columns: setOperation(
        op satisfies SetOp,
        columnsOf(lhs),
        columnsOf(rhs),
        e.matching ?? DEFAULT_MATCHING,
      ),
    };
  }
  if (lhs.type === "scalar" && rhs.type === "scalar") {
    const f = scalarOperation(op);
    return { type: "scalar", values: lhs.values.map((a, i) => f(a, rhs.values[i] as number)) };
  }
  if (lhs.type === "vector" && rhs.type === "vector") {
    return {
      type: "vector",
      columns: matchVectors(e, lhs.columns, rhs.columns, e.matching ?? DEFAULT_MATCHING, env),
    };
  }
  const columns = columnsOf(lhs.type === "vector" ? lhs : rhs);
  const scalar =
    lhs.type === "scalar" ? lhs.values : rhs.type === "scalar" ? rhs.values : undefined;
  if (scalar === undefined) throw new Error("binary expression over a string");
  return { type: "vector", columns: withScalar(e, columns, scalar, lhs.type === "scalar", env) };
}

function scalarOperation(op: Exclude<BinaryOp, SetOp>): (a: number, b: number) => number {
  if (isTrim(op)) executionError(`operator ${quote(op)} not allowed for Scalar operations`);
  if (!isComparison(op)) return arithmetic(op);
  const holds = comparison(op);
  return (a, b) => (holds(a, b) ? 1 : 0);
}

function columnsOf(v: Value): readonly Column[] {
  if (v.type !== "vector") throw new Error(`expected a vector, got ${v.type}`);
  return v.columns;
}

function withScalar(
  e: BinaryExpr,
  columns: readonly Column[],
  scalar: Float64Array,
  scalarFirst: boolean,
  env: Env,
): Column[] {
  const { op } = e;
  if (isTrim(op) || hasHistograms(columns))
    return histogramsWithScalar(e, columns, scalar, scalarFirst, env);
  const out: Column[] = [];
  if (isComparison(op)) {
    const holds = comparison(op);
    for (const c of columns) {
      const kinds = new Uint8Array(c.kinds.length);
      const values = e.returnBool ? newValues(env) : c.values;
      for (let i = 0; i < kinds.length; i++) {
        if (c.kinds[i] === ABSENT) continue;
        const v = c.values[i] as number;
        const s = scalar[i] as number;
        const kept = scalarFirst ? holds(s, v) : holds(v, s);
        if (e.returnBool) values[i] = kept ? 1 : 0;
        if (kept || e.returnBool) kinds[i] = FLOAT;
      }
      if (!isEmpty(kinds))
        out.push({ labels: c.labels, dropName: c.dropName || e.returnBool, kinds, values });
    }
    return out;
  }
  const f = arithmetic(op as ArithmeticOp);
  for (const c of columns) {
    const values = newValues(env);
    if (scalarFirst)
      for (let i = 0; i < values.length; i++)
        values[i] = f(scalar[i] as number, c.values[i] as number);
    else
      for (let i = 0; i < values.length; i++)
        values[i] = f(c.values[i] as number, scalar[i] as number);
    out.push({ labels: c.labels, dropName: true, kinds: c.kinds, values });
  }
  return out;
}

function histogramsWithScalar(
  e: BinaryExpr,
  columns: readonly Column[],
  scalar: Float64Array,
  scalarFirst: boolean,
  env: Env,
): Column[] {
  const other = scalarColumn(scalar);
  const filters = isTrim(e.op) || (isComparison(e.op) && !e.returnBool);
  const out: Column[] = [];
  for (const c of columns) {
    const result = { labels: c.labels, dropName: filters ? c.dropName : true };
    const made = scalarFirst
      ? combineColumns(e, other, c, result, env)
      : combineColumns(e, c, other, result, env);
    // A filter keeps the vector's value, whichever side it stands on.
    if (made !== undefined) out.push(filters ? { ...made, values: c.values } : made);
  }
  return out;
}
