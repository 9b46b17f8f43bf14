/** In the fields of Alertmanager's API. */
export interface Matcher {
  readonly name: string;
  readonly value: string;
  readonly isRegex: boolean;
  readonly isEqual: boolean;
}

const PLAIN = /^[^\s=!~"]+$/;
const LINE = /^("(?:[^"\\]|\\.)*"|[^\s=!~"]+)\s*(=~|!~|!=|=)\s*(.*)$/;

/** A matcher as people write it: `name="value"`. */
export function renderMatcher(m: Matcher): string {
  const operator = m.isRegex ? (m.isEqual ? "=~" : "!~") : m.isEqual ? "=" : "!=";
  const name = PLAIN.test(m.name) ? m.name : JSON.stringify(m.name);
  return `${name}${operator}${JSON.stringify(m.value)}`;
}

/** Matchers one a line, as `readMatchers` reads them. */
export const matcherLines = (matchers: readonly Matcher[]): string =>
  matchers.map(renderMatcher).join("\n");

/** One matcher a line, names and values in quotes or bare; the first line that is none is given back. */
export function readMatchers(
  text: string,
):
  | { readonly ok: true; readonly matchers: readonly Matcher[] }
  | { readonly ok: false; readonly line: string } {
  const matchers: Matcher[] = [];
  for (const line of text.split("\n").map((l) => l.trim())) {
    if (line === "") continue;
    const m = LINE.exec(line);
    if (m === null) return { ok: false, line };
    const [, name = "", operator = "", raw = ""] = m;
    matchers.push({
      name: unquoted(name),
      value: unquoted(raw),
      isRegex: operator.endsWith("~"),
      isEqual: operator.startsWith("="),
    });
  }
  return { ok: true, matchers };
}

/** Labels one a line, as `readLabels` reads them. */
export const labelLines = (labels: Readonly<Record<string, string>>): string =>
  matcherLines(
    Object.entries(labels).map(([name, value]) => ({ name, value, isRegex: false, isEqual: true })),
  );

/** One label a line, `name="value"`; undefined where a line is none. */
export function readLabels(text: string): Readonly<Record<string, string>> | undefined {
  const read = readMatchers(text);
  if (!read.ok || read.matchers.some((m) => m.isRegex || !m.isEqual)) return undefined;
  return Object.fromEntries(read.matchers.map((m) => [m.name, m.value] as const));
}

function unquoted(raw: string): string {
  try {
    const value: unknown = raw.startsWith('"') ? JSON.parse(raw) : raw;
    return typeof value === "string" ? value : raw;
  } catch {
    return raw;
  }
}
