import type { Context } from "hono";
import type { ProductEvent, TimeSpan } from "../../core/events";
import { type Result, err, ok } from "../../core/result";
import type { AppEnv } from "../deps";
import { type Problem, problem } from "../problem";
import { parseTimeParam } from "../time-param";

const DEFAULT_RANGE_MS = 24 * 3_600_000;
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1_000;

/** `GET /api/v1/events?from=&to=&event=&user=&limit=`: newest first, the last 24 hours unless told. */
export async function listEvents(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const params = new URL(c.req.url).searchParams;
  const span = readSpan(params, deps.clock());
  if (!span.ok) return problem(c, span.error);
  const limit = Number(params.get("limit") ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)
    return problem(c, bad("limit", `expected a whole number from 1 to ${MAX_LIMIT}`));
  const event = params.get("event");
  const user = params.get("user");
  const events = await deps.events(c.get("actor").projectId).list({
    ...span.value,
    ...(event === null ? {} : { event }),
    ...(user === null ? {} : { user }),
    limit,
  });
  return c.json({ events: events.map(renderEvent) });
}

/** `GET /api/v1/events/summary?from=&to=`. */
export async function summariseEvents(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const span = readSpan(new URL(c.req.url).searchParams, deps.clock());
  if (!span.ok) return problem(c, span.error);
  const s = await deps.events(c.get("actor").projectId).summary(span.value);
  return c.json({
    from: iso(span.value.fromMs),
    to: iso(span.value.toMs),
    events: s.events,
    visitors: s.visitors,
    sessions: s.sessions,
    page_views: s.pageViews,
    by_event: s.byEvent.map((e) => ({ event: e.value, count: e.count })),
    top_pages: s.topPages.map((p) => ({ path: p.value, count: p.count })),
  });
}

export function readSpan(params: URLSearchParams, nowMs: number): Result<TimeSpan, Problem> {
  const read = (name: string, otherwise: number): Result<number, Problem> => {
    const text = params.get(name);
    if (text === null) return ok(otherwise);
    const time = parseTimeParam(text, nowMs);
    return time.ok ? time : err(bad(name, time.error));
  };
  // An event of this very millisecond is in.
  const to = read("to", nowMs + 1);
  if (!to.ok) return to;
  const from = read("from", to.value - DEFAULT_RANGE_MS);
  if (!from.ok) return from;
  return from.value < to.value
    ? ok({ fromMs: from.value, toMs: to.value })
    : err(bad("from", "expected a time before `to`"));
}

function bad(where: string, detail: string): Problem {
  return { status: 400, code: "query_invalid", detail: `${where}: ${detail}`, where };
}

function renderEvent(e: ProductEvent): Record<string, unknown> {
  return {
    id: e.id,
    event: e.name,
    timestamp: iso(e.timeMs),
    ...given({
      user_id: e.userId,
      anonymous_id: e.anonymousId,
      visitor_id: e.visitorId,
      session_id: e.sessionId,
      path: e.path,
      referrer: e.referrer,
      country: e.country,
      device: e.device,
      browser: e.browser,
      os: e.os,
    }),
    properties: e.properties,
  };
}

function given(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([, v]) => v !== ""));
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
