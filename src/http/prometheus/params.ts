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

/** A Unix time in seconds or RFC 3339, in ms. */
export function parseTime(text: string): number | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    const ms = Math.round(Number(text) * 1000);
    return ms >= MIN_TIME_MS && ms <= MAX_TIME_MS ? ms : undefined;
  }
  const rfc3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
  if (!rfc3339.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** Seconds as a number, or a Prometheus duration; in ms. */
export function parseStep(text: string): number | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) {
    const ms = Math.round(Number(text) * 1000);
    return Number.isSafeInteger(ms) ? ms : undefined;
  }
  if (!/^(\d+[a-z]+)+$/.test(text)) return undefined;
  const ms = durationMs(text);
  return ms.ok ? ms.value : undefined;
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
  return ms === undefined
    ? err(invalid(name, `cannot parse ${quote(text)} to a valid duration`))
    : ok(ms);
}

/** 0 stands for no limit. */
export function limitParam(p: URLSearchParams, name = "limit"): Result<number, ApiError> {
  const text = p.get(name) ?? "";
  if (text === "") return ok(0);
  if (!/^-?\d+$/.test(text))
    return err(invalid(name, `strconv.Atoi: parsing ${quote(text)}: invalid syntax`));
  const n = Number(text);
  return n < 0 ? err(invalid(name, "limit must be non-negative")) : ok(n);
}

export function queryParam(p: URLSearchParams): Result<Expr, ApiError> {
  const parsed = parseExpr(p.get("query") ?? "");
  return parsed.ok ? ok(parsed.value) : err(invalid("query", renderParseError(parsed.error)));
}

/** The `match[]` selectors, each a list of matchers. */
export function matchParams(p: URLSearchParams): Result<Matcher[][], ApiError> {
  const out: Matcher[][] = [];
  for (const text of p.getAll("match[]")) {
    const parsed = parseSelector(text);
    if (!parsed.ok) return err(invalid("match[]", renderParseError(parsed.error)));
    const { matchers } = parsed.value;
    if (matchers.every((m) => compileMatcher(m)(""))) {
      return err(badData("match[] must contain at least one non-empty matcher"));
    }
    out.push([...matchers]);
  }
  return ok(out);
}

export function invalid(name: string, why: string): ApiError {
  return badData(`invalid parameter ${quote(name)}: ${why}`);
}
