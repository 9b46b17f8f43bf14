import type { Matcher } from "../core/matchers";

/** Where an expression stands in its text. Offsets are UTF-16 units; line and column, in bytes of UTF-8, count from 1. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly line: number;
  readonly column: number;
}

export type ValueType = "scalar" | "vector" | "matrix" | "string";

export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | UnaryExpr
  | BinaryExpr
  | AggregateExpr
  | CallExpr
  | ParenExpr;

export interface NumberLiteral {
  readonly kind: "number";
  readonly value: number;
  /** Written as a duration (`5m`), which stands for its seconds. */
  readonly isDuration: boolean;
  readonly span: Span;
}

export interface StringLiteral {
  readonly kind: "string";
  readonly value: string;
  readonly span: Span;
}

/** The time of an `@` modifier: milliseconds, or an end of the query's range. */
export type AtModifier =
  | { readonly kind: "time"; readonly ms: number }
  | { readonly kind: "start" }
  | { readonly kind: "end" };

export interface VectorSelector {
  readonly kind: "vectorSelector";
  /** The name written before the braces, or "" where there is none. */
  readonly name: string;
  /** Every matcher, the one for the name included. */
  readonly matchers: readonly Matcher[];
  readonly offset: DurationExpr | undefined;
  readonly at: AtModifier | undefined;
  readonly span: Span;
}

export interface MatrixSelector {
  readonly kind: "matrixSelector";
  readonly selector: VectorSelector;
  readonly range: DurationExpr;
  readonly span: Span;
}

export interface Subquery {
  readonly kind: "subquery";
  readonly expr: Expr;
  readonly range: DurationExpr;
  /** Absent: the engine's default interval. */
  readonly step: DurationExpr | undefined;
  readonly offset: DurationExpr | undefined;
  readonly at: AtModifier | undefined;
  readonly span: Span;
}

export interface UnaryExpr {
  readonly kind: "unary";
  readonly op: "+" | "-";
  readonly expr: Expr;
  readonly span: Span;
}

export type ArithmeticOp = "+" | "-" | "*" | "/" | "%" | "^" | "atan2";
export type ComparisonOp = "==" | "!=" | ">" | "<" | ">=" | "<=";
export type SetOp = "and" | "or" | "unless";
/** Cut a histogram at a value: keep what lies below, or above. */
export type TrimOp = "</" | ">/";
export type BinaryOp = ArithmeticOp | ComparisonOp | SetOp | TrimOp;

export type Cardinality = "one-to-one" | "many-to-one" | "one-to-many" | "many-to-many";

export interface VectorMatching {
  readonly card: Cardinality;
  /** `on(…)` rather than `ignoring(…)`. */
  readonly on: boolean;
  readonly labels: readonly string[];
  /** Labels copied from the "one" side: `group_left(…)`, `group_right(…)`. */
  readonly include: readonly string[];
}

export interface BinaryExpr {
  readonly kind: "binary";
  readonly op: BinaryOp;
  readonly lhs: Expr;
  readonly rhs: Expr;
  readonly returnBool: boolean;
  /** Means something between two vectors only. */
  readonly matching: VectorMatching | undefined;
  readonly span: Span;
}

export const AGGREGATORS = [
  "sum",
  "avg",
  "count",
  "min",
  "max",
  "group",
  "stddev",
  "stdvar",
  "topk",
  "bottomk",
  "count_values",
  "quantile",
  "limitk",
  "limit_ratio",
] as const;
export type Aggregator = (typeof AGGREGATORS)[number];

export interface AggregateExpr {
  readonly kind: "aggregate";
  readonly op: Aggregator;
  readonly expr: Expr;
  readonly param: Expr | undefined;
  readonly without: boolean;
  readonly grouping: readonly string[];
  readonly span: Span;
}

export interface CallExpr {
  readonly kind: "call";
  readonly func: string;
  readonly args: readonly Expr[];
  readonly span: Span;
}

export interface ParenExpr {
  readonly kind: "paren";
  readonly expr: Expr;
  readonly span: Span;
}

/** A duration as written in `[…]` and after `offset`; `step()` and `range()` are known once a query runs. */
export type DurationExpr =
  | { readonly kind: "literal"; readonly ms: number }
  | { readonly kind: "step" }
  | { readonly kind: "range" }
  | { readonly kind: "negate"; readonly of: DurationExpr }
  | { readonly kind: "paren"; readonly of: DurationExpr }
  | {
      readonly kind: "arith";
      readonly op: "+" | "-" | "*" | "/" | "%" | "^";
      readonly lhs: DurationExpr;
      readonly rhs: DurationExpr;
    }
  | {
      readonly kind: "pick";
      readonly func: "min_of" | "max_of";
      readonly lhs: DurationExpr;
      readonly rhs: DurationExpr;
    };

export function isComparison(op: BinaryOp): op is ComparisonOp {
  return op === "==" || op === "!=" || op === ">" || op === "<" || op === ">=" || op === "<=";
}

export function isTrim(op: BinaryOp): op is TrimOp {
  return op === "</" || op === ">/";
}

export function isSetOp(op: BinaryOp): op is SetOp {
  return op === "and" || op === "or" || op === "unless";
}

/** The expression inside any parentheses. */
export function unwrapParens(e: Expr): Expr {
  let inner = e;
  while (inner.kind === "paren") inner = inner.expr;
  return inner;
}
