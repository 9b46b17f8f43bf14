import type { Command, Node, Operand, Pipe, Template } from "./ast";
import { TemplateFailure } from "./errors";
import { formatValue } from "./format";
import { DURATION_METHODS, GoDuration, GoTime, TIME_METHODS } from "./go-time";
import { HtmlOutput } from "./html";
import { SafeText, typeOf } from "./values";
import { measure } from "./weight";
import { RegexError } from "../matchers";

/** A function of the table: plain values in, a plain value out. It throws TemplateProblem for a named failure. */
export type TemplateFunction = (...args: readonly unknown[]) => unknown;

/** Thrown by functions; the evaluator adds the place. */
export class TemplateProblem extends Error {
  override readonly name = "TemplateProblem";
}

export interface Scope {
  readonly dot: unknown;
  /** Variables beside `$`: `$labels`, `$value`. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly functions: Readonly<Record<string, TemplateFunction>>;
  /** Templates defined elsewhere. */
  readonly defines?: ReadonlyMap<string, readonly Node[]>;
  readonly budget?: StepBudget;
  /** The text is HTML: what actions insert is escaped for the place it falls into. */
  readonly html?: boolean;
  /** {@link MAX_STEPS} unless set. */
  readonly maxSteps?: number;
}

/** Steps that several renderings share; each takes what it used. */
export interface StepBudget {
  steps: number;
}

/** Bounds of one rendering: templates come from outside, and ranges multiply. */
const MAX_STEPS = 200_000;
const MAX_OUTPUT = 1_000_000;
/** Characters that functions may make in all: variables keep what is never written. */
const MAX_MADE = 8_000_000;
const MAX_DEPTH = 100;
/** Lists within lists: printing one descends once per level. */
const MAX_NESTED = 100;
/** Items of a list that cost as much as a character. */
const ITEMS = 4;

/** Functions that print no list that they are given; every other one may print all of it. */
const STRUCTURAL: ReadonlySet<string> = new Set(
  "and append args dict eq first ge gt index label le len list lt ne not or slice sortByLabel strvalue value".split(
    " ",
  ),
);

/** Renders a parsed template. @throws TemplateFailure */
export function evaluate(template: Template, scope: Scope): string {
  return new Evaluator(template, scope).run();
}

/** Go's truth: the zero value of a type is false (text/template, IsTrue). */
export function truth(v: unknown): boolean {
  if (v === null || v === undefined || v === false || v === 0 || v === "") return false;
  if (Array.isArray(v)) return v.length > 0;
  if (v instanceof SafeText) return v.text !== "";
  if (v instanceof GoDuration) return v.ns !== 0;
  if (typeof v === "object" && typeOf(v)?.kind === "struct") return true;
  if (typeof v === "object") return !isPlain(v) || Object.keys(v).length > 0;
  return true;
}

class LoopSignal {
  constructor(readonly kind: "break" | "continue") {}
}

class Evaluator {
  private out: string[] = [];
  private size = 0;
  private steps = 0;
  private depth = 0;
  private made = 0;
  private readonly html: HtmlOutput | undefined;
  private variables: Map<string, unknown>[];

  constructor(
    private readonly template: Template,
    private readonly scope: Scope,
  ) {
    this.html = scope.html === true ? new HtmlOutput() : undefined;
    this.variables = [
      new Map<string, unknown>([...Object.entries(scope.variables), ["$", scope.dot]]),
    ];
  }

  run(): string {
    this.nodes(this.template.nodes, this.scope.dot);
    return this.out.join("");
  }

  private nodes(nodes: readonly Node[], dot: unknown): void {
    for (const n of nodes) this.node(n, dot);
  }

  private node(n: Node, dot: unknown): void {
    this.step(0);
    switch (n.kind) {
      case "text":
        return this.write(this.html === undefined ? n.text : this.html.text(n.text));
      case "action": {
        const v = this.pipe(n.pipe, dot);
        if (n.pipe.declare.length === 0) this.write(this.shown(v, n.pipe.at));
        return;
      }
      case "if":
      case "with":
        return this.inScope(() => {
          const v = this.pipe(n.pipe, dot);
          if (truth(v)) this.nodes(n.body, n.kind === "with" ? v : dot);
          else this.nodes(n.otherwise, dot);
        });
      case "range":
        return this.inScope(() => this.range(n, dot));
      case "template":
        return this.call(n.name, n.pipe === undefined ? undefined : this.pipe(n.pipe, dot), n.at);
      case "break":
      case "continue":
        throw new LoopSignal(n.kind);
    }
  }

