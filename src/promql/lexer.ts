import { quote, quoteRune } from "./quoting";
import type { Token, TokenKind } from "./tokens";

const KEYWORDS = new Set([
  "offset",
  "by",
  "without",
  "on",
  "ignoring",
  "group_left",
  "group_right",
  "bool",
  "smoothed",
  "anchored",
  "fill",
  "fill_left",
  "fill_right",
  "start",
  "end",
  "step",
]);
const WORD_OPERATORS = new Set(["and", "or", "unless", "atan2"]);
const AGGREGATOR_WORDS = new Set([
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
]);
/** What stands where bytes were no UTF-8; Prometheus takes the character itself for the same. */
const REPLACEMENT = "\ufffd";
const NOT_UTF8 = "invalid UTF-8 rune";
const DURATION_WORDS = new Set(["step", "range", "min_of", "max_of"]);

const isSpace = (c: string): boolean => c === " " || c === "\t" || c === "\n" || c === "\r";
const isDigit = (c: string): boolean => c >= "0" && c <= "9" && c.length === 1;
const isAlpha = (c: string): boolean =>
  c === "_" || (c >= "a" && c <= "z") || (c >= "A" && c <= "Z");
const isAlnum = (c: string): boolean => isAlpha(c) || isDigit(c);

/**
 * Splits a PromQL text into tokens, by the rules and with the error messages of
 * Prometheus' own lexer, so that a mistake is told in the words its users know.
 * The last token is `eof`, or the first error.
 */
export function lex(text: string): Token[] {
  return new Lexer(text).run();
}

class Lexer {
  private pos = 0;
  private start = 0;
  private parens = 0;
  private inBraces = false;
  private inBrackets = false;
  private gotColon = false;
  private readonly tokens: Token[] = [];

  constructor(private readonly text: string) {}

  run(): Token[] {
    for (;;) {
      this.skipBlank();
      this.start = this.pos;
      const more = this.inBraces
        ? this.insideBraces()
        : this.inBrackets
          ? this.insideBrackets()
          : this.statement();
      if (!more) return this.tokens;
    }
  }

  private peek(ahead = 0): string {
    return this.text[this.pos + ahead] ?? "";
  }

  /** The whole character at the position, for messages. */
  private rune(): string {
    return String.fromCodePoint(this.text.codePointAt(this.pos) ?? 0xfffd);
  }

  private skipBlank(): void {
    for (;;) {
      while (isSpace(this.peek()) && this.peek() !== "") this.pos++;
      if (this.peek() !== "#") return;
      while (this.pos < this.text.length && this.peek() !== "\n" && this.peek() !== "\r")
        this.pos++;
    }
  }

  private emit(kind: TokenKind, length = 0): true {
    this.pos += length;
    this.tokens.push({
      kind,
      text: this.text.slice(this.start, this.pos),
      start: this.start,
      end: this.pos,
    });
    return true;
  }

  private fail(message: string): false {
    this.tokens.push({
      kind: "error",
      text: message,
      start: this.start,
      end: Math.max(this.pos, this.start),
    });
    return false;
  }

  private statement(): boolean {
    const c = this.peek();
    const next = this.peek(1);
    if (c === "") {
      if (this.parens !== 0) return this.fail("unclosed left parenthesis");
      this.tokens.push({ kind: "eof", text: "", start: this.pos, end: this.pos });
      return false;
    }
    switch (c) {
      case ",":
        return this.emit("punctuation", 1);
      case "*":
      case "/":
      case "%":
      case "+":
      case "-":
      case "^":
      case "@":
        return this.emit("operator", 1);
      case "=":
        if (next === "=") return this.emit("operator", 2);
        if (next === "~") {
          this.pos += 2;
          return this.fail("unexpected character after '=': '~'");
        }
        return this.emit("punctuation", 1);
      case "!":
        if (next === "=") return this.emit("operator", 2);
        this.pos += 1;
        return this.fail(`unexpected character after '!': ${quoteRune(this.rune())}`);
      case "<":
        return this.emit("operator", next === "=" || next === "/" ? 2 : 1);
      case ">":
        return this.emit("operator", next === "=" || next === "/" ? 2 : 1);
      case "(":
        this.parens++;
        return this.emit("punctuation", 1);
      case ")":
        this.parens--;
        this.emit("punctuation", 1);
        if (this.parens >= 0) return true;
        this.tokens.pop();
        return this.fail("unexpected right parenthesis ')'");
      case "{":
        this.inBraces = true;
        return this.emit("punctuation", 1);
      case "[":
        this.inBrackets = true;
        this.gotColon = false;
        return this.emit("punctuation", 1);
      case "]":
        this.pos++;
        return this.fail("unexpected right bracket ']'");
      case '"':
      case "'":
      case "`":
        return this.string(c);
    }
    if (isDigit(c) || (c === "." && isDigit(next))) return this.numberOrDuration();
    if (isAlpha(c) || c === ":") return this.word();
    const message = `unexpected character: ${quoteRune(this.rune())}`;
    this.pos++;
    return this.fail(message);
  }

