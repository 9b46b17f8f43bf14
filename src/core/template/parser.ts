import type { Command, Node, Operand, Pipe, Template } from "./ast";
import { TemplateFailure } from "./errors";
import { type Token, lex } from "./lexer";

const MAX_DEPTH = 100;

/** Parses a template; functions and variables are checked by name. @throws TemplateFailure */
export function parse(text: string, functions: ReadonlySet<string>): Template {
  return new Parser(lex(text), text.length, functions).template();
}

type Stop = "end" | "else" | "eof";

class Parser {
  private at = 0;
  private depth = 0;
  private loops = 0;
  private readonly defines = new Map<string, readonly Node[]>();
  private readonly scopes: string[][] = [["$"]];

  constructor(
    private readonly tokens: readonly Token[],
    private readonly length: number,
    private readonly functions: ReadonlySet<string>,
  ) {}

  template(): Template {
    const { nodes, stop } = this.list();
    if (stop !== "eof") throw this.failure(`unexpected {{${stop}}}`);
    return { nodes, defines: this.defines };
  }

  private list(): { readonly nodes: Node[]; readonly stop: Stop } {
    if (++this.depth > MAX_DEPTH) throw this.failure("nested too deeply");
    const nodes: Node[] = [];
    for (;;) {
      const token = this.tokens[this.at];
      if (token === undefined) return this.leave(nodes, "eof");
      this.at++;
      if (token.kind === "text") {
        nodes.push({ kind: "text", text: token.text });
        continue;
      }
      this.skipSpace();
      const word = this.peekWord();
      if (word === "end") {
        this.at++;
        this.close();
        return this.leave(nodes, "end");
      }
      if (word === "else") {
        this.at++;
        return this.leave(nodes, "else");
      }
      const node = this.action(word);
      if (node !== undefined) nodes.push(node);
    }
  }

  private leave(nodes: Node[], stop: Stop): { readonly nodes: Node[]; readonly stop: Stop } {
    this.depth--;
    return { nodes, stop };
  }

  private action(word: string | undefined): Node | undefined {
    switch (word) {
      case "if":
      case "with":
      case "range":
        this.at++;
        return this.branch(word);
      case "define":
        this.at++;
        this.define();
        return undefined;
      case "block": {
        this.at++;
        const at = this.here();
        const name = this.name();
        const pipe = this.pipe();
        this.close();
        this.body(name);
        return { kind: "template", name, pipe, at };
      }
      case "template": {
        this.at++;
        const at = this.here();
        const name = this.name();
        this.skipSpace();
        const pipe = this.tokens[this.at]?.kind === "close" ? undefined : this.pipe();
        this.close();
        return { kind: "template", name, pipe, at };
      }
      case "break":
      case "continue":
        if (this.loops === 0) throw this.failure(`{{${word}}} outside {{range}}`);
        this.at++;
        this.close();
        return { kind: word };
      default: {
        const pipe = this.pipe();
        this.close();
        return { kind: "action", pipe };
      }
    }
  }

  private branch(kind: "if" | "with" | "range"): Node {
    this.scopes.push([]);
    const pipe = this.pipe();
    this.close();
    if (kind === "range") this.loops++;
    const then = this.list();
    if (kind === "range") this.loops--;
    let otherwise: readonly Node[] = [];
    if (then.stop === "else") otherwise = this.otherwise(kind);
    else if (then.stop === "eof") throw this.failure("unexpected EOF");
    this.scopes.pop();
    return { kind, pipe, body: then.nodes, otherwise };
  }

  private otherwise(kind: "if" | "with" | "range"): readonly Node[] {
    this.skipSpace();
    const word = this.peekWord();
    if (word !== undefined && word === kind && kind !== "range") {
      // {{else if …}} is an if of its own that shares the {{end}}.
      this.at++;
      if (++this.depth > MAX_DEPTH) throw this.failure("nested too deeply");
      const node = this.branch(kind);
      this.depth--;
      return [node];
    }
    this.close();
    const rest = this.list();
    if (rest.stop !== "end")
      throw this.failure(rest.stop === "eof" ? "unexpected EOF" : "expected end; found {{else}}");
    return rest.nodes;
  }

  private define(): void {
    const name = this.name();
    this.close();
    this.body(name);
  }

  private body(name: string): void {
    // A template sees its own argument alone: no variable from where it stands.
    const outer = this.scopes.splice(0, this.scopes.length, ["$"]);
    const { nodes, stop } = this.list();
    if (stop !== "end") throw this.failure("unexpected EOF");
    this.scopes.splice(0, this.scopes.length, ...outer);
    this.defines.set(name, nodes);
  }

