import { type Matcher, type MatchType, compileRegex } from "../core/matchers";
import { type Result, err, ok } from "../core/result";

/**
 * Alertmanager's matcher syntax: `severity="critical"`, `team=~"a|b"`, unquoted values, quoted names, several joined by
 * commas, with or without braces (https://prometheus.io/docs/alerting/latest/configuration/#matcher). As it does by
 * default, both of its grammars are tried: what the UTF-8 one refuses or reads otherwise is read by the classic one.
 */
export function parseMatchers(text: string): Result<readonly Matcher[], string> {
  const utf8 = parseUtf8(text);
  const classic = parseClassic(text);
  if (!utf8.ok) return classic;
  return classic.ok && !sameMatchers(utf8.value, classic.value) ? classic : utf8;
}

/** One matcher alone, as Alertmanager's API takes it in `filter`: a comma is no separator to the classic grammar here. */
export function parseMatcher(text: string): Result<Matcher, string> {
  if (text.startsWith("{") || text.endsWith("}"))
    return err(`unexpected open or close brace: ${text}`);
  const classic = classicMatcher(text);
  if (classic.ok) return classic;
  const utf8 = parseUtf8(text);
  const [only, ...more] = utf8.ok ? utf8.value : [];
  return only === undefined || more.length > 0 ? classic : ok(only);
}

/** The matcher as Alertmanager prints it in a group key. */
export function renderMatcher(m: Matcher): string {
  if (RESERVED.test(m.name)) return `${quoted(m.name)}${m.type}${quoted(m.value)}`;
  return `${m.name}${m.type}"${m.value.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}

/** Checks a matcher's regular expression. */
export function checkMatcher(m: Matcher): Result<Matcher, string> {
  if (m.type !== "=~" && m.type !== "!~") return ok(m);
  try {
    compileRegex(m.value);
    return ok(m);
  } catch (e) {
    const why = e instanceof Error ? e.message : String(e);
    // Ours lets the dot match line feeds too, which is no part of what was written.
    const message = why.replace("^(?s:", "^(?:");
    return err(
      message.startsWith("error parsing regexp") ? message : `error parsing regexp: ${message}`,
    );
  }
}

/** Go's %q for the text of a label. */
export function quoted(text: string): string {
  return `"${text
    .replace(/\\/g, "\\\\")
    .replace(/"/g, '\\"')
    .replace(/\n/g, "\\n")
    .replace(/\r/g, "\\r")
    .replace(/\t/g, "\\t")}"`;
}