  private word(): true {
    while (isAlnum(this.peek()) || this.peek() === ":") this.pos++;
    const word = this.text.slice(this.start, this.pos);
    const lower = word.toLowerCase();
    if (lower === "inf" || lower === "nan") return this.emit("number");
    if (WORD_OPERATORS.has(lower)) return this.emit("operator");
    if (AGGREGATOR_WORDS.has(lower)) return this.emit("aggregator");
    if (KEYWORDS.has(lower)) return this.emit("keyword");
    return this.emit(word.includes(":") ? "metricIdentifier" : "identifier");
  }

  private insideBraces(): boolean {
    const c = this.peek();
    if (c === "") return this.fail("unexpected end of input inside braces");
    if (isAlpha(c)) {
      while (isAlnum(this.peek())) this.pos++;
      return this.emit("identifier");
    }
    const next = this.peek(1);
    switch (c) {
      case ",":
        return this.emit("punctuation", 1);
      case '"':
      case "'":
      case "`":
        return this.string(c);
      case "=":
        return this.emit("punctuation", next === "~" ? 2 : 1);
      case "!":
        if (next === "~" || next === "=") return this.emit("punctuation", 2);
        this.pos++;
        return this.fail(`unexpected character after '!' inside braces: ${quoteRune(this.rune())}`);
      case "{":
        this.pos++;
        return this.fail("unexpected left brace '{'");
      case "}":
        this.inBraces = false;
        return this.emit("punctuation", 1);
    }
    const message = `unexpected character inside braces: ${quoteRune(this.rune())}`;
    this.pos++;
    return this.fail(message);
  }

  private insideBrackets(): boolean {
    const c = this.peek();
    if (c === "") return this.fail("unexpected end of input in duration expression");
    if (isDigit(c) || (c === "." && isDigit(this.peek(1)))) return this.numberOrDuration();
    if (isAlpha(c)) {
      while (isAlnum(this.peek())) this.pos++;
      if (DURATION_WORDS.has(this.text.slice(this.start, this.pos).toLowerCase()))
        return this.emit("keyword");
      this.pos = this.start + 1;
      return this.fail(`unexpected character: ${quoteRune(c)}, expected ':'`);
    }
    switch (c) {
      case "]":
        this.inBrackets = false;
        return this.emit("punctuation", 1);
      case ":":
        if (this.gotColon) {
          this.pos++;
          return this.fail("unexpected colon ':'");
        }
        this.gotColon = true;
        return this.emit("punctuation", 1);
      case "(":
        this.parens++;
        return this.emit("punctuation", 1);
      case ")":
        this.parens--;
        if (this.parens < 0) return this.fail("unexpected right parenthesis ')'");
        return this.emit("punctuation", 1);
      case ",":
        return this.emit("punctuation", 1);
      case "+":
      case "-":
      case "*":
      case "/":
      case "%":
      case "^":
        return this.emit("operator", 1);
    }
    const message = `unexpected character in duration expression: ${quoteRune(this.rune())}`;
    this.pos++;
    return this.fail(message);
  }

