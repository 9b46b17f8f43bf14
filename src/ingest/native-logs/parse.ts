import { flattenInto } from "../../core/flat-attributes";
import { nestsDeeperThan } from "../../core/json-depth";
import { levelFromNumber, levelFromText } from "../../core/log-level";
import type { LogLine } from "../../core/logs";
import { type Result, err, ok } from "../../core/result";

/** What was wrong with which line; `where` is a JSON pointer, or `line N` of ndjson. */
export interface NativeLogError {
  readonly code:
    | "log_shape"
    | "log_timestamp"
    | "log_message"
    | "json_malformed"
    | "too_many_lines";
  readonly where: string;
  readonly message: string;
}

export interface NativeLogs {
  readonly lines: readonly LogLine[];
  /** Every line came with its own time. */
  readonly allTimed: boolean;
}

/** Lines of one request. */
export const NATIVE_LOG_LINES_LIMIT = 10_000;

/** Of objects and lists in each other. */
const MAX_LEVELS = 64;

/**
 * `{timestamp, level, service, message, context, error, …}`, a list of them, or `{logs: [...]}`.
 * Other members become attributes; `context` is taken without its own name before them.
 */
export function parseNativeLogs(value: unknown, nowMs: number): Result<NativeLogs, NativeLogError> {
  const list = listOf(value);
  if (list === undefined)
    return err({
      code: "log_shape",
      where: "",
      message: "expected a log object, a list of them, or {logs: [...]}",
    });
  if (list.items.length > NATIVE_LOG_LINES_LIMIT) return tooMany(list.items.length);
  return collect(list.items, (i) => `${list.at}${list.single ? "" : `/${i}`}`, nowMs);
}

/** One JSON object a line; empty lines do not count. */
export function parseNdjsonLogs(text: string, nowMs: number): Result<NativeLogs, NativeLogError> {
  const items: unknown[] = [];
  const places: number[] = [];
  for (const [i, raw] of text.split("\n").entries()) {
    if (raw.trim() === "") continue;
    try {
      items.push(JSON.parse(raw));
      places.push(i + 1);
    } catch (e) {
      return err({
        code: "json_malformed",
        where: `line ${i + 1}`,
        message: e instanceof Error ? e.message : String(e),
      });
    }
    if (items.length > NATIVE_LOG_LINES_LIMIT) return tooMany(items.length);
  }
  return collect(items, (i) => `line ${places[i]}`, nowMs);
}

function tooMany(n: number): Result<never, NativeLogError> {
  return err({ code: "too_many_lines", where: "", message: `${n} lines in one request` });
}

function listOf(
  value: unknown,
):
  | { readonly items: readonly unknown[]; readonly at: string; readonly single: boolean }
  | undefined {
  if (Array.isArray(value)) return { items: value, at: "", single: false };
  if (!isObject(value)) return undefined;
  const logs = value["logs"];
  return Array.isArray(logs)
    ? { items: logs, at: "/logs", single: false }
    : { items: [value], at: "", single: true };
}

function collect(
  items: readonly unknown[],
  where: (i: number) => string,
  nowMs: number,
): Result<NativeLogs, NativeLogError> {
  const lines: LogLine[] = [];
  let allTimed = true;
  for (const [i, item] of items.entries()) {
    if (!isObject(item))
      return err({ code: "log_shape", where: where(i), message: "expected an object" });
    if (nestsDeeperThan(item, MAX_LEVELS))
      return err({
        code: "log_shape",
        where: where(i),
        message: `nested deeper than ${MAX_LEVELS} levels`,
      });
    const line = toLine(item, nowMs);
    if (!line.ok) return err({ ...line.error, where: `${where(i)}${line.error.where}` });
    allTimed &&= line.value.timed;
    lines.push(line.value.line);
  }
  return ok({ lines, allTimed });
}

/** Names under which loggers put what a line has of its own, the first that is there counts. */
const TIME = ["timestamp", "time", "ts", "@timestamp"];
const LEVEL = ["level", "severity", "lvl"];
const MESSAGE = ["message", "msg"];
const SERVICE = ["service", "logger", "app"];
const TRACE = ["trace_id", "traceId"];
const SPAN = ["span_id", "spanId"];

