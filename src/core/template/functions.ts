import { compareStrings } from "../labels";
import { compileRegex, replaceRegex } from "../matchers";
import { parseDuration } from "../duration";
import { type TemplateFunction, TemplateProblem, truth } from "./evaluate";
import { GoDuration, GoTime } from "./go-time";
import { SafeText } from "./values";
import { formatFloat, formatG, formatValue, sprintf } from "./format";

/** Functions of Go's text/template itself. */
export const GO_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  // Evaluated lazily by the evaluator; here so that the parser knows the names.
  and: (...args) => args.find((a) => !truth(a)) ?? args.at(-1),
  or: (...args) => args.find(truth) ?? args.at(-1),
  not: (a) => !truth(a),
  eq: (a, ...rest) => rest.some((b) => equal(a, b)),
  ne: (a, b) => !equal(a, b),
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
  len: (a) => lengthOf(a),
  index: (of, ...keys) => keys.reduce(at, of),
  slice: (of, from, to) => sliceOf(of, from, to),
  print: (...args) =>
    args
      .map((a, i) => {
        // As Sprint: between two operands of which neither is a text.
        const apart = i > 0 && typeof a !== "string" && typeof args[i - 1] !== "string";
        return `${apart ? " " : ""}${formatValue(a)}`;
      })
      .join(""),
  println: (...args) => `${args.map(formatValue).join(" ")}\n`,
  printf: (format, ...args) => sprintf(text(format), args),
  html: (...args) => escapeHtml(args.map(formatValue).join("")),
  urlquery: (...args) => queryEscape(args.map(formatValue).join("")),
  js: (...args) => escapeScript(args.map(formatValue).join("")),
};

