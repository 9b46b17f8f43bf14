import { type Result, err, ok } from "../core/result";

const SIMPLE: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
};

/**
 * The text of a quoted PromQL string (escapes as in Go, https://go.dev/ref/spec#String_literals).
 * Byte escapes (`\xff`, `\377`) are read together as UTF-8; a byte that belongs to no
 * character becomes the lone surrogate U+DC00 + byte, so that it stays unlike any valid text.
 */
export function unquote(literal: string): Result<string, string> {
  const quote = literal[0];
  if (quote === "`") return ok(literal.slice(1, -1));
  const body = literal.slice(1, -1);
  if (!body.includes("\\")) return ok(body);
  let out = "";
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length > 0) out += textOfBytes(bytes);
    bytes = [];
  };
  for (let i = 0; i < body.length; i++) {
    const c = body[i] as string;
    if (c !== "\\") {
      flush();
      out += c;
      continue;
    }
    i++;
    const e = body[i] ?? "";
    const width = e === "x" ? 2 : e === "u" ? 4 : e === "U" ? 8 : e >= "0" && e <= "7" ? 3 : 0;
    if (width === 0) {
      const plain = SIMPLE[e];
      if (plain === undefined) return err("invalid syntax");
      flush();
      out += plain;
      continue;
    }
    const octal = width === 3;
    const digits = octal ? body.slice(i, i + 3) : body.slice(i + 1, i + 1 + width);
    const code = Number.parseInt(digits, octal ? 8 : 16);
    if (digits.length < width || Number.isNaN(code)) return err("invalid syntax");
    i += octal ? 2 : width;
    if (width <= 3) {
      if (code > 255) return err("invalid syntax");
      bytes.push(code);
    } else {
      if (code > 0x10ffff) return err("invalid syntax");
      flush();
      out += String.fromCodePoint(code);
    }
  }
  flush();
  return ok(out);
}

function textOfBytes(bytes: readonly number[]): string {
  let out = "";
  for (let i = 0; i < bytes.length;) {
    const b = bytes[i] as number;
    const size =
      b < 0x80
        ? 1
        : b >= 0xc2 && b < 0xe0
          ? 2
          : b >= 0xe0 && b < 0xf0
            ? 3
            : b >= 0xf0 && b < 0xf5
              ? 4
              : 0;
    const part = size === 0 ? undefined : decodeWhole(bytes.slice(i, i + size), size);
    if (part === undefined) {
      out += String.fromCharCode(0xdc00 + b);
      i++;
    } else {
      out += part;
      i += size;
    }
  }
  return out;
}

function decodeWhole(bytes: readonly number[], size: number): string | undefined {
  if (bytes.length < size) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes));
  } catch {
    return undefined;
  }
}

/** A string in double quotes as Go's %q prints it. */
export function quote(text: string): string {
  let out = '"';
  for (const ch of text) {
    const code = ch.codePointAt(0) as number;
    if (ch === '"' || ch === "\\") out += `\\${ch}`;
    else if (ch === "\n") out += "\\n";
    else if (ch === "\r") out += "\\r";
    else if (ch === "\t") out += "\\t";
    else if (ch === "\x07") out += "\\a";
    else if (ch === "\b") out += "\\b";
    else if (ch === "\f") out += "\\f";
    else if (ch === "\v") out += "\\v";
    else if (code < 0x20 || code === 0x7f) out += `\\x${code.toString(16).padStart(2, "0")}`;
    else if (code >= 0xdc80 && code <= 0xdcff) out += `\\x${(code - 0xdc00).toString(16)}`;
    else out += ch;
  }
  return `${out}"`;
}

/** One character in single quotes as Go's %q prints a rune. */
export function quoteRune(ch: string): string {
  if (ch === "'") return "'\\''";
  if (ch === '"') return "'\"'";
  return `'${quote(ch).slice(1, -1)}'`;
}