  private range(n: Extract<Node, { kind: "range" }>, dot: unknown): void {
    const over = this.pipe({ ...n.pipe, declare: [] }, dot);
    let empty = true;
    for (const [key, value] of entriesOf(over, n.pipe.at)) {
      empty = false;
      this.step(n.pipe.at);
      const [first, second] = n.pipe.declare;
      if (second !== undefined && first !== undefined) {
        this.declare(first, key);
        this.declare(second, value);
      } else if (first !== undefined) this.declare(first, value);
      try {
        this.inScope(() => this.nodes(n.body, value));
      } catch (e) {
        if (!(e instanceof LoopSignal)) throw e;
        if (e.kind === "break") return;
      }
    }
    if (empty) this.nodes(n.otherwise, dot);
  }

  private call(name: string, argument: unknown, at: number): void {
    const nodes = this.template.defines.get(name) ?? this.scope.defines?.get(name);
    if (nodes === undefined)
      throw new TemplateFailure(`template ${JSON.stringify(name)} not defined`, at);
    if (++this.depth > MAX_DEPTH)
      throw new TemplateFailure("templates call each other too deeply", at);
    const outer = this.variables;
    this.variables = [new Map<string, unknown>([["$", argument]])];
    this.nodes(nodes, argument);
    this.variables = outer;
    this.depth--;
  }

  private pipe(p: Pipe, dot: unknown): unknown {
    let value: unknown;
    p.commands.forEach((c, i) => {
      value = this.command(c, dot, i > 0 ? [value] : []);
    });
    for (const name of p.declare) {
      if (p.assign) this.assign(name, value);
      else this.declare(name, value);
    }
    return value;
  }

  private command(c: Command, dot: unknown, piped: readonly unknown[]): unknown {
    this.step(c.at);
    const [head, ...rest] = c.operands;
    if (head === undefined) throw new TemplateFailure("missing value for command", c.at);
    const args = (): unknown[] => [...rest.map((o) => this.operand(o, dot, [])), ...piped];
    if (head.kind === "function" && (head.name === "and" || head.name === "or"))
      return this.shortCircuit(head.name, rest, dot, piped);
    if (head.kind === "function") return this.apply(head.name, args(), head.at);
    if (rest.length + piped.length === 0) return this.operand(head, dot, []);
    return this.operand(head, dot, args());
  }

  private shortCircuit(
    name: "and" | "or",
    rest: readonly Operand[],
    dot: unknown,
    piped: readonly unknown[],
  ): unknown {
    let value: unknown;
    for (const operand of rest) {
      value = this.operand(operand, dot, []);
      if (truth(value) === (name === "or")) return value;
    }
    return piped.length > 0 ? piped[0] : value;
  }

  private operand(o: Operand, dot: unknown, args: readonly unknown[]): unknown {
    switch (o.kind) {
      case "literal":
        if (args.length > 0) throw new TemplateFailure("can't give argument to non-function", o.at);
        return o.value;
      case "dot":
        return dot;
      case "field":
        return this.follow(dot, o.path, args, o.at);
      case "variable":
        return this.follow(this.lookup(o.name, o.at), o.path, args, o.at);
      case "function":
        return this.apply(o.name, args, o.at);
      case "pipe":
        return this.follow(this.pipe(o.pipe, dot), o.path, args, o.at);
    }
  }

  private follow(
    from: unknown,
    path: readonly string[],
    args: readonly unknown[],
    at: number,
  ): unknown {
    let value = from;
    path.forEach((name, i) => {
      const last = i === path.length - 1;
      value = this.field(value, name, last ? args : [], at);
    });
    if (path.length === 0 && args.length > 0)
      throw new TemplateFailure("can't give argument to non-function", at);
    return value;
  }

  private field(of: unknown, name: string, args: readonly unknown[], at: number): unknown {
    if (of === null || of === undefined)
      throw new TemplateFailure(`nil pointer evaluating .${name}`, at);
    if (typeof of !== "object") throw new TemplateFailure(`can't evaluate field ${name}`, at);
    const method = methodOf(of, name);
    if (method !== undefined) return this.guarded(method, args, name, at);
    if (of instanceof GoTime || of instanceof GoDuration || of instanceof SafeText)
      throw new TemplateFailure(`can't evaluate field ${name}`, at);
    // Own properties alone: a template must not reach JavaScript's prototypes.
    const value = Object.hasOwn(of, name) ? (of as Record<string, unknown>)[name] : undefined;
    if (typeof value === "function") {
      // Methods are put on data by Vedette's own code (notify/template-data, rules/template-data).
      return this.guarded(value as TemplateFunction, args, name, at);
    }
    // A list has methods (`.Alerts.Firing`), but no fields.
    if (Array.isArray(of)) throw new TemplateFailure(`can't evaluate field ${name}`, at);
    if (args.length > 0)
      throw new TemplateFailure(`${name} has arguments but cannot be invoked as function`, at);
    if (value !== undefined) return value;
    const type = typeOf(of);
    if (type?.kind === "struct")
      throw new TemplateFailure(`can't evaluate field ${name} in type ${type.name}`, at);
    return type?.kind === "strings" ? "" : undefined;
  }