  private pipe(): Pipe {
    this.skipSpace();
    const at = this.here();
    const declared = this.declaration();
    const commands: Command[] = [];
    for (;;) {
      commands.push(this.command());
      const token = this.tokens[this.at];
      if (token?.kind !== "|") break;
      this.at++;
    }
    for (const name of declared.assign ? [] : declared.names) this.scopes.at(-1)?.push(name);
    return { declare: declared.names, assign: declared.assign, commands, at };
  }

  private declaration(): { readonly names: string[]; readonly assign: boolean } {
    const start = this.at;
    const names: string[] = [];
    for (;;) {
      const token = this.tokens[this.at];
      if (token?.kind !== "variable") break;
      names.push(token.text);
      this.at++;
      this.skipSpace();
      const next = this.tokens[this.at];
      if (next?.kind === ":=" || next?.kind === "=") {
        this.at++;
        this.skipSpace();
        for (const n of next.kind === "=" ? names : []) this.known(n, token.at);
        return { names, assign: next.kind === "=" };
      }
      if (next?.kind !== ",") break;
      this.at++;
      this.skipSpace();
    }
    this.at = start;
    return { names: [], assign: false };
  }

  private command(): Command {
    const operands: Operand[] = [];
    this.skipSpace();
    const at = this.here();
    for (;;) {
      const operand = this.operand();
      if (operand === undefined) break;
      operands.push(operand);
      const next = this.tokens[this.at];
      if (next?.kind !== "space") break;
      this.skipSpace();
    }
    if (operands.length === 0) throw this.failure("missing value for command");
    return { operands, at };
  }

  private operand(): Operand | undefined {
    const token = this.tokens[this.at];
    if (token === undefined) throw this.failure("unclosed action");
    const { at } = token;
    switch (token.kind) {
      case "literal":
        this.at++;
        return { kind: "literal", value: token.value, at };
      case ".":
        this.at++;
        return { kind: "dot", at };
      case "field":
        return { kind: "field", path: this.path(), at };
      case "variable":
        this.at++;
        this.known(token.text, at);
        return { kind: "variable", name: token.text, path: this.path(), at };
      case "word":
        this.at++;
        return this.word(token.text, at);
      case "(": {
        this.at++;
        if (++this.depth > MAX_DEPTH) throw this.failure("nested too deeply");
        const pipe = this.pipe();
        this.depth--;
        if (this.tokens[this.at]?.kind !== ")") throw this.failure("unclosed left paren");
        this.at++;
        return { kind: "pipe", pipe, path: this.path(), at };
      }
      default:
        return undefined;
    }
  }

  private word(text: string, at: number): Operand {
    if (text === "true" || text === "false") return { kind: "literal", value: text === "true", at };
    if (text === "nil") return { kind: "literal", value: null, at };
    if (!this.functions.has(text))
      throw new TemplateFailure(`function ${JSON.stringify(text)} not defined`, at);
    return { kind: "function", name: text, at };
  }

  private path(): string[] {
    const path: string[] = [];
    for (;;) {
      const token = this.tokens[this.at];
      if (token?.kind !== "field") return path;
      path.push(token.text);
      this.at++;
    }
  }

  private name(): string {
    this.skipSpace();
    const token = this.tokens[this.at++];
    if (token?.kind !== "literal" || typeof token.value !== "string")
      throw this.failure("a template's name is a quoted string");
    return token.value;
  }

  private close(): void {
    this.skipSpace();
    const token = this.tokens[this.at];
    if (token?.kind !== "close") throw this.failure("unexpected token in action");
    this.at++;
  }

  private known(name: string, at: number): void {
    if (!this.scopes.some((s) => s.includes(name)) && !isGlobal(name))
      throw new TemplateFailure(`undefined variable ${JSON.stringify(name)}`, at);
  }

  private skipSpace(): void {
    while (this.tokens[this.at]?.kind === "space") this.at++;
  }

  private peekWord(): string | undefined {
    const token = this.tokens[this.at];
    return token?.kind === "word" ? token.text : undefined;
  }

  private here(): number {
    return this.tokens[this.at]?.at ?? this.length;
  }

  private failure(message: string): TemplateFailure {
    return new TemplateFailure(message, this.here());
  }
}

/** Variables that Prometheus defines before a rule's template begins (rules/alerting.go, "defs"). */
export const GLOBALS = ["$labels", "$externalLabels", "$externalURL", "$value"] as const;

function isGlobal(name: string): boolean {
  return (GLOBALS as readonly string[]).includes(name);
}
