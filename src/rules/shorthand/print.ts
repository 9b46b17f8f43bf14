import { type Expr, parseExpr, renderExpr, renderParseError } from "../../promql";
import { PRECEDENCE } from "../../promql/duration-parser";
import { renderMatching } from "../../promql/print";

const MAX_WIDTH = 100;

/** PromQL that was put together from parts, without needless parentheses and over several lines where it is long. */
export function printed(expr: string): string {
  const parsed = parseExpr(expr);
  if (!parsed.ok)
    throw new Error(
      `a compiled expression does not parse: ${renderParseError(parsed.error)}: ${expr}`,
    );
  return layout(bare(parsed.value, 0, false));
}

/** Alternatives stand under each other, and parentheses around several lines on lines of their own. */
function layout(e: Expr): string {
  const flat = renderExpr(e);
  if (flat.length <= MAX_WIDTH) return flat;
  switch (e.kind) {
    case "paren":
      return `(\n${indented(layout(e.expr))}\n)`;
    case "aggregate":
    case "call": {
      const args = e.kind === "call" ? e.args : [e.expr];
      const [arg] = args;
      const inner = arg === undefined ? "" : renderExpr(arg);
      // The argument of what has one alone stands on lines of its own.
      if (args.length !== 1 || arg === undefined || !flat.endsWith(`(${inner})`)) return flat;
      return `${flat.slice(0, -inner.length - 1)}\n${indented(layout(arg))}\n)`;
    }
    case "binary": {
      const op = `${e.op}${renderMatching(e.matching)}`;
      if (!SET_OPS.has(e.op)) return `${layout(e.lhs)} ${op} ${layout(e.rhs)}`;
      const lhs = e.lhs.kind === "binary" && e.lhs.op === e.op ? chain(e.lhs) : layout(e.lhs);
      return `${lhs}\n${op} ${layout(e.rhs)}`;
    }
    default:
      return flat;
  }
}

const SET_OPS: ReadonlySet<string> = new Set(["or", "and", "unless"]);

/** The beginning of a chain of equal operators, of which each operand has a line. */
function chain(e: Expr & { readonly kind: "binary" }): string {
  const lhs = e.lhs.kind === "binary" && e.lhs.op === e.op ? chain(e.lhs) : layout(e.lhs);
  return `${lhs}\n${e.op}${renderMatching(e.matching)} ${layout(e.rhs)}`;
}

function indented(text: string): string {
  return text.replace(/^/gm, "  ");
}

/** `outer` is the precedence of the operator around, 0 for none; `right` tells its right side. */
function bare(e: Expr, outer: number, right: boolean): Expr {
  switch (e.kind) {
    case "paren": {
      const inner = bare(e.expr, 0, false);
      if (inner.kind === "unary") return { ...e, expr: inner };
      if (inner.kind !== "binary") return inner;
      const own = PRECEDENCE[inner.op] ?? 0;
      // Left-associative: what stands left of an equal operator needs none.
      const free = own > outer || (own === outer && !right && inner.op !== "^");
      return free ? inner : { ...e, expr: inner };
    }
    case "binary": {
      const own = PRECEDENCE[e.op] ?? 0;
      return { ...e, lhs: bare(e.lhs, own, false), rhs: bare(e.rhs, own, true) };
    }
    case "aggregate":
      return { ...e, expr: bare(e.expr, 0, false) };
    case "call":
      return { ...e, args: e.args.map((a) => bare(a, 0, false)) };
    case "unary":
      return { ...e, expr: bare(e.expr, Number.POSITIVE_INFINITY, false) };
    case "subquery": {
      // A range stands after an operand: a sum keeps its parentheses, a lone selector needs them too.
      const inner = bare(e.expr, Number.POSITIVE_INFINITY, false);
      return { ...e, expr: inner };
    }
    default:
      return e;
  }
}
