import type { AtModifier, DurationExpr, Expr } from "./ast";
import { SelectorParser } from "./selector-parser";
import { MAX_CHAIN, SyntaxStop } from "./token-cursor";

/** 2⁶³ milliseconds in seconds. */
const MAX_TIMESTAMP_S = 2 ** 63 / 1000;

/** Reads what may stand behind an expression: ranges, subqueries, `offset` and `@`. */
export abstract class PostfixParser extends SelectorParser {
  protected postfix(first: Expr): Expr {
    let expr = first;
    for (let links = 0; ; links++) {
      if (links > MAX_CHAIN) this.stop(this.cur, "expression has too many modifiers");
      if (this.isPunct("[")) expr = this.brackets(expr);
      else if (this.isKeyword("offset") && !this.peekPunct("{")) expr = this.offset(expr);
      else if (this.isOp("@")) expr = this.atModifier(expr);
      else if (this.isKeyword("anchored") || this.isKeyword("smoothed")) {
        this.stop(
          this.cur,
          `${this.cur.text.toLowerCase()} modifier is experimental and not enabled`,
        );
      } else return expr;
    }
  }

  private brackets(expr: Expr): Expr {
    const context = "subquery or range selector";
    this.at++;
    const from = this.cur;
    const range = this.durationExpr(0, context);
    this.mustBePositive(range, from);
    if (this.isPunct("]")) {
      this.at++;
      return this.matrixSelector(expr, range);
    }
    if (!this.isPunct(":")) this.unexpected(context, '":" or "]"');
    this.at++;
    let step: DurationExpr | undefined;
    if (!this.isPunct("]")) {
      const stepFrom = this.cur;
      step = this.durationExpr(0, "subquery selector");
      this.mustBePositive(step, stepFrom);
    }
    this.expectPunct("]", "subquery selector");
    return {
      kind: "subquery",
      expr,
      range,
      step,
      offset: undefined,
      at: undefined,
      span: this.span(expr.span.start),
    };
  }

  private matrixSelector(expr: Expr, range: DurationExpr): Expr {
    const span = this.span(expr.span.start);
    if (expr.kind !== "vectorSelector") {
      this.report(span, "ranges only allowed for vector selectors");
      // A modifier after the bracket would be told the same once more.
      if (this.isKeyword("offset") || this.isOp("@"))
        this.report(span, "ranges only allowed for vector selectors");
      throw new SyntaxStop();
    }
    if (expr.offset !== undefined) this.stop(span, "no offset modifiers allowed before range");
    if (expr.at !== undefined) this.stop(span, "no @ modifiers allowed before range");
    return { kind: "matrixSelector", selector: expr, range, span };
  }

  private offset(expr: Expr): Expr {
    this.at++;
    const value = this.offsetDuration();
    return this.modified(expr, "offset", (m) => {
      if (m.offset !== undefined)
        this.stop(this.span(expr.span.start), "offset may not be set multiple times");
      return { ...m, offset: value };
    });
  }

  private atModifier(expr: Expr): Expr {
    this.at++;
    let value: AtModifier;
    if (this.isKeyword("start") || this.isKeyword("end")) {
      value = { kind: this.next().text.toLowerCase() === "start" ? "start" : "end" };
      this.expectPunct("(", "@");
      this.expectPunct(")", "@");
    } else {
      const from = this.cur;
      const sign = this.isOp("-") ? -1 : 1;
      if (this.isOp("-") || this.isOp("+")) this.at++;
      const t = this.cur;
      if (t.kind !== "number" && t.kind !== "duration") this.unexpected("@", "timestamp");
      this.at++;
      const seconds =
        sign * (t.kind === "number" ? this.numberValue(t) : this.durationValue(t) / 1000);
      if (!(Math.abs(seconds) < MAX_TIMESTAMP_S)) {
        const shown = Number.isNaN(seconds)
          ? "NaN"
          : seconds === Infinity
            ? "+Inf"
            : seconds === -Infinity
              ? "-Inf"
              : seconds.toFixed(6);
        this.stop(this.span(from.start), `timestamp out of bounds for @ modifier: ${shown}`);
      }
      value = { kind: "time", ms: Math.round(seconds * 1000) };
    }
    return this.modified(expr, "@", (m) => {
      if (m.at !== undefined)
        this.stop(this.span(expr.span.start), "@ <timestamp> may not be set multiple times");
      return { ...m, at: value };
    });
  }

  private modified(
    expr: Expr,
    what: "offset" | "@",
    change: (m: { offset: DurationExpr | undefined; at: AtModifier | undefined }) => {
      offset: DurationExpr | undefined;
      at: AtModifier | undefined;
    },
  ): Expr {
    const span = this.span(expr.span.start);
    switch (expr.kind) {
      case "vectorSelector":
      case "subquery":
        return { ...expr, ...change(expr), span };
      case "matrixSelector":
        return { ...expr, selector: { ...expr.selector, ...change(expr.selector) }, span };
      default:
        return this.stop(
          span,
          `${what} modifier must be preceded by an instant vector selector or range vector selector or a subquery`,
        );
    }
  }
}
