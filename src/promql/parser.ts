import { type Result, err, ok } from "../core/result";
import type {
  Aggregator,
  BinaryOp,
  Cardinality,
  Expr,
  VectorMatching,
  VectorSelector,
} from "./ast";
import { isSetOp } from "./ast";
import { checkTypes } from "./check";
import { PRECEDENCE, UNARY_OPERAND } from "./duration-parser";
import type { ParseError } from "./parse-error";
import { PostfixParser } from "./postfix-parser";
import { quote } from "./quoting";
import { SIGNATURES } from "./signatures";
import { MAX_CHAIN, MAX_DEPTH, SyntaxStop } from "./token-cursor";

/**
 * Parses and type-checks one PromQL expression
 * (https://prometheus.io/docs/prometheus/latest/querying/basics/).
 * Mistakes are told in Prometheus' words, with their place.
 */
export function parseExpr(text: string): Result<Expr, ParseError> {
  const parser = new Parser(text);
  try {
    const expr = parser.whole();
    if (parser.problems.length === 0)
      checkTypes(expr, (span, message) => parser.report(span, message));
    if (parser.problems.length === 0) return ok(expr);
  } catch (e) {
    if (!(e instanceof SyntaxStop)) throw e;
  }
  return err(parser.failure());
}

/** Parses a series selector alone, as `match[]` takes it: name and matchers, no modifiers. */
export function parseSelector(text: string): Result<VectorSelector, ParseError> {
  const parser = new Parser(text);
  try {
    const selector = parser.wholeSelector();
    if (parser.problems.length === 0) return ok(selector);
  } catch (e) {
    if (!(e instanceof SyntaxStop)) throw e;
  }
  return err(parser.failure());
}

class Parser extends PostfixParser {
  whole(): Expr {
    if (this.atEnd()) this.stop(this.cur, "no expression found in input");
    const expr = this.expression(0);
    if (!this.atEnd()) this.unexpected("", "");
    return expr;
  }

  wholeSelector(): VectorSelector {
    const named = ["identifier", "metricIdentifier", "keyword", "aggregator"].includes(
      this.cur.kind,
    );
    if (!named && !this.isPunct("{")) this.unexpected("", "");
    const selector = this.vectorSelector(named ? this.next() : undefined);
    if (!this.atEnd()) this.unexpected("", "");
    return selector;
  }

  private expression(minPrecedence: number): Expr {
    if (++this.depth > MAX_DEPTH) this.stop(this.cur, "expression is nested too deeply");
    let lhs = this.unary();
    for (let links = 0; ; links++) {
      const op = this.binaryOperator();
      if (op === undefined) break;
      if (links > MAX_CHAIN) this.stop(this.cur, "expression has too many operands");
      const precedence = PRECEDENCE[op] as number;
      if (precedence < minPrecedence || (precedence === minPrecedence && op !== "^")) break;
      lhs = this.binary(lhs, op, precedence);
    }
    this.depth--;
    return lhs;
  }

  private binaryOperator(): BinaryOp | undefined {
    if (this.cur.kind !== "operator") return undefined;
    const op = this.cur.text.toLowerCase();
    return op in PRECEDENCE ? (op as BinaryOp) : undefined;
  }

  private binary(lhs: Expr, op: BinaryOp, precedence: number): Expr {
    this.at++;
    let returnBool = false;
    if (this.isKeyword("bool")) {
      this.at++;
      returnBool = true;
    }
    let on = false;
    let labels: readonly string[] = [];
    let include: readonly string[] = [];
    let card: Cardinality = isSetOp(op) ? "many-to-many" : "one-to-one";
    if (this.isKeyword("on") || this.isKeyword("ignoring")) {
      on = this.isKeyword("on");
      this.at++;
      labels = this.grouping();
      if (this.isKeyword("group_left") || this.isKeyword("group_right")) {
        card = this.isKeyword("group_left") ? "many-to-one" : "one-to-many";
        this.at++;
        if (this.isPunct("(")) include = this.grouping();
      }
    }
    for (const word of ["fill", "fill_left", "fill_right"]) {
      if (this.isKeyword(word) && this.peekPunct("("))
        this.stop(this.cur, `${word} modifier is experimental and not enabled`);
    }
    // `^` is right-associative: its right side may hold another of the same rank.
    const rhs = this.expression(precedence);
    const matching: VectorMatching = { card, on, labels, include };
    return { kind: "binary", op, lhs, rhs, returnBool, matching, span: this.span(lhs.span.start) };
  }

  private unary(): Expr {
    if (!this.isOp("-") && !this.isOp("+")) return this.postfix(this.primary());
    const sign = this.next();
    if (++this.depth > MAX_DEPTH) this.stop(this.cur, "expression is nested too deeply");
    const inner = this.expression(UNARY_OPERAND);
    this.depth--;
    const span = this.span(sign.start);
    if (inner.kind === "number")
      return { ...inner, value: sign.text === "-" ? -inner.value : inner.value, span };
    return { kind: "unary", op: sign.text === "-" ? "-" : "+", expr: inner, span };
  }

