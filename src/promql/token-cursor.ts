import type { Span } from "./ast";
import { durationMs, secondsToMs } from "./durations";
import { lex } from "./lexer";
import { type Token, describeToken } from "./tokens";
import type { ParseError } from "./parse-error";
import { quote, unquote } from "./quoting";

/** Bounds on recursion here and in everything that walks the tree. */
export const MAX_DEPTH = 250;
export const MAX_CHAIN = 1000;

/** Unwinds to the parser's entry; the problem is recorded before it is thrown. */
export class SyntaxStop extends Error {
  override readonly name = "SyntaxStop";
}

interface Problem {
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

/** The tokens of a text, with a place in them, and the mistakes found so far. */
export abstract class TokenCursor {
  readonly problems: Problem[] = [];
  protected readonly tokens: Token[];
  protected readonly lineStarts: number[] = [0];
  protected at = 0;
  protected depth = 0;

  constructor(private readonly text: string) {
    this.tokens = lex(text);
    for (let i = text.indexOf("\n"); i >= 0; i = text.indexOf("\n", i + 1))
      this.lineStarts.push(i + 1);
  }

  protected atEnd(): boolean {
    return this.cur.kind === "eof";
  }

  report(span: { start: number; end: number }, message: string): void {
    this.problems.push({ start: span.start, end: span.end, message });
  }

  failure(): ParseError {
    const first = this.problems[0] as Problem;
    const { line, column } = this.span(first.start, first.end);
    return {
      message: first.message,
      position: { start: first.start, end: first.end },
      line,
      column,
      all: this.problems.map((p) => p.message),
    };
  }

  protected get cur(): Token {
    return this.tokens[Math.min(this.at, this.tokens.length - 1)] as Token;
  }

  protected next(): Token {
    const t = this.cur;
    this.at++;
    return t;
  }

  protected get prevEnd(): number {
    return this.at === 0
      ? 0
      : (this.tokens[Math.min(this.at, this.tokens.length) - 1] as Token).end;
  }

  protected isWord(t: Token, word: string): boolean {
    return (t.kind === "keyword" || t.kind === "identifier") && t.text.toLowerCase() === word;
  }

  protected isKeyword(word: string): boolean {
    return this.cur.kind === "keyword" && this.cur.text.toLowerCase() === word;
  }

  protected isPunct(text: string): boolean {
    return this.cur.kind === "punctuation" && this.cur.text === text;
  }

  protected isOp(text: string): boolean {
    return this.cur.kind === "operator" && this.cur.text === text;
  }

  protected peekPunct(text: string): boolean {
    const t = this.tokens[this.at + 1];
    return t !== undefined && t.kind === "punctuation" && t.text === text;
  }

  protected span(start: number, end = this.prevEnd): Span {
    let lo = 0;
    let hi = this.lineStarts.length - 1;
    while (lo < hi) {
      const mid = (lo + hi + 1) >> 1;
      if ((this.lineStarts[mid] as number) <= start) lo = mid;
      else hi = mid - 1;
    }
    const lineStart = this.lineStarts[lo] as number;
    return { start, end, line: lo + 1, column: this.bytesBetween(lineStart, start) + 1 };
  }

  /** Prometheus counts columns in bytes of UTF-8. */
  private bytesBetween(from: number, to: number): number {
    let bytes = to - from;
    for (let i = from; i < to; i++) {
      const c = this.text.charCodeAt(i);
      // A surrogate is half of four bytes.
      if (c >= 0x80) bytes += c < 0x800 || (c >= 0xd800 && c < 0xe000) ? 1 : 2;
    }
    return bytes;
  }

  protected stop(at: { start: number; end: number }, message: string): never {
    this.report(at, message);
    throw new SyntaxStop(message);
  }

  protected unexpected(context: string, expected: string): never {
    const t = this.cur;
    if (t.kind === "error") this.stop(t, t.text);
    let message = `unexpected ${describeToken(t)}`;
    if (context !== "") message += ` in ${context}`;
    if (expected !== "") message += `, expected ${expected}`;
    this.stop(t, message);
  }

  protected expectPunct(text: string, context: string, expected = quote(text)): void {
    if (!this.isPunct(text)) this.unexpected(context, expected);
    this.at++;
  }

  protected durationTokenMs(t: Token): number {
    const ms = t.kind === "duration" ? durationMs(t.text) : secondsToMs(this.numberValue(t));
    if (ms.ok) return ms.value;
    this.report(t, ms.error);
    return 0;
  }

  protected durationValue(t: Token): number {
    const ms = durationMs(t.text);
    return ms.ok ? ms.value : this.stop(t, ms.error);
  }

  protected numberValue(t: Token): number {
    const text = t.text.replaceAll("_", "").toLowerCase();
    if (text === "inf") return Infinity;
    if (text === "nan") return Number.NaN;
    // A whole number with a leading zero is octal, as Go reads it.
    if (/^0[0-7]+$/.test(text)) return Number.parseInt(text, 8);
    const value = Number(text);
    if (!Number.isFinite(value)) {
      this.stop(
        t,
        `error parsing number: strconv.ParseFloat: parsing ${quote(t.text)}: value out of range`,
      );
    }
    return value;
  }

  protected stringValue(t: Token): string {
    const value = unquote(t.text);
    return value.ok
      ? value.value
      : this.stop(t, `error unquoting string ${quote(t.text)}: ${value.error}`);
  }
}
