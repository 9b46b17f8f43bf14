import { type Matcher, type MatchType, compileRegex } from "../core/matchers";
import { type Result, err, ok } from "../core/result";

/**
 * Alertmanager's matcher syntax: `severity="critical"`, `team=~"a|b"`, unquoted values,
 * quoted names, several joined by commas, with or without braces
 * (https://prometheus.io/docs/alerting/latest/configuration/#matcher).
 */
export function parseMatchers(text: string): Result<Matcher[], string> {
  let rest = text.trim();
  if (rest.startsWith("{") !== rest.endsWith("}")) return err("expected opening and closing brace");
  if (rest.startsWith("{")) rest = rest.slice(1, -1).trim();
  const out: Matcher[] = [];
  while (rest !== "") {
    const one = takeMatcher(rest);
    if (!one.ok) return one;
    out.push(one.value.matcher);
    rest = one.value.rest.trim();
    if (rest === "") break;
    if (!rest.startsWith(",")) return err(`expected a comma before ${JSON.stringify(rest)}`);
    rest = rest.slice(1).trim();
  }
  return ok(out);
}

/** The matcher as Alertmanager prints it in a group key. */
export function renderMatcher(m: Matcher): string {
  const name = PLAIN_NAME.test(m.name) ? m.name : quoted(m.name);
  return `${name}${m.type}${quoted(m.value)}`;
}

/** Checks a matcher's regular expression. */
export function checkMatcher(m: Matcher): Result<Matcher, string> {
  if (m.type !== "=~" && m.type !== "!~") return ok(m);
  try {
    compileRegex(m.value);
    return ok(m);
  } catch (e) {
    return err(
      `${JSON.stringify(m.value)} is not a regular expression: ${e instanceof Error ? e.message : String(e)}`,
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

const PLAIN_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const QUOTED = /^"((?:[^"\\]|\\.)*)"/s;
const BARE = /^[^\s{}!=~,\\"'`]+/;
const OPERATOR = /^(=~|!~|!=|=)/;

function takeMatcher(
  text: string,
): Result<{ readonly matcher: Matcher; readonly rest: string }, string> {
  const name = takeText(text);
  if (name === undefined || name.value === "")
    return err(`expected a label name at ${JSON.stringify(text)}`);
  const op = OPERATOR.exec(name.rest.trimStart());
  if (op === null) return err(`expected =, !=, =~ or !~ after ${JSON.stringify(name.value)}`);
  const after = name.rest
    .trimStart()
    .slice((op[0] as string).length)
    .trimStart();
  const value =
    takeText(after) ??
    (after === "" || after.startsWith(",") ? { value: "", rest: after } : undefined);
  if (value === undefined) return err(`expected a label value at ${JSON.stringify(after)}`);
  const checked = checkMatcher({
    type: op[0] as MatchType, // OPERATOR matches these four alone
    name: name.value,
    value: value.value,
  });
  return checked.ok ? ok({ matcher: checked.value, rest: value.rest }) : checked;
}

function takeText(text: string): { readonly value: string; readonly rest: string } | undefined {
  const q = QUOTED.exec(text);
  if (q !== null)
    return { value: unescape(q[1] as string), rest: text.slice((q[0] as string).length) };
  const b = BARE.exec(text);
  if (b !== null) return { value: b[0] as string, rest: text.slice((b[0] as string).length) };
  return undefined;
}

function unescape(text: string): string {
  return text.replace(/\\(.)/gs, (whole, c: string) => {
    if (c === "n") return "\n";
    return c === "\\" || c === '"' ? c : whole;
  });
}