  private primary(): Expr {
    const t = this.cur;
    switch (t.kind) {
      case "number":
      case "duration": {
        this.at++;
        const value = t.kind === "number" ? this.numberValue(t) : this.durationValue(t) / 1000;
        return {
          kind: "number",
          value,
          isDuration: t.kind === "duration",
          span: this.span(t.start),
        };
      }
      case "string":
        this.at++;
        return { kind: "string", value: this.stringValue(t), span: this.span(t.start) };
      case "punctuation":
        if (t.text === "(") return this.parenthesised();
        if (t.text === "{") return this.vectorSelector(undefined);
        return this.unexpected("", "");
      case "identifier":
      case "metricIdentifier":
        return this.peekPunct("(") && t.kind === "identifier"
          ? this.call()
          : this.vectorSelector(this.next());
      case "keyword":
        return this.peekPunct("(") && SIGNATURES.has(t.text) ? this.call() : this.keywordAsName();
      case "aggregator":
        return this.aggregateOrName();
      case "operator":
        // `and`, `or`, `unless` and `atan2` name a metric only where braces follow.
        if (/^[a-z]/i.test(t.text) && this.peekPunct("{")) return this.vectorSelector(this.next());
        return this.unexpected("", "");
      default:
        return this.unexpected("", "");
    }
  }

  private keywordAsName(): Expr {
    const word = this.cur.text.toLowerCase();
    const free = [
      "start",
      "end",
      "step",
      "anchored",
      "smoothed",
      "offset",
      "fill",
      "fill_left",
      "fill_right",
      "by",
      "without",
    ];
    if (!free.includes(word) && !this.peekPunct("{")) this.unexpected("", "");
    if ((word === "by" || word === "without") && !this.peekPunct("{")) this.unexpected("", "");
    return this.vectorSelector(this.next());
  }

  private parenthesised(): Expr {
    const open = this.next();
    const expr = this.expression(0);
    if (!this.isPunct(")")) this.unexpected("", "");
    this.at++;
    return { kind: "paren", expr, span: this.span(open.start) };
  }

  private call(): Expr {
    const name = this.next();
    const args = this.callArgs();
    const span = this.span(name.start);
    if (!SIGNATURES.has(name.text))
      this.stop(name, `unknown function with name ${quote(name.text)}`);
    return { kind: "call", func: name.text, args, span };
  }

  private callArgs(): Expr[] {
    this.expectPunct("(", "function call");
    const args: Expr[] = [];
    if (this.isPunct(")")) {
      this.at++;
      return args;
    }
    for (;;) {
      args.push(this.expression(0));
      if (this.isPunct(")")) {
        this.at++;
        return args;
      }
      if (!this.isPunct(",")) this.unexpected("function call", '"," or ")"');
      const comma = this.next();
      if (this.isPunct(")")) {
        this.report(comma, "trailing commas not allowed in function call args");
        this.at++;
        return args;
      }
    }
  }

  private aggregateOrName(): Expr {
    const following = this.tokens[this.at + 1];
    const modifier =
      following !== undefined &&
      (this.isWord(following, "by") || this.isWord(following, "without"));
    if (!this.peekPunct("(") && !modifier) {
      // An aggregator's name alone is a metric; another word after it is a mistake.
      return this.vectorSelector(this.next());
    }
    const name = this.next();
    const op = name.text.toLowerCase() as Aggregator;
    let clause = this.groupingClause();
    if (!this.isPunct("(")) this.unexpected("aggregation", "");
    const open = this.at;
    let args: Expr[];
    try {
      args = this.callArgs();
    } catch (e) {
      // Prometheus adds this where the argument list never got its first argument.
      if (e instanceof SyntaxStop && this.cur.kind === "error" && this.onlyOpenCalls(open)) {
        const told = "no arguments for aggregate expression provided";
        if (!this.problems.some((p) => p.message === told)) this.report(name, told);
      }
      throw e;
    }
    if (clause === undefined) clause = this.groupingClause();
    const span = this.span(name.start);
    const wanted = [
      "topk",
      "bottomk",
      "count_values",
      "quantile",
      "limitk",
      "limit_ratio",
    ].includes(op)
      ? 2
      : 1;
    if (args.length === 0) this.stop(span, "no arguments for aggregate expression provided");
    if (args.length !== wanted) {
      this.stop(
        span,
        `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`,
      );
    }
    return {
      kind: "aggregate",
      op,
      expr: args[wanted - 1] as Expr,
      param: wanted === 2 ? args[0] : undefined,
      without: clause?.without ?? false,
      grouping: clause?.labels ?? [],
      span,
    };
  }

  private onlyOpenCalls(from: number): boolean {
    const rest = this.tokens.slice(from, -1);
    return rest.every((t) => t.text === "(" || t.kind === "identifier" || t.kind === "aggregator");
  }

  private groupingClause(): { without: boolean; labels: readonly string[] } | undefined {
    if (!this.isKeyword("by") && !this.isKeyword("without")) return undefined;
    const without = this.isKeyword("without");
    this.at++;
    return { without, labels: this.grouping() };
  }

  private grouping(): readonly string[] {
    const context = "grouping opts";
    this.expectPunct("(", context);
    const labels: string[] = [];
    while (!this.isPunct(")")) {
      const t = this.cur;
      if (t.kind === "string") labels.push(this.stringValue(t));
      else if (
        ["identifier", "keyword", "aggregator"].includes(t.kind) ||
        (t.kind === "operator" && /^[a-z]/i.test(t.text))
      )
        labels.push(t.text);
      else this.unexpected(context, "label");
      this.at++;
      if (this.isPunct(",")) this.at++;
      else if (!this.isPunct(")")) this.unexpected(context, '"," or ")"');
    }
    this.at++;
    return labels;
  }
}
