import type { DurationExpr } from "./ast";
import type { Token } from "./tokens";
import { MAX_CHAIN, MAX_DEPTH, SyntaxStop, TokenCursor } from "./token-cursor";

/** How tightly a binary operator binds; `^` alone binds to the right. */
export const PRECEDENCE: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  "==": 3,
  "!=": 3,
  ">": 3,
  "<": 3,
  ">=": 3,
  "<=": 3,
  "</": 3,
  ">/": 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
  "%": 5,
  atan2: 5,
  "^": 6,
};
/** A sign binds tighter than `*` and looser than `^`. */
export const UNARY_OPERAND = 5.5;
const DURATION_EXPECTED = "number, duration, step(), or range()";

/** Reads durations, which have an arithmetic of their own. */
export abstract class DurationParser extends TokenCursor {
  protected mustBePositive(d: DurationExpr, from: Token): void {
    if (d.kind === "literal" && d.ms <= 0)
      this.stop({ start: from.start, end: this.prevEnd }, "duration must be greater than 0");
    if (this.problems.length > 0)
      this.stop({ start: from.start, end: this.prevEnd }, "duration must be greater than 0");
  }

  protected offsetDuration(): DurationExpr {
    const signs: boolean[] = [];
    while (this.isOp("-") || this.isOp("+")) {
      signs.push(this.next().text === "-");
      if (signs.length > MAX_DEPTH) this.stop(this.cur, "expression is nested too deeply");
    }
    const before = this.problems.length;
    let d = this.durationPrimary("offset");
    if (this.problems.length > before) throw new SyntaxStop();
    for (const negative of signs) if (negative) d = negated(d);
    return d;
  }

  protected durationExpr(minPrecedence: number, context: string): DurationExpr {
    if (++this.depth > MAX_DEPTH) this.stop(this.cur, "expression is nested too deeply");
    let lhs: DurationExpr;
    if (this.isOp("-") || this.isOp("+")) {
      const negative = this.next().text === "-";
      const of = this.durationExpr(UNARY_OPERAND, context);
      lhs = negative ? negated(of) : of;
    } else lhs = this.durationPrimary(context);
    for (let links = 0; ; links++) {
      const t = this.cur;
      if (t.kind !== "operator") break;
      if (links > MAX_CHAIN) this.stop(t, "expression has too many operands");
      const precedence = PRECEDENCE[t.text] ?? 0;
      if (
        precedence < 4 ||
        precedence < minPrecedence ||
        (precedence === minPrecedence && t.text !== "^")
      )
        break;
      this.at++;
      const rhs = this.durationExpr(precedence, context);
      if (rhs.kind === "literal" && rhs.ms === 0 && (t.text === "/" || t.text === "%")) {
        this.report(t, t.text === "/" ? "division by zero" : "modulo by zero");
      }
      lhs = { kind: "arith", op: t.text as "+" | "-" | "*" | "/" | "%" | "^", lhs, rhs };
    }
    this.depth--;
    return lhs;
  }

  protected durationPrimary(context: string): DurationExpr {
    const t = this.cur;
    if (t.kind === "number" || t.kind === "duration") {
      this.at++;
      return { kind: "literal", ms: this.durationTokenMs(t) };
    }
    if (this.isPunct("(")) {
      this.at++;
      const of = this.durationExpr(0, context);
      this.expectPunct(")", context);
      return { kind: "paren", of };
    }
    const word = t.kind === "keyword" || t.kind === "identifier" ? t.text.toLowerCase() : "";
    if (word === "step" || word === "range") {
      this.at++;
      if (!this.isPunct("(")) this.unexpected(context, DURATION_EXPECTED);
      this.at++;
      this.expectPunct(")", context);
      return { kind: word };
    }
    if (word === "min_of" || word === "max_of") {
      this.at++;
      this.expectPunct("(", context);
      const lhs = this.durationExpr(0, context);
      this.expectPunct(",", context);
      const rhs = this.durationExpr(0, context);
      this.expectPunct(")", context);
      return { kind: "pick", func: word, lhs, rhs };
    }
    return this.unexpected(context, DURATION_EXPECTED);
  }
}

function negated(d: DurationExpr): DurationExpr {
  return d.kind === "literal" ? { ...d, ms: -d.ms } : { kind: "negate", of: d };
}