/** What may not stand in an unquoted name or value. */
const RESERVED = /[\s{}!=~,\\"'`]/;
const QUOTED = /^"(?:[^"\\]|\\.)*"/s;
const BARE = /^[^\s{}!=~,\\"'`]+/;
const OPERATOR = /^(?:=~|!~|!=|=)/;

/** The grammar since 0.27: names and values are quoted as in Go, or hold nothing reserved. */
function parseUtf8(text: string): Result<Matcher[], string> {
  let rest = text.trim();
  const braced = rest.startsWith("{");
  if (braced) rest = rest.slice(1).trimStart();
  const out: Matcher[] = [];
  while (rest !== "" && !rest.startsWith("}")) {
    const one = takeMatcher(rest);
    if (!one.ok) return one;
    out.push(one.value.matcher);
    rest = one.value.rest.trimStart();
    if (rest === "" || rest.startsWith("}")) break;
    if (!rest.startsWith(",")) return err("expected a comma or close brace");
    rest = rest.slice(1).trimStart();
  }
  if (rest.startsWith("}") !== braced)
    return err(braced ? "expected close brace" : "expected opening brace");
  return rest.slice(1).trim() === "" ? ok(out) : err("expected end of input");
}

function takeMatcher(
  text: string,
): Result<{ readonly matcher: Matcher; readonly rest: string }, string> {
  const name = takeText(text);
  if (name === undefined) return err("expected label name");
  const after = name.rest.trimStart();
  const op = OPERATOR.exec(after)?.[0];
  if (op === undefined) return err("expected an operator such as '=', '!=', '=~' or '!~'");
  const value = takeText(after.slice(op.length).trimStart());
  if (value === undefined) return err("expected label value");
  const checked = checkMatcher({
    type: op as MatchType, // OPERATOR matches these four alone
    name: name.value,
    value: value.value,
  });
  return checked.ok ? ok({ matcher: checked.value, rest: value.rest }) : checked;
}

function takeText(text: string): { readonly value: string; readonly rest: string } | undefined {
  const quote = QUOTED.exec(text)?.[0];
  if (quote !== undefined) {
    const value = unquote(quote);
    return value === undefined ? undefined : { value, rest: text.slice(quote.length) };
  }
  const bare = BARE.exec(text)?.[0];
  return bare === undefined ? undefined : { value: bare, rest: text.slice(bare.length) };
}

const ESCAPE =
  /\\(?:([abfnrtv\\"])|x([\da-fA-F]{2})|([0-7]{3})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|(.?))|[^\\]+/gsu;
const SIMPLE: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
};

/** Go's strconv.Unquote of a text in double quotes: `\x` and octal numbers are bytes, which must make up UTF-8. */
function unquote(quote: string): string | undefined {
  const body = quote.slice(1, -1);
  if (body.includes("\n")) return undefined;
  const bytes: number[] = [];
  for (const [whole, simple, hex, octal, u4, u8, other] of body.matchAll(ESCAPE)) {
    if (other !== undefined) return undefined;
    const byte = Number.parseInt(hex ?? octal ?? "", hex === undefined ? 8 : 16);
    if (byte > 255) return undefined;
    const code = Number.parseInt(u4 ?? u8 ?? "", 16);
    if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return undefined;
    if (!Number.isNaN(byte)) bytes.push(byte);
    else if (!Number.isNaN(code)) bytes.push(...UTF8.encode(String.fromCodePoint(code)));
    else for (const b of UTF8.encode(simple === undefined ? whole : SIMPLE[simple])) bytes.push(b);
  }
  try {
    return STRICT_UTF8.decode(Uint8Array.from(bytes));
  } catch {
    return undefined; // the decoder throws for what is no UTF-8
  }
}

const UTF8 = new TextEncoder();
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The grammar before 0.27, which is more tolerant: values may hold anything, escapes need not be any. */
function parseClassic(text: string): Result<Matcher[], string> {
  const out: Matcher[] = [];
  for (const token of classicTokens(text.replace(/^\{/, "").replace(/\}$/, ""))) {
    const one = classicMatcher(token);
    if (!one.ok) return one;
    out.push(one.value);
  }
  return ok(out);
}

/** The parts between commas outside of quotes; nothing after the last one is no part. */
function classicTokens(text: string): string[] {
  const out: string[] = [];
  let token = "";
  let quoted = false;
  let escaped = false;
  for (const c of text) {
    if (c === "," && !quoted) {
      out.push(token);
      token = "";
      continue;
    }
    if (c === '"') {
      if (!escaped) quoted = !quoted;
      escaped = false;
    } else if (c === "\\") escaped = !escaped;
    else if (c !== ",") escaped = false;
    token += c;
  }
  return token.trim() === "" ? out : [...out, token.trim()];
}

const CLASSIC = /^[\t\n\f\r ]*([a-zA-Z_:][a-zA-Z0-9_:]*)[\t\n\f\r ]*(=~|=|!=|!~)[\t\n\f\r ]*(.*)$/s;

function classicMatcher(token: string): Result<Matcher, string> {
  const match = CLASSIC.exec(withoutTrailingSpace(token));
  if (match === null) return err(`bad matcher format: ${token}`);
  const [, name, type, raw] = match as unknown as [string, string, MatchType, string]; // CLASSIC's groups
  const wrong = err(`matcher value contains unescaped double quote: ${raw}`);
  const open = raw.startsWith('"');
  let body = open ? raw.slice(1) : raw;
  if (open) {
    if (!/^(?:[^"\\]|\\.)*"$/s.test(body)) return wrong;
    body = body.slice(0, -1);
  } else if (/^(?:[^"\\]|\\.)*"/s.test(body)) return wrong;
  const value = body.replace(/\\(.)/gs, (whole, c: string) => {
    if (c === "n") return "\n";
    return c === "\\" || c === '"' ? c : whole;
  });
  return checkMatcher({ type, name, value });
}

/** Without the space that RE2's `\s` means, one character at a time: an expression would look at long runs again and again. */
function withoutTrailingSpace(text: string): string {
  let end = text.length;
  while (end > 0 && "\t\n\f\r ".includes(text[end - 1] as string)) end--;
  return text.slice(0, end);
}

function sameMatchers(a: readonly Matcher[], b: readonly Matcher[]): boolean {
  return (
    a.length === b.length &&
    a.every((m, i) => m.name === b[i]?.name && m.type === b[i]?.type && m.value === b[i]?.value)
  );
}