  private apply(name: string, args: readonly unknown[], at: number): unknown {
    const f = Object.hasOwn(this.scope.functions, name) ? this.scope.functions[name] : undefined;
    if (f === undefined)
      throw new TemplateFailure(`function ${JSON.stringify(name)} not defined`, at);
    return this.guarded(f, args, name, at);
  }

  private guarded(
    f: TemplateFunction,
    args: readonly unknown[],
    name: string,
    at: number,
  ): unknown {
    // Counted before the call, so that no call makes much more than it was given.
    const prints = !STRUCTURAL.has(name);
    for (const a of args) {
      if (typeof a === "string") this.make(a.length, at);
      else if (prints && typeof a === "object") this.make(measure(a).characters, at);
    }
    try {
      const made = f(...args);
      if (typeof made === "string") this.make(made.length, at);
      else if (typeof made === "object") this.composed(made, at);
      return made;
    } catch (e) {
      if (
        e instanceof TemplateProblem ||
        e instanceof RegexError ||
        // Of JavaScript's own functions, for what Go's would have taken: half a surrogate pair, a date out of range.
        e instanceof URIError ||
        e instanceof RangeError
      )
        throw new TemplateFailure(`error calling ${name}: ${e.message}`, at);
      throw e;
    }
  }

  /** A list may hold another one many times over, so that what it prints grows with every call. */
  private composed(made: unknown, at: number): void {
    const { items, depth } = measure(made);
    if (depth > MAX_NESTED) throw new TemplateFailure("lists are nested too deeply", at);
    this.make(Math.floor(items / ITEMS), at);
  }

  private make(characters: number, at: number): void {
    this.made += characters;
    if (this.made > MAX_MADE)
      throw new TemplateFailure(`functions made more than ${MAX_MADE} characters`, at);
  }

  private inScope(run: () => void): void {
    this.variables.push(new Map());
    try {
      run();
    } finally {
      this.variables.pop();
    }
  }

  private declare(name: string, value: unknown): void {
    this.variables.at(-1)?.set(name, value);
  }

  private assign(name: string, value: unknown): void {
    for (let i = this.variables.length - 1; i >= 0; i--) {
      if (this.variables[i]?.has(name) === true) {
        this.variables[i]?.set(name, value);
        return;
      }
    }
  }

  private lookup(name: string, at: number): unknown {
    for (let i = this.variables.length - 1; i >= 0; i--) {
      const scope = this.variables[i];
      if (scope?.has(name) === true) return scope.get(name);
    }
    throw new TemplateFailure(`undefined variable ${JSON.stringify(name)}`, at);
  }

  private shown(value: unknown, at: number): string {
    if (typeof value === "object") this.make(measure(value).characters, at);
    return this.html === undefined ? formatValue(value) : this.html.value(value);
  }

  private write(text: string): void {
    this.size += text.length;
    if (this.size > MAX_OUTPUT)
      throw new TemplateFailure(`the text grows beyond ${MAX_OUTPUT} characters`, 0);
    this.out.push(text);
  }

  private step(at: number): void {
    const { budget } = this.scope;
    if (budget !== undefined && --budget.steps < 0)
      throw new TemplateFailure("the steps shared by these templates are used up", at);
    const max = this.scope.maxSteps ?? MAX_STEPS;
    if (++this.steps > max) throw new TemplateFailure(`more than ${max} steps`, at);
  }
}

/**
 * What range goes over: list items by index, record fields sorted by name, 0 … n-1 for a number. One by one, as the
 * body may break off at the first.
 */
function* entriesOf(v: unknown, at: number): Iterable<readonly [unknown, unknown]> {
  if (v === null || v === undefined) return;
  if (Array.isArray(v)) {
    for (let i = 0; i < v.length; i++) yield [i, v[i]];
    return;
  }
  if (typeof v === "number") {
    if (!Number.isInteger(v) || v > MAX_STEPS)
      throw new TemplateFailure(`range can't iterate over ${v}`, at);
    for (let i = 0; i < v; i++) yield [i, i];
    return;
  }
  if (typeof v === "object" && isPlain(v)) {
    yield* Object.entries(v)
      .filter(([, x]) => typeof x !== "function")
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return;
  }
  throw new TemplateFailure(`range can't iterate over ${formatValue(v)}`, at);
}

/** A method of a time or a duration, bound to it. */
function methodOf(of: object, name: string): TemplateFunction | undefined {
  if (of instanceof GoTime && Object.hasOwn(TIME_METHODS, name))
    return (...args) => TIME_METHODS[name]?.(of, ...args);
  if (of instanceof GoDuration && Object.hasOwn(DURATION_METHODS, name))
    return (...args) => DURATION_METHODS[name]?.(of, ...args);
  return undefined;
}

function isPlain(v: object): boolean {
  const p: unknown = Object.getPrototypeOf(v);
  return p === Object.prototype || p === null;
}
