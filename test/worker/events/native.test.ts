import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { Env } from "../../../src/env";
import { values } from "../ingest-metrics-client";

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
