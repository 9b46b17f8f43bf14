import { parseDuration } from "../../core/duration";
import { type Result, err, ok } from "../../core/result";
import { UNITS_TEXT, type Unit, parseUnit } from "./units";

/** A condition as its text says it. `at` is the column in the text, from 1. */
export type Condition =
  | {
      readonly kind: "number";
      readonly value: number;
      readonly unit: Unit | undefined;
      readonly at: number;
    }
  | {
      readonly kind: "path";
      /** `api.response_time.p95` */
      readonly path: string;
      /** Matchers in braces, without them; "" for none. */
      readonly matchers: string;
      readonly at: number;
    }
  | {
      readonly kind: "call";
      readonly func: "trend" | "change";
      readonly path: Condition & { readonly kind: "path" };
      readonly overMs: number;
      /** A trend is the rise per this. */
      readonly perMs: number;
      readonly at: number;
    }
  | Binary<"arithmetic">
  | Binary<"comparison">
  | Binary<"logic">;

interface Binary<Kind> {
  readonly kind: Kind;
  /** PromQL's own spelling. */
  readonly op: string;
  readonly left: Condition;
  readonly right: Condition;
  readonly at: number;
}

export interface ConditionError {
  readonly message: string;
  readonly column: number;
}

/** Longer ones are rules of PromQL in disguise; bounds the parser's recursion as well. */
const MAX_LENGTH = 1_000;
/** Each becomes several selectors. */
const MAX_PATHS = 20;
const DEFAULT_OVER_MS = 30 * 60_000;

/**
 * `api.response_time.p95 > 500ms and api.requests.rate > 10 req/s`: paths, numbers with units, `+ - * /`,
 * comparisons, `and` and `or` (also `&&`, `||`), parentheses, `trend(path, 30m, per 1m)` and `change(path, 1h)`.
 */
export function parseCondition(text: string): Result<Condition, ConditionError> {
  if (text.length > MAX_LENGTH)
    return err({ message: `a condition has at most ${MAX_LENGTH} characters`, column: 1 });
  try {
    const reader = new Reader(text);
    const condition = reader.logic();
    reader.end();
    return ok(condition);
  } catch (e) {
    if (e instanceof Wrong) return err({ message: e.message, column: e.column });
    throw e;
  }
}

class Wrong extends Error {
  constructor(
    message: string,
    readonly column: number,
  ) {
    super(message);
  }
}

