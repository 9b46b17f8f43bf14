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
    return d.ok ? ok(nowMs - d.value) : err(`${JSON.stringify(text)} is no duration`);
  }
  const n = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  // Seconds until the year 5138; larger numbers are ms.
  if (!Number.isNaN(n)) return ok(Math.round(n < 1e11 ? n * 1_000 : n));
  const ms = Date.parse(text);
  if (Number.isNaN(ms))
    return err(`${JSON.stringify(text)} is no time: expected ISO 8601, a Unix time, now, or -1h`);
  return ok(ms);
}
