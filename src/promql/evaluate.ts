import { evalAggregate } from "./aggregate";
import type { Expr } from "./ast";
import { evalBinary } from "./binary";
import { evalCall } from "./calls";
import { ABSENT, type Column, type Value } from "./columns";
import { type Env, isEmpty } from "./env";
import { negated } from "./histogram-binary";
import { executionError } from "./query-error";
import { evalVectorSelector } from "./selectors";

/**
 * Evaluates an expression at every step of the grid at once. What does not change
 * between steps is evaluated at one and repeated. Once a node has its value, what
 * its parts held counts no more against the sample budget.
 */
export function evaluate(e: Expr, env: Env): Value {
  const { budget, plan } = env.query;
  const before = budget.held;
  let value: Value;
  if (env.grid.steps > 1 && plan.invariant.has(e) && e.kind !== "string") {
    const once = dispatch(e, { ...env, grid: { ...env.grid, steps: 1 } });
    if (once.type === "vector") budget.take(once.columns.length * env.grid.steps);
    value = repeated(once, env.grid.steps);
  } else value = dispatch(e, env);
  budget.held = before;
  budget.take(heldBy(value));
  return value;
}

function heldBy(v: Value): number {
  if (v.type === "string") return 0;
  if (v.type === "scalar") return v.values.length;
  return v.columns.length * (v.columns[0]?.values.length ?? 0);
}

function repeated(v: Value, steps: number): Value {
  switch (v.type) {
    case "string":
      return v;
    case "scalar":
      return { type: "scalar", values: new Float64Array(steps).fill(v.values[0] as number) };
    case "vector":
      return {
        type: "vector",
        columns: v.columns.map((c): Column => ({
          ...c,
          kinds: new Uint8Array(steps).fill(c.kinds[0] ?? ABSENT),
          values: new Float64Array(steps).fill(c.values[0] as number),
          histograms:
            c.histograms === undefined
              ? undefined
              : Array.from({ length: steps }, () => c.histograms?.[0]),
        })),
      };
  }
}

function dispatch(e: Expr, env: Env): Value {
  switch (e.kind) {
    case "number":
      return { type: "scalar", values: new Float64Array(env.grid.steps).fill(e.value) };
    case "string":
      return { type: "string", value: e.value };
    case "paren":
      return evaluate(e.expr, env);
    case "vectorSelector":
      return { type: "vector", columns: evalVectorSelector(e, env) };
    case "unary": {
      const v = evaluate(e.expr, env);
      if (e.op === "+") return v;
      if (v.type === "scalar") return { type: "scalar", values: v.values.map((x) => -x) };
      if (v.type === "string") throw new Error("unary operator over a string");
      return { type: "vector", columns: negated(v.columns, env) };
    }
    case "binary":
      return evalBinary(e, env);
    case "aggregate":
      return {
        type: "vector",
        columns: evalAggregate(e, env).filter((c) => !isEmpty(c.kinds)),
      };
    case "call":
      return evalCall(e, env);
    case "matrixSelector":
    case "subquery":
      return executionError(
        "a range vector can only be the argument of a function or the whole of an instant query",
      );
  }
}
