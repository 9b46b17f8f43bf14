import { RE2JS } from "re2js";
import { type Labels, labelValue } from "./labels";
import { regexSize } from "./regex-size";

export type MatchType = "=" | "!=" | "=~" | "!~";

/** One label matcher of a PromQL selector or an Alertmanager route. */
export interface Matcher {
  readonly type: MatchType;
  readonly name: string;
  readonly value: string;
}

export type ValuePredicate = (value: string) => boolean;

/** Thrown by {@link compileRegex}; `message` is RE2's own. */
export class RegexError extends Error {
  override readonly name = "RegexError";
}

/** Instructions of one pattern, about 100 bytes each; no pattern that is meant comes near. */
const MAX_SIZE = 200_000;
const MAX_CACHED = 512;
const MAX_CACHED_SIZE = 200_000;
const cache = new Map<string, { readonly test: ValuePredicate; readonly size: number }>();
let cachedSize = 0;

/**
 * An anchored RE2 match, in time linear in the input whatever the pattern
 * (https://github.com/google/re2/wiki/Syntax). Literals and alternations of
 * literals skip the engine. Compiled patterns are kept, the oldest going first.
 * @throws RegexError for a pattern RE2 refuses (look-ahead, back-references, bad syntax)
 */
export function compileRegex(pattern: string): ValuePredicate {
  const hit = cache.get(pattern);
  if (hit !== undefined) return hit.test;
  const made = { test: buildRegex(pattern), size: regexSize(pattern) };
  for (const [oldest, { size }] of cache) {
    if (cache.size < MAX_CACHED && cachedSize + made.size <= MAX_CACHED_SIZE) break;
    cache.delete(oldest);
    cachedSize -= size;
  }
  cache.set(pattern, made);
  cachedSize += made.size;
  return made.test;
}

const LITERAL = /^[\w\-/: @#%&=,;!~"'<>]*$/;

function buildRegex(pattern: string): ValuePredicate {
  if (pattern === ".*") return () => true;
  if (pattern === ".+") return (v) => v !== "";
  if (LITERAL.test(pattern)) return (v) => v === pattern;
  const arms = pattern.split("|");
  if (arms.length > 1 && arms.every((a) => LITERAL.test(a))) {
    const set = new Set(arms);
    return (v) => set.has(v);
  }
  if (pattern.endsWith(".*") && LITERAL.test(pattern.slice(0, -2))) {
    const prefix = pattern.slice(0, -2);
    return (v) => v.startsWith(prefix);
  }
  if (pattern.endsWith(".+") && LITERAL.test(pattern.slice(0, -2))) {
    const prefix = pattern.slice(0, -2);
    return (v) => v.length > prefix.length && v.startsWith(prefix);
  }
  checkRegexSize(pattern);
  try {
    // By itself first: `a)|(b` must not end the group that anchors it.
    if (pattern.includes(")")) RE2JS.compile(pattern);
    // Prometheus compiles with dot-matches-newline since 3.0.
    const re = RE2JS.compile(`^(?s:${pattern})$`);
    return (v) => re.testExact(v);
  } catch (e) {
    throw new RegexError(e instanceof Error ? e.message : String(e));
  }
}

/** The predicate of one matcher over a label's value ("" where the label is absent). */
export function compileMatcher(m: Matcher): ValuePredicate {
  switch (m.type) {
    case "=":
      return (v) => v === m.value;
    case "!=":
      return (v) => v !== m.value;
    case "=~":
      return compileRegex(m.value);
    case "!~": {
      const p = compileRegex(m.value);
      return (v) => !p(v);
    }
  }
}

/** All matchers at once over a label set. */
export function compileMatchers(ms: readonly Matcher[]): (labels: Labels) => boolean {
  const tests = ms.map((m) => ({ name: m.name, test: compileMatcher(m) }));
  return (labels) => tests.every((t) => t.test(labelValue(labels, t.name)));
}

/**
 * Replaces every match, `$1` and `${name}` standing for groups, as Go's
 * regexp.ReplaceAllString does.
 * @throws RegexError
 */
export function replaceRegex(pattern: string, replacement: string, text: string): string {
  const compiled = compiledOrThrow(pattern);
  const named = compiled.namedGroups();
  const m = compiled.matcher(text);
  let out = "";
  let copied = 0;
  let lastEnd = -1;
  while (m.find()) {
    const [start, end] = [m.start(), m.end()];
    // An empty match that abuts the one before is none.
    if (start !== end || start !== lastEnd)
      out +=
        text.slice(copied, start) +
        replacement.replaceAll(
          /\$(?:\$|\{([\p{L}\p{N}_]+)\}|([\p{L}\p{N}_]+))/gu,
          (all, braced?: string, bare?: string) => {
            if (all === "$$") return "$";
            const name = braced ?? bare ?? "";
            const group = /^\d+$/.test(name) ? Number(name) : named[name];
            return group === undefined || group > m.groupCount() ? "" : (m.group(group) ?? "");
          },
        );
    else out += text.slice(copied, start);
    copied = end;
    lastEnd = end;
  }
  return out + text.slice(copied);
}

/**
 * Refuses what would take memory that others need, before it is compiled.
 * @throws RegexError
 */
export function checkRegexSize(pattern: string): void {
  if (regexSize(pattern) > MAX_SIZE)
    throw new RegexError("error parsing regexp: expression too large");
}

function compiledOrThrow(pattern: string): RE2JS {
  checkRegexSize(pattern);
  try {
    return RE2JS.compile(pattern);
  } catch (e) {
    throw new RegexError(e instanceof Error ? e.message : String(e));
  }
}
