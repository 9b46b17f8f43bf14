import type { Context } from "hono";
import type { AtModifier, DurationExpr, Expr, VectorSelector } from "../../promql/ast";
import { resolveDuration } from "../../promql/durations";
import { formatFloat, typeOf } from "../../promql";
import { prettyExpr } from "../../promql/pretty";
import { SIGNATURES } from "../../promql/signatures";
import type { AppEnv } from "../deps";
import { queryParam, readParams } from "./params";
import { failure, success } from "./respond";

/** `/api/v1/format_query` */
export async function formatQuery(c: Context<AppEnv>): Promise<Response> {
  const params = await readParams(c);
  if (!params.ok) return failure(params.error);
  const expr = queryParam(params.value);
  return expr.ok ? success(prettyExpr(expr.value)) : failure(expr.error);
}

/** `/api/v1/parse_query` */
export async function parseQuery(c: Context<AppEnv>): Promise<Response> {
  const params = await readParams(c);
  if (!params.ok) return failure(params.error);
  const expr = queryParam(params.value);
  return expr.ok ? success(treeOf(expr.value)) : failure(expr.error);
}

/** The tree as Prometheus' web interface reads it. Durations are ms; those known only at run time count as 0. */
export function treeOf(e: Expr): Record<string, unknown> {
  switch (e.kind) {
    case "number":
      return { type: "numberLiteral", val: formatFloat(e.value) };
    case "string":
      return { type: "stringLiteral", val: e.value };
    case "paren":
      return { type: "parenExpr", expr: treeOf(e.expr) };
    case "unary":
      return { type: "unaryExpr", op: e.op, expr: treeOf(e.expr) };
    case "vectorSelector":
      return { type: "vectorSelector", ...selector(e) };
    case "matrixSelector":
      return { type: "matrixSelector", range: ms(e.range), ...selector(e.selector) };
    case "subquery":
      return {
        type: "subquery",
        expr: treeOf(e.expr),
        range: ms(e.range),
        step: ms(e.step),
        offset: ms(e.offset),
        ...at(e.at),
      };
    case "binary": {
      const vectors = typeOf(e.lhs) === "vector" && typeOf(e.rhs) === "vector";
      const m = vectors ? e.matching : undefined;
      const matching =
        m === undefined
          ? null
          : {
              card: m.card,
              labels: m.labels,
              on: m.on,
              include: m.include,
              // What an absent side counts as; the modifiers that set it are refused by name.
              fillValues: { lhs: null, rhs: null },
            };
      return {
        type: "binaryExpr",
        op: e.op,
        lhs: treeOf(e.lhs),
        rhs: treeOf(e.rhs),
        matching,
        bool: e.returnBool,
      };
    }
    case "aggregate":
      return {
        type: "aggregation",
        op: e.op,
        expr: treeOf(e.expr),
        param: e.param === undefined ? null : treeOf(e.param),
        grouping: e.grouping,
        without: e.without,
      };
    case "call": {
      const sig = SIGNATURES.get(e.func);
      const func = {
        name: e.func,
        argTypes: sig?.args ?? [],
        variadic: sig?.variadic ?? 0,
        returnType: sig?.returns ?? "vector",
      };
      return { type: "call", func, args: e.args.map(treeOf) };
    }
  }
}

function selector(s: VectorSelector): Record<string, unknown> {
  return {
    name: s.name,
    offset: ms(s.offset),
    matchers: s.matchers.map(({ name, value, type }) => ({ name, value, type })),
    ...at(s.at),
    // Modifiers that are refused by name.
    anchored: false,
    smoothed: false,
  };
}

function at(a: AtModifier | undefined): {
  timestamp: number | null;
  startOrEnd: "start" | "end" | null;
} {
  if (a === undefined) return { timestamp: null, startOrEnd: null };
  return a.kind === "time"
    ? { timestamp: a.ms, startOrEnd: null }
    : { timestamp: null, startOrEnd: a.kind };
}

function ms(d: DurationExpr | undefined): number {
  if (d === undefined) return 0;
  const resolved = resolveDuration(d, { stepMs: 0, rangeMs: 0 });
  return resolved.ok ? resolved.value : 0;
}
