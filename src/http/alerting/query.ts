import type { Context } from "hono";
import { type Result, err, ok } from "../../core/result";
import type { AppEnv } from "../deps";
import type { Problem } from "../problem";
import { parseTimeParam } from "../time-param";

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 500;

/** The query parameter `limit`. */
export function readLimit(c: Context<AppEnv>): Result<number, Problem> {
  const text = c.req.query("limit");
  if (text === undefined) return ok(DEFAULT_LIMIT);
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return ok(limit);
  return err({
    status: 400,
    code: "limit_invalid",
    detail: `limit must be a whole number from 1 to ${MAX_LIMIT}`,
    where: "limit",
  });
}

/** A time in the query: RFC 3339, a Unix time, `now`, or `-24h`. */
export function readTime(
  c: Context<AppEnv>,
  name: string,
  otherwiseMs: number,
): Result<number, Problem> {
  const text = c.req.query(name);
  if (text === undefined) return ok(otherwiseMs);
  const time = parseTimeParam(text, c.get("deps").clock());
  if (time.ok) return time;
  return err({ status: 400, code: "time_invalid", detail: `${name}: ${time.error}`, where: name });
}
