import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import type { EventStore, ProductEvent } from "../../../src/core/events";
import type { SpillRpc } from "../../../src/core/objects";
import type { Env } from "../../../src/env";
import { SESSION_GAP_MS, splitSessions } from "../../../src/events/sessions";
import { makeD1AnalyticsReader } from "../../../src/storage/event-analytics";
import { eventWrite, insertEvents, packEventWrite } from "../../../src/storage/event-insert";
import { EVENTS_KIND, makeEventStore } from "../../../src/storage/event-store";
import { SPILL_WRITERS } from "../../../src/storage/spill-writers";
import { analyticsReaderContract } from "../../contract/analytics-reader";
import { productEvent } from "../../events/product-event";

const bindings = env as unknown as Env; // wrangler.toml's bindings, which Env names
const db = bindings.DB;
const noSpill = (): SpillRpc => {
  throw new Error("nothing should be spilled here");
};
const store = (project: string): EventStore => makeEventStore(db, project, noSpill);
const now = Date.UTC(2026, 5, 2);

analyticsReaderContract("D1", () => ({
  reader: makeD1AnalyticsReader(db, "contract"),
  write: async (events) => void (await store("contract").append(events, now)),
}));

describe("the event store", () => {
  it.each(["by_sender", "by_server"] as const)(
    "writes at most 2,200 rows per 1,000 events, times given %s",
    async (timed) => {
      let rows = 0;
      for (let request = 0; request < 10; request++) {
        const events = Array.from({ length: 100 }, (_, i) =>
          productEvent({
            id: `${request}.${i}`,
            timed,
            timeMs: now + request,
            name: `e${i % 9}`,
            userId: i % 3 === 0 ? `u${i % 17}` : "",
            properties: { i },
          }),
        );
        const { inserted, rowsWritten } = await insertEvents(
          db,
          `budget-${timed}`,
          eventWrite(events, now + request),
        );
        expect(inserted).toBe(100);
        rows += rowsWritten;
      }
      expect(rows).toBeLessThanOrEqual(2_200);
      console.info(`rows written per 1,000 events, times given ${timed}: ${rows}`);
    },
  );

  it("reads only the same persons' events to find a repeat", async () => {
    const others = Array.from({ length: 2_000 }, (_, i) =>
      productEvent({ id: `o${i}`, timeMs: now, userId: `other${i % 50}` }),
    );
    await store("reads").append(others, now);
    const mine = Array.from({ length: 20 }, (_, i) =>
      productEvent({ id: `m${i}`, timeMs: now, userId: "me", timed: "by_server" }),
    );
    const first = await insertEvents(db, "reads", eventWrite(mine, now));
    const again = await insertEvents(
      db,
      "reads",
      eventWrite(
        mine.map((e) => ({ ...e, timeMs: now + 1 })),
        now + 1,
      ),
    );
    expect([first.inserted, again.inserted]).toEqual([20, 0]);
    expect(first.rowsRead + again.rowsRead).toBeLessThan(500);
  });

  it("splits what exceeds a bound parameter into several statements of one transaction", async () => {
    const events = Array.from({ length: 150 }, (_, i) =>
      productEvent({ id: `big${i}`, properties: { text: "ü".repeat(10_000) } }),
    );
    const s = store("big");
    expect(await s.append(events, now)).toEqual({ outcome: "stored", duplicates: 0 });
    expect(await s.append(events, now)).toEqual({ outcome: "stored", duplicates: 150 });
    expect(await s.count({ fromMs: 0, toMs: now })).toBe(150);
  });

  it("gives back what it was given, hostile texts and all", async () => {
    const nasty = `'); DROP TABLE events; --\u0001\u2028"\\ 👩‍👩‍👧 <img src=x onerror=alert(1)>`;
    const event = productEvent({
      id: nasty,
      name: nasty,
      userId: nasty,
      anonymousId: "a",
      visitorId: "v",
      sessionId: nasty,
      path: `/${nasty}`,
      referrer: "evil.example",
      country: "DE",
      device: "desktop",
      browser: "Firefox",
      os: "Linux",
      value: -1.5,
      timed: "by_server",
      properties: { [nasty]: { nested: [1, null, nasty] } },
    });
    await store("nasty").append([event], now);
    expect(
      await store("nasty").list({ fromMs: 0, toMs: now, limit: 10, event: nasty, user: nasty }),
    ).toEqual([event]);
    expect(await store("nasty").sequence(event.person, { fromMs: 0, toMs: now }, 10)).toEqual([
      event,
    ]);
  });

  it("keeps projects apart, and persons whose ids are alike", async () => {
    await store("p1").append(
      [productEvent({ id: "x", userId: "same" }), productEvent({ id: "x", anonymousId: "same" })],
      now,
    );
    await store("p2").append([productEvent({ id: "x", userId: "same" })], now);
    const span = { fromMs: 0, toMs: now };
    expect(await store("p1").count(span)).toBe(2);
    expect(await store("p2").count(span)).toBe(1);
    expect(await store("p1").sequence("u:same", span, 10)).toHaveLength(1);
    expect(await store("p1").activeVisitors(0)).toBe(2);
  });

  it("counts visitors, sessions, views, events and pages of a span; nobody's events are no visitor's", async () => {
    const t = Date.UTC(2026, 2, 3, 8);
    const view = (id: string, user: string, ms: number, path: string): ProductEvent =>
      productEvent({ id, userId: user, timeMs: t + ms, name: "page_view", path });
    const events = [
      view("1", "ann", 0, "/"),
      view("2", "ann", 1000, "/pricing"),
      productEvent({ id: "3", userId: "ann", timeMs: t + 2000, name: "signup" }),
      view("4", "ann", 2000 + SESSION_GAP_MS, "/"),
      view("5", "ann", 2001 + 2 * SESSION_GAP_MS, "/"),
      view("6", "bob", 0, "/pricing"),
      productEvent({ id: "7", userId: "bob", sessionId: "s1", timeMs: t + 1, name: "signup" }),
      productEvent({ id: "8", timeMs: t, name: "cron" }),
    ];
    const s = store("summary");
    await s.append(events, now);
    const summary = await s.eventsOn("2026-03-03");
    expect(summary).toEqual({
      events: 8,
      visitors: 2,
      sessions: 4,
      pageViews: 5,
      byEvent: [
        { value: "page_view", count: 5 },
        { value: "signup", count: 2 },
        { value: "cron", count: 1 },
      ],
      topPages: [
        { value: "/", count: 3 },
        { value: "/pricing", count: 2 },
      ],
    });
    // The pure split and the one in SQL agree.
    const persons = await Promise.all(
      ["u:ann", "u:bob"].map((p) => s.sequence(p, { fromMs: 0, toMs: now }, 100)),
    );
    expect(persons.reduce((n, events) => n + splitSessions(events).length, 0)).toBe(
      summary.sessions,
    );
    expect(await s.eventsOn("2026-03-04")).toMatchObject({
      events: 0,
      visitors: 0,
      sessions: 0,
      byEvent: [],
    });
    await expect(s.eventsOn("yesterday")).rejects.toThrow(/no day/);
  });

  it("reads active visitors and counts from the index alone", async () => {
    for (const [sql, ...params] of [
      [
        "SELECT count(DISTINCT person) FROM events INDEXED BY events_by_time WHERE project_id = ?1 AND time_ms >= ?2",
        "p",
        1,
      ],
      [
        "SELECT name, count(*) FROM events INDEXED BY events_by_time WHERE project_id = ?1 AND time_ms >= ?2 GROUP BY name",
        "p",
        1,
      ],
    ] as const) {
      const { results } = await db
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .bind(...params)
        .all<{ detail: string }>();
      expect(results.map((r) => r.detail).join()).toContain("COVERING INDEX events_by_time");
    }
  });

  it("deletes what is older than asked, a bounded number at a time", async () => {
    const s = store("retention");
    await s.append(
      Array.from({ length: 1_500 }, (_, i) =>
        productEvent({ id: `${i}`, timeMs: i, userId: `u${i % 5}` }),
      ),
      now,
    );
    expect(await s.deleteBefore(1_200)).toEqual({ deletedRows: 1_000, more: true });
    expect(await s.deleteBefore(1_200)).toEqual({ deletedRows: 200, more: false });
    expect(await s.count({ fromMs: 0, toMs: now })).toBe(300);
    expect((await s.list({ fromMs: 0, toMs: now, limit: 1_000 })).at(-1)?.timeMs).toBe(1_200);
  });

  it("spills what D1 refuses for load, and the spilled write meets what was stored meanwhile", async () => {
    const put: [string, Uint8Array][] = [];
    const spill = {
      put: async (kind: string, payload: Uint8Array) => void put.push([kind, payload]),
    } as unknown as SpillRpc; // the one method that writing uses
    const down = {
      prepare: () => ({ bind: () => ({}) }),
      batch: () =>
        Promise.reject(new Error("D1_ERROR: D1 DB is overloaded. Too many requests queued.")),
    } as unknown as D1Database; // a real outage: test/e2e/d1-outage.test.ts
    const events = [
      productEvent({ id: "s1" }),
      productEvent({ id: "s2", timed: "by_server", userId: "u" }),
    ];
    expect(await makeEventStore(down, "spilled", () => spill).append(events, now)).toEqual({
      outcome: "spilled",
      duplicates: 0,
    });
    expect(put.map(([kind]) => kind)).toEqual([EVENTS_KIND]);
    await store("spilled").append(events.slice(0, 1), now);
    for (const [kind, payload] of [...put, ...put])
      await SPILL_WRITERS[kind]?.(bindings, "spilled", payload);
    expect(await store("spilled").count({ fromMs: 0, toMs: now })).toBe(2);
    expect(packEventWrite(eventWrite(events, now))).toEqual(put[0]?.[1]);
  });

  it("says by name that the quota is used up, and spills nothing", async () => {
    const full = {
      prepare: () => ({ bind: () => ({}) }),
      batch: () => Promise.reject(new Error("D1_ERROR: Exceeded maximum DB size")),
    } as unknown as D1Database;
    await expect(
      makeEventStore(full, "full", noSpill).append([productEvent()], now),
    ).rejects.toMatchObject({ name: "StoreQuotaError" });
  });
});
