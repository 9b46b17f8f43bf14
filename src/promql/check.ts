import { METRIC_NAME } from "../core/labels";
import { compileMatcher } from "../core/matchers";
import type {
  AggregateExpr,
  BinaryExpr,
  CallExpr,
  Expr,
  Span,
  ValueType,
  VectorSelector,
} from "./ast";
import { isComparison, isSetOp } from "./ast";
import { quote } from "./quoting";
import { SIGNATURES } from "./signatures";

type Report = (span: Span, message: string) => void;

const DOCUMENTED: Readonly<Record<ValueType, string>> = {
  scalar: "scalar",
  vector: "instant vector",
  matrix: "range vector",
  string: "string",
};

/** The type of an expression's value. */
export function typeOf(e: Expr): ValueType {
  switch (e.kind) {
    case "number":
      return "scalar";
    case "string":
      return "string";
    case "vectorSelector":
    case "aggregate":
      return "vector";
    case "matrixSelector":
    case "subquery":
      return "matrix";
    case "unary":
    case "paren":
      return typeOf(e.expr);
    case "binary":
      return typeOf(e.lhs) === "scalar" && typeOf(e.rhs) === "scalar" ? "scalar" : "vector";
    case "call":
      return SIGNATURES.get(e.func)?.returns ?? "vector";
  }
}

/** Reports every type mistake, with Prometheus' messages. */
export function checkTypes(e: Expr, report: Report): void {
  switch (e.kind) {
    case "number":
    case "string":
      return;
    case "paren":
      return checkTypes(e.expr, report);
    case "unary": {
      checkTypes(e.expr, report);
      const t = typeOf(e.expr);
      if (t !== "scalar" && t !== "vector") {
        report(
          e.span,
          `unary expression only allowed on expressions of type scalar or instant vector, got ${quote(DOCUMENTED[t])}`,
        );
      }
      return;
    }
    case "vectorSelector":
      return checkSelector(e, report);
    case "matrixSelector":
      return checkSelector(e.selector, report);
    case "subquery": {
      checkTypes(e.expr, report);
      const t = typeOf(e.expr);
      if (t !== "vector")
        report(e.span, `subquery is only allowed on instant vector, got ${t} instead`);
      return;
    }
    case "binary":
      return checkBinary(e, report);
    case "aggregate":
      return checkAggregate(e, report);
    case "call":
      return checkCall(e, report);
  }
}

function checkSelector(s: VectorSelector, report: Report): void {
  const named = s.matchers.filter((m) => m.name === METRIC_NAME && m.type === "=");
  if (s.name !== "") {
    const second = s.matchers.slice(1).find((m) => m.name === METRIC_NAME);
    if (second !== undefined)
      report(
        s.span,
        `metric name must not be set twice: ${quote(s.name)} or ${quote(second.value)}`,
      );
    return;
  }
  const bare = named.find((m, i) => i > 0 && m.value !== named[0]?.value);
  if (bare !== undefined)
    report(
      s.span,
      `metric name must not be set twice: ${quote(named[0]?.value ?? "")} or ${quote(bare.value)}`,
    );
  if (s.matchers.every((m) => compileMatcher(m)(""))) {
    report(s.span, "vector selector must contain at least one non-empty matcher");
  }
}

function checkBinary(e: BinaryExpr, report: Report): void {
  checkTypes(e.lhs, report);
  checkTypes(e.rhs, report);
  const lt = typeOf(e.lhs);
  const rt = typeOf(e.rhs);
  if (e.returnBool && !isComparison(e.op))
    report(e.span, "bool modifier can only be used on comparison operators");
  if (isComparison(e.op) && !e.returnBool && lt === "scalar" && rt === "scalar") {
    report(e.span, "comparisons between scalars must use BOOL modifier");
  }
  const m = e.matching;
  for (const label of m?.labels ?? []) {
    if (m?.on === true && m.include.includes(label)) {
      report(e.span, `label ${quote(label)} must not occur in ON and GROUP clause at once`);
    }
  }
  for (const side of [e.lhs, e.rhs]) {
    const t = typeOf(side);
    if (t !== "scalar" && t !== "vector")
      report(side.span, "binary expression must contain only scalar and instant vector types");
  }
  if (lt !== "vector" || rt !== "vector") {
    if ((m?.labels.length ?? 0) > 0)
      report(e.span, "vector matching only allowed between instant vectors");
  } else if (isSetOp(e.op) && m !== undefined && m.card !== "many-to-many") {
    report(e.span, `no grouping allowed for ${quote(e.op)} operation`);
    report(e.span, "set operations must always be many-to-many");
  }
  if ((lt === "scalar" || rt === "scalar") && isSetOp(e.op)) {
    report(e.span, `set operator ${quote(e.op)} not allowed in binary scalar expression`);
  }
}

function checkAggregate(e: AggregateExpr, report: Report): void {
  if (e.param !== undefined) {
    checkTypes(e.param, report);
    expectType(
      e.param,
      e.op === "count_values" ? "string" : "scalar",
      "aggregation parameter",
      report,
    );
  }
  checkTypes(e.expr, report);
  expectType(e.expr, "vector", "aggregation expression", report);
}

function expectType(e: Expr, want: ValueType, context: string, report: Report): void {
  const got = typeOf(e);
  if (got !== want)
    report(e.span, `expected type ${DOCUMENTED[want]} in ${context}, got ${DOCUMENTED[got]}`);
}

function checkCall(e: CallExpr, report: Report): void {
  const sig = SIGNATURES.get(e.func);
  if (sig === undefined) return;
  const count = e.args.length;
  const named = quote(e.func);
  const most = sig.args.length;
  if (sig.variadic === 0) {
    if (count !== most)
      report(e.span, `expected ${most} argument(s) in call to ${named}, got ${count}`);
  } else {
    const least = most - Math.abs(sig.variadic);
    if (count < least)
      report(e.span, `expected at least ${least} argument(s) in call to ${named}, got ${count}`);
    if (sig.variadic > 0 && count > most)
      report(e.span, `expected at most ${most} argument(s) in call to ${named}, got ${count}`);
  }
  if (e.func === "info" && e.args[1] !== undefined) {
    const second = e.args[1];
    if (second.kind !== "vectorSelector") {
      report(second.span, "expected label selectors only");
      return;
    }
    if (second.name !== "") {
      report(second.span, "expected label selectors only, got vector selector instead");
      return;
    }
    checkTypes(e.args[0] as Expr, report);
    return;
  }
  e.args.forEach((arg, i) => {
    if (i >= most && sig.variadic >= 0) return;
    checkTypes(arg, report);
    const want = sig.args[sig.variadic < 0 ? Math.min(i, most - 1) : i];
    if (want !== undefined) expectType(arg, want, `call to function ${named}`, report);
  });
}