  private string(delimiter: string): boolean {
    this.pos++;
    if (delimiter === "`") {
      const close = this.text.indexOf("`", this.pos);
      if (close < 0) {
        this.pos = this.text.length;
        return this.fail("unterminated raw string");
      }
      if (this.text.slice(this.pos, close).includes(REPLACEMENT)) return this.fail(NOT_UTF8);
      this.pos = close + 1;
      return this.emit("string");
    }
    for (;;) {
      const c = this.peek();
      if (c === "" || c === "\n") return this.fail("unterminated quoted string");
      if (c === REPLACEMENT) return this.fail(NOT_UTF8);
      this.pos++;
      if (c === delimiter) return this.emit("string");
      if (c === "\\") {
        const bad = this.escape(delimiter);
        if (bad !== undefined) return this.fail(bad);
      }
    }
  }

  /** Steps over one escape; gives the message where it is none. */
  private escape(delimiter: string): string | undefined {
    const c = this.peek();
    if (c === "") return "escape sequence not terminated";
    if (c === delimiter || "abfnrtv\\".includes(c)) {
      this.pos++;
      return undefined;
    }
    let digits: number;
    let base: number;
    let max: number;
    if (c >= "0" && c <= "7") [digits, base, max] = [3, 8, 255];
    else if (c === "x") [digits, base, max] = [2, 16, 255];
    else if (c === "u") [digits, base, max] = [4, 16, 0x10ffff];
    else if (c === "U") [digits, base, max] = [8, 16, 0x10ffff];
    else return `unknown escape sequence ${unicodeName(this.rune())}`;
    if (base === 16) this.pos++;
    let value = 0;
    for (let n = 0; n < digits; n++) {
      const d = this.peek();
      if (d === "") return "escape sequence not terminated";
      const digit = Number.parseInt(d, base);
      if (Number.isNaN(digit))
        return `illegal character ${unicodeName(this.rune())} in escape sequence`;
      value = value * base + digit;
      this.pos++;
    }
    if (value > max || (value >= 0xd800 && value < 0xe000))
      return "escape sequence is an invalid Unicode code point";
    return undefined;
  }

  private numberOrDuration(): boolean {
    if (this.scanNumber()) return this.emit("number");
    if (this.scanDuration()) return this.emit("duration");
    return this.fail(
      `bad number or duration syntax: ${quote(this.text.slice(this.start, this.pos))}`,
    );
  }

  private skipRun(pattern: RegExp): void {
    while (this.pos < this.text.length && pattern.test(this.peek())) this.pos++;
  }

  private scanNumber(): boolean {
    const hex = this.peek() === "0" && (this.peek(1) === "x" || this.peek(1) === "X");
    if (hex) {
      this.pos += 2;
      this.skipRun(/[0-9a-fA-F_]/);
      return !isAlnum(this.peek());
    }
    this.skipRun(/[0-9_]/);
    if (this.peek() === ".") {
      this.pos++;
      this.skipRun(/[0-9_]/);
      if (this.peek() === ".") {
        this.pos++;
        return false;
      }
    }
    const beforeExponent = this.pos;
    if (/[eE]/.test(this.peek())) {
      this.pos++;
      if (/[+-]/.test(this.peek())) this.pos++;
      const digitsFrom = this.pos;
      this.skipRun(/[0-9_]/);
      if (this.pos === digitsFrom) {
        this.pos = beforeExponent;
        return false;
      }
    }
    return !isAlnum(this.peek());
  }

  private accept(set: string): boolean {
    const c = this.peek();
    if (c === "" || !set.includes(c)) return false;
    this.pos++;
    return true;
  }

  /** Loose on purpose: units are judged when the duration is read, with a better message. */
  private scanDuration(): boolean {
    if (!this.accept("smhdwy")) return false;
    this.accept("s");
    while (this.accept("0123456789")) {
      this.skipRun(/[0-9]/);
      if (!this.accept("smhdw")) return false;
      this.accept("s");
    }
    if (!isAlnum(this.peek())) return true;
    this.pos++;
    return false;
  }
}

function unicodeName(ch: string): string {
  return `U+${(ch.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0")} ${quoteRune(ch)}`;
}
