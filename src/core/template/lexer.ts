import { TemplateFailure } from "./errors";

export type Token =
  | { readonly kind: "text"; readonly text: string; readonly at: number }
  | {
      readonly kind: "open" | "close" | "(" | ")" | "|" | "," | ":=" | "=" | "." | "space";
      readonly at: number;
    }
  | { readonly kind: "field" | "variable" | "word"; readonly text: string; readonly at: number }
  | { readonly kind: "literal"; readonly value: string | number; readonly at: number };

const SPACE = " \t\r\n";
const WORD = /[A-Za-z0-9_\u0080-\uffff]/;

/** Text → tokens, with `{{-` and `-}}` trimming the text beside them. @throws TemplateFailure */
export function lex(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trimNext = false;
  while (at < text.length) {
    const open = text.indexOf("{{", at);
    const end = open < 0 ? text.length : open;
    let piece = text.slice(at, end);
    if (trimNext) piece = piece.replace(/^[ \t\r\n]+/, "");
    const trimBefore = open >= 0 && text[open + 2] === "-" && SPACE.includes(text[open + 3] ?? "x");
    if (trimBefore) piece = piece.replace(/[ \t\r\n]+$/, "");
    if (piece !== "") tokens.push({ kind: "text", text: piece, at });
    if (open < 0) break;
    // A comment follows the delimiter, or its trim marker and one space, at once.
    const inside = open + (trimBefore ? 4 : 2);
    const comment = commentEnd(text, inside);
    if (comment !== undefined) {
      trimNext = comment.trim;
      at = comment.end;
      continue;
    }
    tokens.push({ kind: "open", at: open });
    const close = lexAction(text, inside, open, tokens);
    tokens.push({ kind: "close", at: close.at });
    trimNext = close.trim;
    at = close.end;
  }
  return tokens;
}

interface Close {
  readonly at: number;
  readonly end: number;
  readonly trim: boolean;
}

function commentEnd(
  text: string,
  from: number,
): { readonly end: number; readonly trim: boolean } | undefined {
  const start = from;
  if (!text.startsWith("/*", start)) return undefined;
  const end = text.indexOf("*/", start + 2);
  if (end < 0) throw new TemplateFailure("unclosed comment", start);
  const rest = /^(?:[ \t\r\n]+(-))?\}\}/.exec(text.slice(end + 2));
  if (rest === null) throw new TemplateFailure("comment ends before closing delimiter", end);
  return { end: end + 2 + rest[0].length, trim: rest[1] === "-" };
}

function lexAction(text: string, from: number, open: number, out: Token[]): Close {
  let at = from;
  while (at < text.length) {
    const c = text[at] as string;
    if (text.startsWith("}}", at)) return { at, end: at + 2, trim: false };
    if (SPACE.includes(c)) {
      const start = at;
      while (at < text.length && SPACE.includes(text[at] as string)) at++;
      if (text.startsWith("-}}", at)) return { at, end: at + 3, trim: true };
      out.push({ kind: "space", at: start });
      continue;
    }
    at = lexToken(text, at, c, out);
  }
  throw new TemplateFailure("unclosed action", open);
}

function lexToken(text: string, at: number, c: string, out: Token[]): number {
  switch (c) {
    case "(":
    case ")":
    case "|":
    case ",":
    case "=":
      out.push({ kind: c, at });
      return at + 1;
    case ":":
      if (text[at + 1] !== "=") throw new TemplateFailure("expected :=", at);
      out.push({ kind: ":=", at });
      return at + 2;
    case '"':
      return lexQuoted(text, at, out);
    case "'": {
      const m =
        /^'((?:\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)|[^'\\\n]))'/u.exec(
          text.slice(at, at + 16),
        );
      if (m === null) throw new TemplateFailure("malformed character constant", at);
      out.push({ kind: "literal", value: unquote(m[1] ?? "", at).codePointAt(0) ?? 0, at });
      return at + m[0].length;
    }
    case "`": {
      const end = text.indexOf("`", at + 1);
      if (end < 0) throw new TemplateFailure("unterminated raw quoted string", at);
      out.push({ kind: "literal", value: text.slice(at + 1, end), at });
      return end + 1;
    }
    case ".": {
      const end = wordEnd(text, at + 1);
      if (end > at + 1 && !/[0-9]/.test(text[at + 1] as string)) {
        out.push({ kind: "field", text: text.slice(at + 1, end), at });
        return end;
      }
      if (end > at + 1) return lexNumber(text, at, out);
      out.push({ kind: ".", at });
      return at + 1;
    }
    case "$": {
      const end = wordEnd(text, at + 1);
      out.push({ kind: "variable", text: text.slice(at, end), at });
      return end;
    }
    default:
      break;
  }
  if (/[0-9+-]/.test(c)) return lexNumber(text, at, out);
  if (WORD.test(c)) {
    const end = wordEnd(text, at);
    out.push({ kind: "word", text: text.slice(at, end), at });
    return end;
  }
  throw new TemplateFailure(`unexpected ${JSON.stringify(c)} in action`, at);
}

function lexQuoted(text: string, at: number, out: Token[]): number {
  let end = at + 1;
  while (end < text.length && text[end] !== '"' && text[end] !== "\n")
    end += text[end] === "\\" ? 2 : 1;
  if (text[end] !== '"') throw new TemplateFailure("unterminated quoted string", at);
  out.push({ kind: "literal", value: unquote(text.slice(at + 1, end), at), at });
  return end + 1;
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  "\\": "\\",
  '"': '"',
  "'": "'",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
};

function unquote(body: string, at: number): string {
  return body.replace(
    /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)/gs,
    (_, e: string) => {
      const simple = ESCAPES[e];
      if (simple !== undefined) return simple;
      if (/^[xuU]/.test(e) && e.length > 1) {
        const code = Number.parseInt(e.slice(1), 16);
        if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
          throw new TemplateFailure(`\\${e} is no character`, at);
        return String.fromCodePoint(code);
      }
      if (/^[0-7]{3}$/.test(e)) return String.fromCodePoint(Number.parseInt(e, 8));
      throw new TemplateFailure(`unknown escape \\${e}`, at);
    },
  );
}

function lexNumber(text: string, at: number, out: Token[]): number {
  const m =
    /^[+-]?(0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)([eE][+-]?\d+)?)/.exec(
      text.slice(at),
    );
  if (m === null) throw new TemplateFailure("bad number syntax", at);
  const sign = m[0].startsWith("-") ? -1 : 1;
  out.push({
    kind: "literal",
    value: sign * Number(m[0].replace(/^[+-]/, "").replaceAll("_", "")),
    at,
  });
  return at + m[0].length;
}

function wordEnd(text: string, from: number): number {
  let end = from;
  while (end < text.length && WORD.test(text[end] as string)) end++;
  return end;
}