const SPACE = /\s*/y;
const COMPARISON = /(>=|<=|==|=|!=|>|<)/y;
const LOGIC: Readonly<Record<"or" | "and", RegExp>> = {
  or: /(?:or\b|\|\|)/iy,
  and: /(?:and\b|&&)/iy,
};
const NUMBER = /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const UNIT = /%|[A-Za-z]*\/[A-Za-z]+|[A-Za-z]+/y;
const PATH = /[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*/y;
const MATCHERS = /\{((?:[^{}"]|"(?:[^"\\]|\\.)*")*)\}/y;
const DURATION = /\d+(?:ms|[smhdwy])(?:\d+(?:ms|[smhdwy]))*/y;

/** `(metrics) => metrics.errorRate > 5`, as code has it. */
const ARROW = /^\s*(?:\w+|\([\w\s,]*\))\s*=>/;

class Reader {
  private pos: number;
  private paths = 0;

  constructor(private readonly text: string) {
    this.pos = ARROW.exec(text)?.[0].length ?? 0;
  }

  logic(op: "or" | "and" = "or"): Condition {
    const operand = (): Condition => (op === "or" ? this.logic("and") : this.comparison());
    let left = operand();
    for (;;) {
      const at = this.column();
      if (this.eat(LOGIC[op]) === undefined) return left;
      const right = operand();
      left = { kind: "logic", op, left, right, at };
    }
  }

  end(): void {
    const at = this.column();
    if (at <= this.text.length)
      throw new Wrong(`unexpected ${JSON.stringify(this.text.slice(at - 1, at + 19))}`, at);
  }

  private comparison(): Condition {
    const left = this.sum();
    const at = this.column();
    const op = this.eat(COMPARISON);
    if (op === undefined) return left;
    const right = this.sum();
    return { kind: "comparison", op: op === "=" ? "==" : op, left, right, at };
  }

  private sum(): Condition {
    return this.arithmetic(/[+-]/y, () => this.arithmetic(/[*/]/y, () => this.operand()));
  }

  private arithmetic(ops: RegExp, operand: () => Condition): Condition {
    let left = operand();
    for (;;) {
      const at = this.column();
      const op = this.eat(ops);
      if (op === undefined) return left;
      left = { kind: "arithmetic", op, left, right: operand(), at };
    }
  }

  private operand(): Condition {
    const at = this.column();
    if (this.eat(/\(/y) !== undefined) {
      const inner = this.logic();
      this.need(/\)/y, "a closing parenthesis");
      return inner;
    }
    const sign = this.eat(/-(?=\s*\d)/y) === undefined ? 1 : -1;
    const number = this.eat(NUMBER);
    if (number !== undefined) {
      const value = sign * Number(number);
      if (!Number.isFinite(value)) throw new Wrong(`${number} is out of range`, at);
      return { kind: "number", value, unit: this.unit(), at };
    }
    const path = this.eat(PATH);
    if (path === undefined)
      throw new Wrong(
        at > this.text.length
          ? "the condition ends where a metric or a number should stand"
          : `expected a metric's path or a number, got ${JSON.stringify(this.text.slice(at - 1, at + 19))}`,
        at,
      );
    if ((path === "trend" || path === "change") && this.eat(/\(/y) !== undefined)
      return this.call(path, at);
    return this.path(path, at);
  }

  private path(path: string, at: number): Condition & { readonly kind: "path" } {
    if (++this.paths > MAX_PATHS)
      throw new Wrong(`more than ${MAX_PATHS} metrics in a condition`, at);
    const braces = this.eat(MATCHERS);
    return { kind: "path", path, matchers: braces?.slice(1, -1).trim() ?? "", at };
  }

  private call(func: "trend" | "change", at: number): Condition {
    const pathAt = this.column();
    const path = this.path(this.need(PATH, "a metric's path"), pathAt);
    let overMs = DEFAULT_OVER_MS;
    let perMs = 60_000;
    while (this.eat(/,/y) !== undefined) {
      const per = func === "trend" && this.eat(/per\b/y) !== undefined;
      const ms = this.duration();
      if (per) perMs = ms;
      else overMs = ms;
    }
    this.need(/\)/y, "a closing parenthesis");
    return { kind: "call", func, path, overMs, perMs, at };
  }

  private duration(): number {
    const at = this.column();
    const parsed = parseDuration(this.need(DURATION, "a duration such as 30m"));
    if (!parsed.ok || parsed.value === 0)
      throw new Wrong(parsed.ok ? "the duration is 0" : parsed.error, at);
    return parsed.value;
  }

  /** `500ms`, `5 %`, `100 req/s`. A word that is no unit may be the next operator. */
  private unit(): Unit | undefined {
    const before = this.pos;
    const at = this.column();
    const spaced = at - 1 > before;
    const word = this.eat(UNIT);
    if (word === undefined) return undefined;
    const unit = parseUnit(word);
    if (unit !== undefined) return unit;
    this.pos = before;
    if (spaced && /^(?:and|or|\/)/i.test(word)) return undefined;
    throw new Wrong(`unknown unit ${JSON.stringify(word)}; known are ${UNITS_TEXT}`, at);
  }

  private need(what: RegExp, name: string): string {
    const at = this.column();
    const found = this.eat(what);
    if (found === undefined) throw new Wrong(`expected ${name}`, at);
    return found;
  }

  /** Where the next token begins, from 1. */
  private column(): number {
    SPACE.lastIndex = this.pos;
    SPACE.exec(this.text);
    return SPACE.lastIndex + 1;
  }

  private eat(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.column() - 1;
    const found = pattern.exec(this.text);
    if (found === null) return undefined;
    this.pos = pattern.lastIndex;
    return found[0];
  }
}
