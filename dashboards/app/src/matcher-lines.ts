import type { Silence } from "./api/silences";

type Matcher = Silence["matchers"][number];

/** A matcher as people write it: `name="value"`. */
export function renderMatcher(m: Matcher): string {
  const operator = m.isRegex ? (m.isEqual ? "=~" : "!~") : m.isEqual ? "=" : "!=";
  return `${m.name}${operator}${JSON.stringify(m.value)}`;
}

/** One matcher a line, the value in quotes or bare; the first line that is none is given back. */
export function readMatchers(
  text: string,
):
  | { readonly ok: true; readonly matchers: readonly Matcher[] }
  | { readonly ok: false; readonly line: string } {
  const matchers: Matcher[] = [];
  for (const line of text.split("\n").map((l) => l.trim())) {
    if (line === "") continue;
    const m = /^([^\s=!~"]+)\s*(=~|!~|!=|=)\s*(.*)$/.exec(line);
    if (m === null) return { ok: false, line };
    const [, name = "", operator = "", raw = ""] = m;
    matchers.push({
      name,
      value: unquoted(raw),
      isRegex: operator.endsWith("~"),
      isEqual: operator.startsWith("="),
    });
  }
  return { ok: true, matchers };
}

function unquoted(raw: string): string {
  try {
    const value: unknown = raw.startsWith('"') ? JSON.parse(raw) : raw;
    return typeof value === "string" ? value : raw;
  } catch {
    return raw;
  }
}