function toLine(
  item: Readonly<Record<string, unknown>>,
  nowMs: number,
): Result<{ readonly line: LogLine; readonly timed: boolean }, NativeLogError> {
  const used = new Set<string>();
  const take = (names: readonly string[]): readonly [string, unknown] => {
    const name = names.find((n) => item[n] !== undefined && item[n] !== null);
    if (name === undefined) return ["", undefined];
    used.add(name);
    return [name, item[name]];
  };
  const [timeName, given] = take(TIME);
  const time = given === undefined ? { ms: nowMs, nanos: 0 } : readTime(given);
  if (time === undefined)
    return err({
      code: "log_timestamp",
      where: `/${timeName}`,
      message: "expected an ISO 8601 time, or seconds, milliseconds or nanoseconds since the epoch",
    });
  const [, message] = take(MESSAGE);
  const [, level] = take(LEVEL);
  const [, service] = take(SERVICE);
  const [, trace] = take(TRACE);
  const [, span] = take(SPAN);
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(item)) {
    if (used.has(name)) continue;
    flattenInto(attributes, name === "context" && isObject(value) ? "" : name, value);
  }
  const text = messageOf(message, item["error"]);
  if (text === "" && Object.keys(attributes).length === 0)
    return err({
      code: "log_message",
      where: "/message",
      message: "a line needs a message or at least one attribute",
    });
  return ok({
    timed: given !== undefined,
    line: {
      timeMs: time.ms,
      subMsNanos: time.nanos,
      ...(typeof level === "number"
        ? levelFromNumber(level)
        : levelFromText(typeof level === "string" ? level : "")),
      service:
        typeof service === "string"
          ? service
          : service === undefined
            ? ""
            : JSON.stringify(service),
      message: text,
      attributes,
      traceId: hexId(trace, 32),
      spanId: hexId(span, 16),
    },
  });
}

function messageOf(message: unknown, error: unknown): string {
  if (typeof message === "string") return message;
  if (message !== undefined)
    return typeof message === "object" ? JSON.stringify(message) : String(message);
  const own = isObject(error) ? error["message"] : undefined;
  return typeof own === "string" ? own : "";
}

/** An ISO time keeps its digits beyond the ms; a number's size tells its unit. */
function readTime(value: unknown): { readonly ms: number; readonly nanos: number } | undefined {
  if (typeof value === "number") return fromNumber(value);
  if (typeof value !== "string") return undefined;
  if (/^\d{9,19}$/.test(value)) {
    if (value.length < 17) return fromNumber(Number(value));
    const ns = BigInt(value);
    return { ms: Number(ns / 1_000_000n), nanos: Number(ns % 1_000_000n) };
  }
  const ms = Date.parse(value);
  if (Number.isNaN(ms)) return undefined;
  const fraction = /\.(\d{4,9})\d*/.exec(value)?.[1];
  return { ms, nanos: fraction === undefined ? 0 : Number(fraction.padEnd(9, "0").slice(3)) };
}

const S_BELOW = 1e11;
const MS_BELOW = 1e14;
const US_BELOW = 1e17;
/** The latest time that a Date can show (ECMA-262, 21.4.1.1). */
const LAST_DATE_MS = 8.64e15;

function fromNumber(n: number): { readonly ms: number; readonly nanos: number } | undefined {
  if (!Number.isFinite(n) || n < 0) return undefined;
  const ms = n < S_BELOW ? n * 1_000 : n < MS_BELOW ? n : n < US_BELOW ? n / 1_000 : n / 1_000_000;
  return ms <= LAST_DATE_MS ? { ms: Math.floor(ms), nanos: 0 } : undefined;
}

function hexId(value: unknown, digits: number): string {
  if (typeof value !== "string") return "";
  const bare = value.toLowerCase().replaceAll("-", "");
  return bare.length === digits && /^[0-9a-f]+$/.test(bare) ? bare : "";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
