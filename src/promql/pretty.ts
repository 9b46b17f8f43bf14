import type { Expr } from "./ast";
import { labelName, renderDurationExpr, renderExpr, renderMatching } from "./print";

const MAX_WIDTH = 100;

/** The expression over several indented lines where it is longer than 100 characters. */
export function prettyExpr(e: Expr, level = 0): string {
  const pad = "  ".repeat(level);
  const flat = renderExpr(e);
  if (flat.length <= MAX_WIDTH) return pad + flat;
  switch (e.kind) {
    case "aggregate": {
      const names = e.grouping.map(labelName).join(", ");
      const clause = e.without ? ` without (${names}) ` : names === "" ? "" : ` by (${names}) `;
      const args = e.param === undefined ? [e.expr] : [e.param, e.expr];
      return `${pad}${e.op}${clause}${list(args, level, pad)}`;
    }
    case "call":
      return `${pad}${e.func}${list(e.args, level, pad)}`;
    case "paren":
      return `${pad}(\n${prettyExpr(e.expr, level + 1)}\n${pad})`;
    case "binary": {
      const op = `${e.op}${e.returnBool ? " bool" : ""}${renderMatching(e.matching)}`;
      return `${prettyExpr(e.lhs, level + 1)}\n${pad}${op}\n${prettyExpr(e.rhs, level + 1)}`;
    }
    case "unary":
      return `${pad}${e.op}${prettyExpr(e.expr, level).trimStart()}`;
    case "subquery": {
      const tail = flat.slice(renderExpr(e.expr).length);
      return `${prettyExpr(e.expr, level)}${tail === "" ? `[${renderDurationExpr(e.range)}:]` : tail}`;
    }
    default:
      return pad + flat;
  }
}

function list(args: readonly Expr[], level: number, pad: string): string {
  return `(\n${args.map((a) => prettyExpr(a, level + 1)).join(",\n")}\n${pad})`;
}
