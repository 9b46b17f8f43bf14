import { type TemplateFunction } from "./evaluate";
import { formatValue } from "./format";
import { bounded, fail, text } from "./functions";
import { goJson } from "./go-json";
import { GoDuration, GoTime, ZERO_TIME_MS, parseGoTime } from "./go-time";
import { offsetAt } from "./time-zone";
import { SafeText } from "./values";

/**
 * Alertmanager's own functions, those of 0.34 (prometheus.io/docs/alerting/latest/notifications, "Functions").
 * `nowMs` is what `now` gives and `since` counts to.
 */
export function alertmanagerFunctions(
  nowMs: number | undefined,
): Readonly<Record<string, TemplateFunction>> {
  const now = (): number => nowMs ?? fail("there is no clock here");
  return {
    ...STATELESS,
    now: () => new GoTime(now()),
    since: (v) => new GoDuration((now() - time(v).ms) * 1e6),
  };
}

const STATELESS: Readonly<Record<string, TemplateFunction>> = {
  // golang.org/x/text/cases: what follows a word's first letter becomes small.
  title: (s) =>
    text(s).replace(
      /\p{L}[\p{L}\p{M}\p{N}'’._]*/gu,
      (word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase(),
    ),
  join: (separator, list) => {
    if (!Array.isArray(list)) return fail("join wants a list");
    bounded(text(separator).length * list.length);
    return list.map(formatValue).join(text(separator));
  },
  stringSlice: (...args) => args.map(text),
  trimSpace: (s) => text(s).trim(),
  safeUrl: (s) => new SafeText("url", text(s)),
  urlUnescape: (s) => {
    try {
      return decodeURIComponent(text(s).replaceAll("+", " "));
    } catch {
      return fail(`invalid URL escape in ${JSON.stringify(text(s))}`);
    }
  },
  toJson: (v) => goJson(v),
  base64encode: (s) => base64(text(s)),
  base64decode: (s) => unbase64(text(s)),
  list: (...items) => items,
  append: (items, ...more) =>
    Array.isArray(items) ? [...items, ...more] : fail("append wants a list"),
  dict: (...pairs) => dictOf(pairs),
  date: (layout, v) => time(v).format(text(layout)),
  tz: (zone, v) => inZone(text(zone), time(v)),
  toDate: (layout, s) => parseGoTime(text(layout), text(s)) ?? new GoTime(ZERO_TIME_MS),
  mustToDate: (layout, s) =>
    parseGoTime(text(layout), text(s)) ??
    fail(`cannot parse ${JSON.stringify(text(s))} as ${JSON.stringify(text(layout))}`),
};

function time(v: unknown): GoTime {
  return v instanceof GoTime ? v : fail(`${JSON.stringify(text(v))} is not a time`);
}

function inZone(zone: string, t: GoTime): GoTime {
  const name = zone === "Local" ? "UTC" : zone;
  try {
    offsetAt(name, t.ms);
  } catch {
    return fail(`unknown time zone ${zone}`);
  }
  return new GoTime(t.ms, name);
}

function dictOf(pairs: readonly unknown[]): Readonly<Record<string, unknown>> {
  if (pairs.length % 2 !== 0) fail("dict wants a value for each key");
  const entries: [string, unknown][] = [];
  for (let i = 0; i < pairs.length; i += 2) {
    const key = pairs[i];
    entries.push([typeof key === "string" ? key : fail("dict's keys are texts"), pairs[i + 1]]);
  }
  return Object.fromEntries(entries);
}

/** With the URL-safe alphabet and padding, as Alertmanager's. */
function base64(s: string): string {
  const raw = Array.from(new TextEncoder().encode(s), (b) => String.fromCharCode(b)).join("");
  return btoa(raw).replaceAll("+", "-").replaceAll("/", "_");
}

function unbase64(s: string): string {
  if (!/^(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}==|[A-Za-z0-9_-]{3}=)?$/.test(s))
    return fail("illegal base64 data");
  const raw = atob(s.replaceAll("-", "+").replaceAll("_", "/"));
  return new TextDecoder().decode(Uint8Array.from(raw, (c) => c.charCodeAt(0)));
}
