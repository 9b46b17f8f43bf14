import { parseDuration } from "../core/duration";
import { type Result, err, ok } from "../core/result";

/**
 * A time in a query string: ISO 8601, seconds or milliseconds since the epoch, `now`, or `-1h`
 * (that long before now). Ms.
 */
export function parseTimeParam(text: string, nowMs: number): Result<number, string> {
  if (text === "now") return ok(nowMs);
  if (/^-\d/.test(text)) {
    const d = parseDuration(text.slice(1));
    return d.ok ? inRange(nowMs - d.value, text) : err(`${JSON.stringify(text)} is no duration`);
  }
  const n = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  // Seconds until the year 5138; larger numbers are ms.
  if (!Number.isNaN(n)) return inRange(Math.round(n < 1e11 ? n * 1_000 : n), text);
  const ms = Date.parse(text);
  if (Number.isNaN(ms))
    return err(`${JSON.stringify(text)} is no time: expected ISO 8601, a Unix time, now, or -1h`);
  return ok(ms);
}

/** What a Date can show (ECMA-262, 21.4.1.1). */
const MAX_DATE_MS = 8.64e15;

function inRange(ms: number, text: string): Result<number, string> {
  return Math.abs(ms) <= MAX_DATE_MS ? ok(ms) : err(`${JSON.stringify(text)} is out of range`);
}