/** What Prometheus and Alertmanager share (prometheus.io/docs/prometheus/latest/configuration/template_reference). */
export const TEXT_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  // strings.Title: what follows a sign of ASCII or a space becomes large, an apostrophe's letter too.
  title: (s) =>
    text(s).replace(
      /(^|[!-/:-@[-^`{-~\s])(\p{L})/gu,
      (_, before: string, letter: string) => before + letter.toUpperCase(),
    ),
  toUpper: (s) => eachLetter(text(s), (c) => c.toUpperCase()),
  toLower: (s) => eachLetter(text(s), (c) => c.toLowerCase()),
  match: (pattern, s) => compileRegex(`(?s:.*)(?:${patternOf(pattern)})(?s:.*)`)(text(s)),
  reReplaceAll: (pattern, replacement, s) => {
    // At worst every place matches, and every `$1` of the replacement is the whole text.
    bounded((text(s).length + 1) * text(replacement).length);
    return replaceRegex(patternOf(pattern), text(replacement), text(s));
  },
  safeHtml: (s) => new SafeText("html", text(s)),
  humanizeDuration: (v) => humanizeDuration(number(v)),
};

/** Prometheus' own. */
export const PROMETHEUS_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  humanize: (v) => humanize(number(v), 1000, ["k", "M", "G", "T", "P", "E", "Z", "Y"]),
  humanize1024: (v) => humanize1024(number(v)),
  humanizePercentage: (v) => `${formatG(number(v) * 100, 4)}%`,
  humanizeTimestamp: (v) => humanizeTimestamp(number(v)),
  toTime: (v) => goTime(number(v)),
  toDuration: (v) => new GoDuration(number(v) * 1e9),
  parseDuration: (s) => durationSeconds(text(s)),
  stripPort: (s) => text(s).replace(/:\d*$/, ""),
  stripDomain: (s) => stripDomain(text(s)),
  args: (...args) => Object.fromEntries(args.map((a, i) => [`arg${i}`, a])),
  first: (v) =>
    Array.isArray(v) && v.length > 0
      ? (v[0] as unknown)
      : fail("first() called on vector with no elements"),
  strvalue: (v) => labelOfSample("__value__", v) ?? fail("strvalue() wants a sample"),
  graphLink: (expr) => `/graph?g0.expr=${queryEscape(text(expr))}&g0.tab=0`,
  tableLink: (expr) => `/graph?g0.expr=${queryEscape(text(expr))}&g0.tab=1`,
  urlQueryEscape: (s) => queryEscape(text(s)),
  // Who renders a rule's templates puts one in that knows the evaluation's time.
  now: () => fail("there is no clock here"),
  value: (v) => (isRecord(v) ? v["Value"] : fail("value() wants a sample")),
  label: (name, v) => labelOfSample(text(name), v) ?? fail("label() wants a sample"),
  sortByLabel: (name, v) => sortedByLabel(text(name), v),
  // Who renders a rule's templates puts one in that asks.
  query: () => fail("there is nothing to query"),
};

export function text(v: unknown): string {
  return typeof v === "string" ? v : formatValue(v);
}

function number(v: unknown): number {
  if (typeof v === "number") return v;
  // humanizeDuration of what `since` gives.
  if (v instanceof GoDuration) return v.ns / 1e9;
  if (typeof v === "string" && v.trim() !== "") {
    const n =
      v === "+Inf" ? Number.POSITIVE_INFINITY : v === "-Inf" ? Number.NEGATIVE_INFINITY : Number(v);
    if (!Number.isNaN(n) || v === "NaN") return n;
  }
  return fail(`${JSON.stringify(text(v))} is not a number`);
}

/** Go maps letter by letter: one that would become two stays. */
function eachLetter(s: string, map: (c: string) => string): string {
  return Array.from(s, (c) => {
    const mapped = map(c);
    return Array.from(mapped).length === 1 ? mapped : c;
  }).join("");
}

const MAX_PATTERN = 10_000;

function patternOf(v: unknown): string {
  const pattern = text(v);
  return pattern.length <= MAX_PATTERN
    ? pattern
    : fail(`a pattern has at most ${MAX_PATTERN} characters`);
}

/** Characters that one call may make. */
const MAX_TEXT = 4_000_000;

export function bounded(characters: number): void {
  if (characters > MAX_TEXT) fail(`the result may have more than ${MAX_TEXT} characters`);
}

export function fail(message: string): never {
  throw new TemplateProblem(message);
}

function equal(x: unknown, y: unknown): boolean {
  const [a, b] = [x, y].map((v) => (v instanceof SafeText ? v.text : v));
  if (typeof a !== typeof b) fail("incompatible types for comparison");
  return a === b;
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "string" && typeof b === "string") return a < b ? -1 : a > b ? 1 : 0;
  return fail("incompatible types for comparison");
}

function lengthOf(v: unknown): number {
  if (typeof v === "string") return new TextEncoder().encode(v).length;
  if (Array.isArray(v)) return v.length;
  if (isRecord(v)) return Object.keys(v).length;
  return fail("len of something without a length");
}

function at(of: unknown, key: unknown): unknown {
  if (Array.isArray(of))
    return typeof key === "number" && key >= 0 && key < of.length
      ? (of[key] as unknown)
      : fail(`index out of range: ${text(key)}`);
  if (isRecord(of)) return Object.hasOwn(of, text(key)) ? of[text(key)] : "";
  return fail("can't index this");
}

function sliceOf(of: unknown, from: unknown, to: unknown): unknown {
  const [start, end] = [
    from === undefined ? 0 : number(from),
    to === undefined ? undefined : number(to),
  ];
  if (typeof of === "string" || Array.isArray(of)) return of.slice(start, end);
  return fail("can't slice this");
}

/** Go's url.QueryEscape. */
function queryEscape(s: string): string {
  return encodeURIComponent(s)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

/** Go's template.JSEscapeString. */
function escapeScript(s: string): string {
  const known: Readonly<Record<string, string>> = { "\\": "\\\\", "'": "\\'", '"': '\\"' };
  return s.replace(
    // eslint-disable-next-line no-control-regex -- control characters are what is escaped
    /[\\'"<>&=\u0000-\u001f]/g,
    (c) => known[c] ?? `\\u${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`,
  );
}

function sortedByLabel(name: string, v: unknown): unknown {
  if (!Array.isArray(v)) return fail("sortByLabel wants the result of a query");
  const labelOf = (s: unknown): string => text(labelOfSample(name, s) ?? "");
  return v.toSorted((a: unknown, b: unknown) => compareStrings(labelOf(a), labelOf(b)));
}

/** "" where it has no such label of its own; undefined of what is no sample. */
function labelOfSample(name: string, v: unknown): unknown {
  const labels = isRecord(v) ? v["Labels"] : undefined;
  if (!isRecord(labels)) return undefined;
  return Object.hasOwn(labels, name) ? (labels[name] ?? "") : "";
}

export function isRecord(v: unknown): v is Readonly<Record<string, unknown>> {
  return (
    typeof v === "object" &&
    v !== null &&
    !Array.isArray(v) &&
    !(v instanceof GoTime || v instanceof GoDuration || v instanceof SafeText)
  );
}

function humanize(v: number, base: number, prefixes: readonly string[]): string {
  if (v === 0 || !Number.isFinite(v)) return formatG(v, 4);
  if (Math.abs(v) >= 1) {
    let [rest, prefix] = [v, ""];
    for (const p of prefixes) {
      if (Math.abs(rest) < base) break;
      prefix = p;
      rest /= base;
    }
    return `${formatG(rest, 4)}${prefix}`;
  }
  let [rest, prefix] = [v, ""];
  for (const p of ["m", "u", "n", "p", "f", "a", "z", "y"]) {
    if (Math.abs(rest) >= 1) break;
    prefix = p;
    rest *= base;
  }
  return `${formatG(rest, 4)}${prefix}`;
}

function humanize1024(v: number): string {
  if (Math.abs(v) <= 1 || !Number.isFinite(v)) return formatG(v, 4);
  let [rest, prefix] = [v, ""];
  for (const p of ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"]) {
    if (Math.abs(rest) < 1024) break;
    prefix = p;
    rest /= 1024;
  }
  return `${formatG(rest, 4)}${prefix}`;
}

function humanizeDuration(v: number): string {
  if (!Number.isFinite(v)) return formatG(v, 4);
  if (v === 0) return "0s";
  const sign = v < 0 ? "-" : "";
  const abs = Math.abs(v);
  if (abs >= 1) {
    const whole = Math.trunc(abs);
    const [s, m, h, d] = [
      whole % 60,
      Math.trunc(whole / 60) % 60,
      Math.trunc(whole / 3600) % 24,
      Math.trunc(whole / 86_400),
    ];
    if (d > 0) return `${sign}${d}d ${h}h ${m}m ${s}s`;
    if (h > 0) return `${sign}${h}h ${m}m ${s}s`;
    if (m > 0) return `${sign}${m}m ${s}s`;
    return `${sign}${formatG(abs, 4)}s`;
  }
  let [rest, prefix] = [abs, ""];
  for (const p of ["m", "u", "n", "p", "f", "a", "z", "y"]) {
    if (rest >= 1) break;
    prefix = p;
    rest *= 1000;
  }
  return `${sign}${formatG(rest, 4)}${prefix}s`;
}

function humanizeTimestamp(v: number): string {
  if (!Number.isFinite(v)) return formatFloat(v);
  return formatValue(goTime(v));
}

function goTime(seconds: number): GoTime {
  return Number.isNaN(new Date(seconds * 1000).getTime())
    ? fail(`${seconds} is not a time`)
    : new GoTime(seconds * 1000);
}

function durationSeconds(s: string): number {
  const d = parseDuration(s);
  return d.ok ? d.value / 1000 : fail(d.error);
}

function stripDomain(hostPort: string): string {
  const m = /^([^:]*)(:\d+)?$/.exec(hostPort);
  const host = m?.[1] ?? hostPort;
  if (/^[\d.]+$/.test(host)) return hostPort;
  return `${host.split(".")[0] ?? ""}${m?.[2] ?? ""}`;
}

export function escapeHtml(s: string): string {
  const names: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&#34;",
    "'": "&#39;",
  };
  return s.replace(/[&<>"']/g, (c) => names[c] ?? c);
}
