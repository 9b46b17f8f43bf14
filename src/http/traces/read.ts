import type { Context } from "hono";
import { parseDuration } from "../../core/duration";
import { type Result, err, ok } from "../../core/result";
import type { Span, TraceSearch, TraceSummary } from "../../core/traces";
import type { AppEnv } from "../deps";
import { type Problem, problem } from "../problem";
import { parseTimeParam } from "../time-param";

const DEFAULT_RANGE_MS = 3_600_000;
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1_000;

/** `GET /api/v1/traces/<id>`: every span, by start. 404 where none is known. */
export async function getTrace(c: Context<AppEnv>): Promise<Response> {
  const id = (c.req.param("id") ?? "").toLowerCase();
  if (!/^[0-9a-f]{1,32}$/.test(id)) {
    return problem(c, {
      status: 400,
      code: "trace_id_invalid",
      detail: "a trace id has up to 32 hex digits",
      where: "id",
    });
  }
  // Some tools drop leading zeros.
  const traceId = id.padStart(32, "0");
  const spans = await c.get("deps").traces(c.get("actor").projectId).trace(traceId);
  if (spans.length === 0)
    return problem(c, {
      status: 404,
      code: "trace_unknown",
      detail: `no span of trace ${traceId} is kept`,
    });
  return c.json({ trace_id: traceId, spans: spans.map(renderSpan) });
}

/** `GET /api/v1/traces?service=&from=&to=&min_duration=&error=&limit=`: newest first, the last hour unless told. */
export async function listTraces(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const search = readTraceSearch(new URL(c.req.url).searchParams, deps.clock());
  if (!search.ok) return problem(c, search.error);
  const { traces, truncated } = await deps.traces(c.get("actor").projectId).search(search.value);
  return c.json({
    traces: traces.map(renderSummary),
    ...(truncated === undefined ? {} : { truncated }),
  });
}

export function readTraceSearch(
  params: URLSearchParams,
  nowMs: number,
): Result<TraceSearch, Problem> {
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
  const service = params.get("service");
  const error = params.get("error");
  if (error !== null && error !== "true" && error !== "false")
    return bad("error", "expected true or false");
  const minText = params.get("min_duration");
  const min = minText === null ? undefined : parseDuration(minText);
  if (min?.ok === false)
    return bad("min_duration", `${min.error}: expected a duration such as 250ms or 2s`);
  return ok({
    fromMs: from.value,
    toMs: to.value,
    limit,
    ...(service === null ? {} : { service }),
    ...(error === null ? {} : { error: error === "true" }),
    ...(min === undefined ? {} : { minDurationMs: min.value }),
  });
}

function renderSummary(t: TraceSummary): Record<string, unknown> {
  return {
    trace_id: t.traceId,
    root_service: t.rootService,
    root_name: t.rootName,
    root_seen: t.isRoot,
    start: new Date(t.startMs).toISOString(),
    duration_ms: Math.round((t.endMs - t.startMs) * 1_000) / 1_000,
    span_count: t.spanCount,
    error_count: t.errorCount,
    services: t.services,
  };
}

function renderSpan(s: Span): Record<string, unknown> {
  return {
    span_id: s.spanId,
    ...(s.parentSpanId === "" ? {} : { parent_span_id: s.parentSpanId }),
    name: s.name,
    kind: s.kind,
    service: s.service,
    ...(s.scope === "" ? {} : { scope: s.scope }),
    start_ns: String(s.startNs),
    duration_ns: s.durationNs,
    status: s.status,
    ...(s.statusMessage === "" ? {} : { status_message: s.statusMessage }),
    attributes: s.attributes,
    resource: s.resource,
    events: s.events.map((e) => ({
      time_ns: String(e.timeNs),
      name: e.name,
      attributes: e.attributes,
    })),
    links: s.links.map((l) => ({
      trace_id: l.traceId,
      span_id: l.spanId,
      attributes: l.attributes,
    })),
  };
}
