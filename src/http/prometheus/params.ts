import type { Context } from "hono";
import { type Matcher, compileMatcher } from "../../core/matchers";
import { type Result, err, ok } from "../../core/result";
import { bodyErrorMessage, bodyErrorStatus } from "../../ingest/body/errors";
import { type Expr, parseExpr, parseSelector, renderParseError } from "../../promql";
import { durationMs } from "../../promql/durations";
import { quote } from "../../promql/quoting";
import { readBody } from "../body";
import type { AppEnv } from "../deps";
import { type ApiError, badData } from "./respond";

const MAX_FORM_BYTES = 1_048_576;

/** The earliest and latest time a query may name: those of a JavaScript Date, ms. */
export const MIN_TIME_MS = -8.64e15;
export const MAX_TIME_MS = 8.64e15;

/** A request's parameters from query string and form body; a body's value goes before the query string's. */
export async function readParams(c: Context<AppEnv>): Promise<Result<URLSearchParams, ApiError>> {
  const fromUrl = new URL(c.req.url).searchParams;
  if (c.req.method !== "POST") return ok(fromUrl);
  const type = c.req.header("content-type") ?? "";
  if (!/^application\/x-www-form-urlencoded\b/i.test(type)) return ok(fromUrl);
  const body = await readBody(c.req.raw, { limitBytes: MAX_FORM_BYTES, encodings: ["identity"] });
  if (!body.ok)
    return err({
      ...badData(`error parsing form values: ${bodyErrorMessage(body.error)}`),
      status: bodyErrorStatus(body.error),
    });
  const params = new URLSearchParams(new TextDecoder().decode(body.value));
  for (const [k, v] of fromUrl) params.append(k, v);
  return ok(params);
}

/** Numbers as Go's strconv reads them; JavaScript reads them the same. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
/** How Prometheus' own clients write the ends of all time, which four digits of a year do not reach. */
const EARLIEST = "-292273086-05-16T16:47:06Z";
const LATEST = "292277025-08-18T07:12:54.999999999Z";

/** A Unix time in seconds or RFC 3339, in ms. */
export function parseTime(text: string): number | undefined {
  if (NUMBER.test(text)) {
    const ms = Math.round(Number(text) * 1000);
    return ms >= MIN_TIME_MS && ms <= MAX_TIME_MS ? ms : undefined;
  }
  if (text === EARLIEST) return MIN_TIME_MS;
  if (text === LATEST) return MAX_TIME_MS;
  if (!RFC3339.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** 2⁶³ ns: the range of a Go duration. */
const MAX_DURATION_S = 9_223_372_036.854_776;

/** Seconds as a number, or a Prometheus duration; in ms, with Prometheus' message otherwise. */
export function parseStep(text: string): Result<number, string> {
  const unreadable = `cannot parse ${quote(text)} to a valid duration`;
  if (/^[+-]?inf(inity)?$/i.test(text)) return err(`${unreadable}. It overflows int64`);
  if (NUMBER.test(text)) {
    const seconds = Number(text);
    if (Math.abs(seconds) > MAX_DURATION_S) return err(`${unreadable}. It overflows int64`);
    return ok(Math.trunc(seconds * 1e6) / 1000);
  }
  if (!/^(\d+[a-z]+)+$/.test(text)) return err(unreadable);
  const ms = durationMs(text);
  return ms.ok ? ms : err(unreadable);
}

export function timeParam(p: URLSearchParams, name: string): Result<number, ApiError> {
  const text = p.get(name) ?? "";
  const ms = parseTime(text);
  return ms === undefined ? err(invalid(name, unreadableTime(text))) : ok(ms);
}

export function optionalTimeParam(
  p: URLSearchParams,
  name: string,
  otherwise: number,
): Result<number, ApiError> {
  const text = p.get(name) ?? "";
  if (text === "") return ok(otherwise);
  const ms = parseTime(text);
  return ms === undefined
    ? err(invalid(name, `Invalid time value for '${name}': ${unreadableTime(text)}`))
    : ok(ms);
}

function unreadableTime(text: string): string {
  return `cannot parse ${quote(text)} to a valid timestamp`;
}

export function durationParam(
  p: URLSearchParams,
  name: string,
): Result<number | undefined, ApiError> {
  const text = p.get(name) ?? "";
  if (text === "") return ok(undefined);
  const ms = parseStep(text);
  return ms.ok ? ms : err(invalid(name, ms.error));
}

/** 0 stands for no limit. */
export function limitParam(p: URLSearchParams, name = "limit"): Result<number, ApiError> {
  const text = p.get(name) ?? "";
  if (text === "") return ok(0);
  const n = atoi(text);
  if (!n.ok) return err(invalid(name, `strconv.Atoi: parsing ${quote(text)}: ${n.error}`));
  return n.value < 0 ? err(invalid(name, "limit must be non-negative")) : n;
}

const MAX_INT64 = 2 ** 63;

/** A whole number as Go reads it, with its words for what is none. */
export function atoi(text: string): Result<number, "invalid syntax" | "value out of range"> {
  if (!/^[+-]?\d+$/.test(text)) return err("invalid syntax");
  const n = Number(text);
  return Math.abs(n) < MAX_INT64 ? ok(n) : err("value out of range");
}

export function queryParam(p: URLSearchParams): Result<Expr, ApiError> {
  const parsed = parseExpr(p.get("query") ?? "");
  return parsed.ok ? ok(parsed.value) : err(invalid("query", renderParseError(parsed.error)));
}

/** The `match[]` selectors, each a list of matchers; else why not. */
export function matchParams(p: URLSearchParams): Result<Matcher[][], string> {
  const out: Matcher[][] = [];
  for (const text of p.getAll("match[]")) {
    const parsed = parseSelector(text);
    if (!parsed.ok) return err(renderParseError(parsed.error));
    const { matchers } = parsed.value;
    if (matchers.every((m) => compileMatcher(m)("")))
      return err("match[] must contain at least one non-empty matcher");
    out.push([...matchers]);
  }
  return ok(out);
}

export function invalid(name: string, why: string): ApiError {
  return badData(`invalid parameter ${quote(name)}: ${why}`);
}
