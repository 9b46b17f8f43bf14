import type { Context } from "hono";
import { LOG_LEVELS, type LogLevel, type LogLine, type LogSearch } from "../../core/logs";
import { type Result, err, ok } from "../../core/result";
import { parseQuery } from "../../logs/query";
import type { AppEnv } from "../deps";
import { type Problem, problem } from "../problem";
import { parseTimeParam } from "../time-param";

const DEFAULT_RANGE_MS = 3_600_000;
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 5_000;

/**
 * `GET /api/v1/logs?query=&level=&service=&trace_id=&from=&to=&limit=`: newest first, the last hour unless told.
 * `truncated` names why older lines may be missing, `next_to` where to go on.
 */
export async function searchLogs(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const search = readSearch(new URL(c.req.url).searchParams, deps.clock());
  if (!search.ok) return problem(c, search.error);
  const result = await deps.logs(c.get("actor").projectId).search(search.value);
  return c.json({
    lines: result.lines.map(renderLine),
    ...(result.truncated === undefined
      ? {}
      : { truncated: result.truncated, next_to: new Date(result.searchedFromMs).toISOString() }),
    stats: { scanned_chunks: result.scannedChunks, decoded_chunks: result.decodedChunks },
  });
}

export function readSearch(params: URLSearchParams, nowMs: number): Result<LogSearch, Problem> {
  const bad = (where: string, detail: string): Result<never, Problem> =>
    err({ status: 400, code: "query_invalid", detail: `${where}: ${detail}`, where });
  const to = parseTimeParam(params.get("to") ?? "now", nowMs);
  if (!to.ok) return bad("to", to.error);
  const from = params.has("from")
    ? parseTimeParam(params.get("from") ?? "", nowMs)
    : ok(to.value - DEFAULT_RANGE_MS);
  if (!from.ok) return bad("from", from.error);
  if (from.value > to.value) return bad("from", "is later than to");
  const limit = Number(params.get("limit") ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    return bad("limit", `expected a whole number from 1 to ${MAX_LIMIT}`);
  const terms = parseQuery(params.get("query") ?? "");
  if (!terms.ok) return bad("query", `${terms.error.message} (character ${terms.error.at + 1})`);
  const levels: LogLevel[] = [];
  for (const name of params.getAll("level").flatMap((v) => v.split(","))) {
    const level = LOG_LEVELS.find((l) => l === name.trim().toLowerCase());
    if (level === undefined)
      return bad("level", `${JSON.stringify(name)} is none of ${LOG_LEVELS.join(", ")}`);
    levels.push(level);
  }
  const service = params.get("service");
  const traceId = params.get("trace_id")?.toLowerCase() ?? "";
  if (traceId !== "" && !/^[0-9a-f]{32}$/.test(traceId))
    return bad("trace_id", "expected 32 hex digits");
  return ok({
    terms: terms.value,
    levels,
    fromMs: from.value,
    toMs: to.value,
    limit,
    ...(service === null ? {} : { service }),
    ...(traceId === "" ? {} : { traceId }),
  });
}

function renderLine(l: LogLine): Record<string, unknown> {
  return {
    timestamp: new Date(l.timeMs).toISOString(),
    time_ns: `${l.timeMs}${String(l.subMsNanos).padStart(6, "0")}`,
    level: l.level,
    ...(l.levelText === "" ? {} : { level_text: l.levelText }),
    service: l.service,
    message: l.message,
    attributes: l.attributes,
    ...(l.traceId === "" ? {} : { trace_id: l.traceId }),
    ...(l.spanId === "" ? {} : { span_id: l.spanId }),
  };
}
