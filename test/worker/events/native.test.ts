import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Env } from "../../../src/env";
import { NATIVE_BODY_LIMIT } from "../../../src/ingest/body/limits";
import { EVENT_LIMITS } from "../../../src/ingest/native-events/limits";
import { gzip, values } from "../ingest-metrics-client";

const bindings = env as unknown as Env; // wrangler.toml's bindings, which Env names
const now = Date.now();

function send(path: string, init: RequestInit = {}): Promise<Response> {
  return exports.default.fetch(`http://vedette.test${path}`, init);
}

async function ingest(
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const r = await send("/api/v1/ingest/events", {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: {
      authorization: "Bearer vdt_ingest_local",
      "content-type": "application/json",
      ...headers,
    },
  });
  return { status: r.status, body: await r.json() };
}

interface ReadEvent {
  readonly id: string;
  readonly event: string;
  readonly timestamp: string;
  readonly user_id?: string;
  readonly visitor_id?: string;
  readonly properties: Record<string, unknown>;
  readonly [field: string]: unknown;
}

async function read(query: string): Promise<ReadEvent[]> {
  const r = await send(`/api/v1/events?${query}`, {
    headers: { authorization: "Bearer vdt_read_local" },
  });
  expect(r.status).toBe(200);
  return (await r.json<{ events: ReadEvent[] }>()).events;
}

describe("POST /api/v1/ingest/events", () => {
  it("keeps a single event, readable by name and by user", async () => {
    const r = await ingest({
      event: "signup",
      user_id: "u1",
      timestamp: now - 5000,
      properties: { plan: "pro" },
    });
    expect(r).toEqual({ status: 200, body: { accepted: 1, duplicates: 0, rejected: [] } });
    expect(await read("event=signup")).toEqual([
      {
        id: expect.any(String),
        event: "signup",
        timestamp: new Date(now - 5000).toISOString(),
        user_id: "u1",
        properties: { plan: "pro" },
      },
    ]);
    expect(await read("user=u1")).toHaveLength(1);
    expect(await read("user=u2")).toEqual([]);
  });

  it("takes live_events with free fields as they are", async () => {
    const r = await ingest({
      live_events: [
        {
          timestamp: new Date(now - 9000).toISOString(),
          event_type: "message_delivered",
          campaign_name: "Welcome Series",
          delivery_time_seconds: 125,
        },
        {
          timestamp: new Date(now - 8000).toISOString(),
          event_type: "campaign_started",
          estimated_recipients: 2500,
        },
      ],
    });
    expect(r.body).toEqual({ accepted: 2, duplicates: 0, rejected: [] });
    const [event] = await read("event=message_delivered");
    expect(event?.properties).toEqual({
      campaign_name: "Welcome Series",
      delivery_time_seconds: 125,
    });
  });

  it("keeps an event once: by id with a time, by id without one, by Idempotency-Key, by body", async () => {
    const timed = { event: "once_timed", id: "t1", timestamp: now, user_id: "u" };
    expect((await ingest(timed)).body).toMatchObject({ accepted: 1, duplicates: 0 });
    expect((await ingest([timed, { ...timed, id: "t2" }])).body).toMatchObject({
      accepted: 1,
      duplicates: 1,
    });

    const untimed = [
      { event: "once_untimed", id: "a" },
      { event: "once_untimed", id: "b", user_id: "u" },
    ];
    expect((await ingest(untimed)).body).toMatchObject({ accepted: 2, duplicates: 0 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await ingest([...untimed, { event: "once_untimed", id: "c" }])).body).toMatchObject({
      accepted: 1,
      duplicates: 2,
    });
    expect(await read("event=once_untimed")).toHaveLength(3);

    const bare = { event: "once_keyed" };
    expect((await ingest(bare, { "idempotency-key": "k" })).body).toMatchObject({ accepted: 1 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await ingest(bare, { "idempotency-key": "k" })).body).toMatchObject({
      accepted: 0,
      duplicates: 1,
    });
    expect((await ingest(bare)).body).toMatchObject({ accepted: 1 });

    const body = [
      { event: "once_body", timestamp: now },
      { event: "once_body", timestamp: now },
    ];
    expect((await ingest(body)).body).toMatchObject({ accepted: 2 });
    expect((await ingest(body)).body).toMatchObject({ accepted: 0, duplicates: 2 });
  });

  it("counts a repeated request once in the series too", async () => {
    const body = [
      { event: "counted", id: "1" },
      { event: "counted", id: "2" },
      { event: "page_view", id: "3" },
    ];
    await ingest(body);
    await ingest(body);
    expect((await values("events_total", { event: "counted" })).at(-1)).toBe(
      'events_total{event="counted"} 2',
    );
    expect((await values("page_views_total")).at(-1)).toBe("page_views_total 1");
  });

  it("costs at most 2,200 rows written per 1,000 events, timed or not", async () => {
    const count = async (): Promise<number> =>
      (await bindings.DB.prepare("SELECT count(*) AS n FROM events").first<{ n: number }>())?.n ??
      0;
    const before = await count();
    for (const timestamp of [now - 100, undefined]) {
      for (let request = 0; request < 5; request++) {
        const events = Array.from({ length: 100 }, (_, i) => ({
          event: `e${i % 7}`,
          id: `${timestamp}.${request}.${i}`,
          timestamp,
          user_id: `u${i % 13}`,
        }));
        expect((await ingest({ events })).body).toMatchObject({ accepted: 100 });
      }
    }
    expect(await count()).toBe(before + 1000);
  });
});

