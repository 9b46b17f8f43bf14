import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EVENT_LIMITS } from "../../../src/ingest/native-events/limits";
import { parseEvent, parseEvents } from "../../../src/ingest/native-events/parse";

const now = Date.UTC(2026, 5, 1, 12);
const parsed = (item: unknown): ReturnType<typeof parseEvent> => parseEvent(item, now);

describe("shapes of events", () => {
  it.each([
    [
      "Vedette's own",
      {
        event: "signup",
        id: "i",
        timestamp: now,
        user_id: "u",
        anonymous_id: "a",
        session_id: "s",
        properties: { plan: "pro" },
      },
      {
        name: "signup",
        id: "i",
        timeMs: now,
        userId: "u",
        anonymousId: "a",
        sessionId: "s",
        properties: { plan: "pro" },
      },
    ],
    [
      "name and camel case",
      { name: "signup", userId: 7, anonymousId: "a", sessionId: "s", messageId: "m" },
      { name: "signup", id: "m", userId: "7", anonymousId: "a", sessionId: "s", properties: {} },
    ],
    [
      "type and free fields",
      {
        event_type: "message_delivered",
        timestamp: "2026-06-01T11:59:00Z",
        campaign_name: "W",
        delivery_time_seconds: 125,
      },
      {
        name: "message_delivered",
        timeMs: now - 60_000,
        properties: { campaign_name: "W", delivery_time_seconds: 125 },
      },
    ],
    [
      "a custom event with attributes",
      { eventType: "UserLogin", attributes: { method: "sso" } },
      { name: "UserLogin", properties: { method: "sso" } },
    ],
    [
      "a business event with data",
      { event: "order_paid", data: { total: 5 }, service: "shop" },
      { name: "order_paid", properties: { total: 5, service: "shop" } },
    ],
    [
      "ids among the properties",
      {
        event: "e",
        properties: {
          distinct_id: "d",
          $insert_id: "i",
          id: "order-1",
          $current_url: "https://x.example/p",
        },
      },
      {
        name: "e",
        userId: "d",
        id: "i",
        url: "https://x.example/p",
        properties: {
          distinct_id: "d",
          $insert_id: "i",
          id: "order-1",
          $current_url: "https://x.example/p",
        },
      },
    ],
    [
      "an action of analytics pages",
      { action: "sign_up", category: "user", label: "google" },
      { name: "sign_up", properties: { category: "user", label: "google" } },
    ],
    [
      "a name beside a type",
      { type: "track", event: "bought" },
      { name: "bought", properties: { type: "track" } },
    ],
  ])("%s", (_, item, expected) => {
    const r = parsed(item);
    expect(r.ok && r.value).toMatchObject(expected);
    if (r.ok) expect(r.value.properties).toEqual(expected.properties);
  });

  it("uses an address and keeps it nowhere", () => {
    const r = parsed({
      event: "e",
      ip_address: "203.0.113.5",
      properties: { ip: "203.0.113.6", x: 1 },
    });
    expect(r.ok && [r.value.ip, r.value.properties]).toEqual(["203.0.113.5", { x: 1 }]);
  });

  it("keeps names that objects inherit as plain names", () => {
    const r = parsed(
      JSON.parse(
        '{"event":"e","__proto__":{"polluted":1},"constructor":"c","properties":{"__proto__":2}}',
      ),
    );
    expect(r.ok && Object.keys(r.value.properties).toSorted()).toEqual([
      "__proto__",
      "constructor",
    ]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});

describe("times", () => {
  it.each([
    [now - 5, now - 5],
    [(now - 5000) / 1000, now - 5000],
    [String(now - 5), now - 5],
    ["2026-06-01T11:00:00.250Z", now - 3_600_000 + 250],
    ["2026-06-01T13:00:00+02:00", now - 3_600_000],
    ["2026-06-01 11:00:00", now - 3_600_000],
    ["2026-06-01", now - 12 * 3_600_000],
    [null, undefined],
    [now + EVENT_LIMITS.futureMs, now + EVENT_LIMITS.futureMs],
  ])("%j is %j", (timestamp, ms) => {
    const r = parsed({ event: "e", timestamp });
    expect(r.ok && r.value.timeMs).toBe(ms);
  });

  it.each([
    ["yesterday", "timestamp_malformed"],
    [{}, "timestamp_malformed"],
    [true, "timestamp_malformed"],
    ["2026-13-41T00:00:00Z", "timestamp_malformed"],
    [now + EVENT_LIMITS.futureMs + 1, "timestamp_in_future"],
    [now - EVENT_LIMITS.ageMs - 1, "timestamp_too_old"],
    [-1, "timestamp_too_old"],
    [1e300, "timestamp_malformed"],
  ])("%j is %s", (timestamp, reason) => {
    expect(parsed({ event: "e", timestamp })).toMatchObject({ ok: false, error: { reason } });
  });
});

describe("refusals", () => {
  it.each([
    [null, "not_an_object"],
    ["signup", "not_an_object"],
    [[], "not_an_object"],
    [{}, "name_missing"],
    [{ event: "  " }, "name_missing"],
    [{ event: {} }, "name_missing"],
    [{ event: "x".repeat(EVENT_LIMITS.nameLength + 1) }, "name_too_long"],
    [{ event: "e", id: {} }, "id_malformed"],
    [{ event: "e", user_id: ["u"] }, "id_malformed"],
    [{ event: "e", user_id: "u".repeat(EVENT_LIMITS.idLength + 1) }, "id_malformed"],
    [{ event: "e", properties: "p" }, "properties_malformed"],
    [{ event: "e", properties: [1] }, "properties_malformed"],
    [
      { event: "e", properties: { t: "ü".repeat(EVENT_LIMITS.propertyBytes / 2) } },
      "event_too_large",
    ],
  ])("%.60j", (item, reason) => {
    expect(parsed(item)).toMatchObject({ ok: false, error: { reason } });
  });

  it("name the place and leave the others alone", () => {
    const r = parseEvents({ events: [{ event: "a" }, 5, { event: "b" }, {}] }, now);
    expect(r.ok && r.value.drafts.map((d) => [d.index, d.draft.name])).toEqual([
      [0, "a"],
      [2, "b"],
    ]);
    expect(r.ok && r.value.rejected.map((x) => [x.index, x.reason])).toEqual([
      [1, "not_an_object"],
      [3, "name_missing"],
    ]);
  });

  it.each([["text"], [5], [null], [true]])("a body that is %j is no list of events", (body) => {
    expect(parseEvents(body, now)).toMatchObject({
      ok: false,
      error: { code: "events_malformed" },
    });
  });

  it("more events than the limit are refused whole", () => {
    expect(parseEvents(Array(EVENT_LIMITS.perRequest + 1).fill({ event: "e" }), now)).toMatchObject(
      { ok: false, error: { code: "too_many_events" } },
    );
    expect(parseEvents([], now)).toMatchObject({ ok: true, value: { drafts: [], rejected: [] } });
  });

  it("never throws, whatever JSON comes, and never keeps what SQLite cannot", () => {
    fc.assert(
      fc.property(
        fc.json({ stringUnit: "binary" }),
        fc.string({ unit: "binary" }),
        (json, name) => {
          const r = parseEvents([JSON.parse(json), { event: name, id: name, user_id: name }], now);
          for (const { draft } of r.ok ? r.value.drafts : []) {
            expect(draft.name.isWellFormed() && !draft.name.includes("\0")).toBe(true);
            expect(draft.userId.isWellFormed() && !draft.userId.includes("\0")).toBe(true);
          }
        },
      ),
    );
  });
});