describe("bad input", () => {
  it.each([
    ["another type", "{}", { "content-type": "text/html" }, 415, "body_unsupported_content_type"],
    ["no JSON", "{", {}, 400, "body_malformed_json"],
    [
      "no UTF-8 in gzip's clothes",
      "plain",
      { "content-encoding": "gzip" },
      400,
      "body_malformed_encoding",
    ],
    ["no events", "5", {}, 400, "events_malformed"],
    [
      "too many events",
      JSON.stringify(Array(EVENT_LIMITS.perRequest + 1).fill({ event: "x" })),
      {},
      413,
      "too_many_events",
    ],
    [
      "a body over the limit",
      `{"event":"${"x".repeat(NATIVE_BODY_LIMIT)}"}`,
      {},
      413,
      "body_too_large",
    ],
    ["only events that are wrong", '[{"event":""},7]', {}, 400, "events_rejected"],
  ])("%s is refused by name", async (_, body, headers, status, code) => {
    expect(await ingest(body, headers as Record<string, string>)).toMatchObject({
      status,
      body: { code },
    });
  });

  it("of one event is told with its place and does not hold back the others", async () => {
    const r = await ingest([
      { event: "mixed" },
      { event: "mixed", timestamp: "soon" },
      { event: "mixed", properties: 1 },
    ]);
    expect(r).toMatchObject({
      status: 200,
      body: {
        accepted: 1,
        rejected: [
          { index: 1, reason: "timestamp_malformed", detail: expect.any(String) },
          { index: 2, reason: "properties_malformed", detail: expect.any(String) },
        ],
      },
    });
    expect(await read("event=mixed")).toHaveLength(1);
  });

  it("of a bomb is stopped while it unfolds", async () => {
    const bomb = await gzip(new Uint8Array(NATIVE_BODY_LIMIT * 20));
    const r = await send("/api/v1/ingest/events", {
      method: "POST",
      body: bomb,
      headers: { authorization: "Bearer vdt_ingest_local", "content-encoding": "gzip" },
    });
    expect([r.status, (await r.json<{ code: string }>()).code]).toEqual([413, "body_too_large"]);
  });

  it.each([
    ["from=yesterday", "from"],
    ["to=x", "to"],
    ["limit=0", "limit"],
    ["limit=1001", "limit"],
    ["limit=many", "limit"],
    ["from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from"],
  ])("in the question %s is named", async (query, where) => {
    const r = await send(`/api/v1/events?${query}`, {
      headers: { authorization: "Bearer vdt_read_local" },
    });
    expect([r.status, await r.json()]).toMatchObject([400, { code: "query_invalid", where }]);
  });
});

it("lists newest first, within the span and the limit", async () => {
  const base = now - 3 * 3_600_000;
  await ingest(
    Array.from({ length: 5 }, (_, i) => ({
      event: "listed",
      id: `${i}`,
      timestamp: base + i * 1000,
    })),
  );
  const ids = async (query: string): Promise<string[]> =>
    (await read(`event=listed&${query}`)).map((e) => e.id);
  expect(await ids("limit=2")).toEqual(["4", "3"]);
  expect(await ids(`from=${base + 1000}&to=${base + 3000}`)).toEqual(["2", "1"]);
  expect(await ids("from=-1h")).toEqual([]);
});

it("sums up a span", async () => {
  const at = now - 40 * 86_400_000;
  await ingest([
    { event: "page_view", user_id: "s1", timestamp: at, url: "https://shop.example/a?x=1" },
    { event: "page_view", user_id: "s2", timestamp: at + 1, url: "/a" },
    { event: "bought", user_id: "s2", timestamp: at + 2 },
  ]);
  const r = await send(`/api/v1/events/summary?from=${at}&to=${at + 10}`, {
    headers: { authorization: "Bearer vdt_read_local" },
  });
  expect(await r.json()).toEqual({
    from: new Date(at).toISOString(),
    to: new Date(at + 10).toISOString(),
    events: 3,
    visitors: 2,
    sessions: 2,
    page_views: 2,
    by_event: [
      { event: "page_view", count: 2 },
      { event: "bought", count: 1 },
    ],
    top_pages: [{ path: "/a", count: 2 }],
  });
});

it("takes ?token= for writing alone, and no token not at all", async () => {
  const post = (path: string): Promise<Response> =>
    send(path, { method: "POST", body: '{"event":"tokens"}' });
  expect((await post("/api/v1/ingest/events?token=vdt_ingest_local")).status).toBe(200);
  expect((await post("/api/v1/ingest/events")).status).toBe(401);
  expect((await post("/api/v1/ingest/events?token=vdt_read_local")).status).toBe(403);
  expect((await send("/api/v1/events?token=vdt_admin_local")).status).toBe(403);
});
