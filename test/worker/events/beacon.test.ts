import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { BEACON_LIMITS } from "../../../src/ingest/beacon/parse";
import { values } from "../ingest-metrics-client";

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SITE = "https://shop.example";

function send(path: string, init: RequestInit = {}): Promise<Response> {
  return exports.default.fetch(`http://vedette.test${path}`, init);
}

/** As navigator.sendBeacon sends it from a page of `SITE`. */
async function beacon(
  body: unknown,
  headers: Record<string, string> = {},
  key = "vdt_beacon_local",
): Promise<{ status: number; headers: Headers; body: string }> {
  const r = await send(`/e?k=${key}`, {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: {
      "content-type": "text/plain;charset=UTF-8",
      origin: SITE,
      "user-agent": FIREFOX,
      "cf-connecting-ip": "203.0.113.9",
      ...headers,
    },
  });
  return { status: r.status, headers: r.headers, body: await r.text() };
}

const page = (name: string, more: object = {}): object => ({
  s: Date.now(),
  e: [{ i: `${name}-id`, n: name, t: Date.now(), u: `${SITE}/cart?token=abc#x`, ...more }],
});

async function read(event: string): Promise<Record<string, unknown>[]> {
  const r = await send(`/api/v1/events?event=${encodeURIComponent(event)}`, {
    headers: { authorization: "Bearer vdt_read_local" },
  });
  return (await r.json<{ events: Record<string, unknown>[] }>()).events;
}

describe("POST /e", () => {
  it("keeps an event with what the request tells of the visitor, but never the address", async () => {
    const r = await beacon(page("seen", { r: "https://www.news.example/today", p: { a: 1 } }), {
      "cf-ipcountry": "DE",
    });
    expect([r.status, r.body]).toEqual([204, ""]);
    const [event] = await read("seen");
    expect(event).toMatchObject({
      event: "seen",
      path: "/cart",
      referrer: "news.example",
      country: "DE",
      device: "desktop",
      browser: "Firefox",
      os: "Linux",
      properties: { a: 1 },
    });
    expect(event?.["visitor_id"]).toMatch(/^[0-9a-f]{20}$/);
    expect(JSON.stringify(event)).not.toMatch(/203\.0\.113|token|abc/);
  });

  it("keeps a repeated beacon once", async () => {
    const body = page("twice");
    await beacon(body);
    await beacon(body);
    expect(await read("twice")).toHaveLength(1);
    expect((await values("events_total", { event: "twice" })).at(-1)).toBe(
      'events_total{event="twice"} 1',
    );
  });

  it("tells visitors apart by address and browser, and one visitor's events together", async () => {
    for (const [ip, agent] of [
      ["203.0.113.1", FIREFOX],
      ["203.0.113.1", FIREFOX],
      ["203.0.113.2", FIREFOX],
      ["203.0.113.1", FIREFOX.replaceAll("140", "141")],
    ] as const)
      await beacon(page("apart", { i: crypto.randomUUID() }), {
        "cf-connecting-ip": ip,
        "user-agent": agent,
      });
    expect(new Set((await read("apart")).map((e) => e["visitor_id"])).size).toBe(3);
  });

  it("makes series of views, vitals and errors", async () => {
    await beacon({
      s: Date.now(),
      e: [
        { i: "v1", n: "page_view", t: Date.now(), u: SITE },
        { i: "v2", n: "web_vital", t: Date.now(), u: SITE, p: { name: "LCP", value: 2_400 } },
        { i: "v3", n: "web_vital", t: Date.now(), u: SITE, p: { name: "LCP", value: "quick" } },
        { i: "v4", n: "web_vital", t: Date.now(), u: SITE, p: { name: "constructor", value: 1 } },
        { i: "v5", n: "web_vital", t: Date.now(), u: SITE, p: { name: "CLS", value: 0.02 } },
        { i: "v6", n: "browser_error", t: Date.now(), u: SITE, p: { message: "boom" } },
      ],
    });
    const last = async (
      metric: string,
      labels?: Record<string, string>,
    ): Promise<string | undefined> => (await values(metric, labels)).at(-1);
    expect(await last("page_views_total")).toBe("page_views_total 1");
    expect(await last("browser_errors_total")).toBe("browser_errors_total 1");
    expect(await last("web_vitals_lcp_seconds_count")).toBe("web_vitals_lcp_seconds_count 1");
    expect(await last("web_vitals_lcp_seconds_sum")).toBe("web_vitals_lcp_seconds_sum 2.4");
    expect(await last("web_vitals_lcp_seconds_bucket", { le: "2.5" })).toBe(
      'web_vitals_lcp_seconds_bucket{le="2.5"} 1',
    );
    expect(await last("web_vitals_lcp_seconds_bucket", { le: "2" })).toBe(
      'web_vitals_lcp_seconds_bucket{le="2"} 0',
    );
    expect(await last("web_vitals_cls_bucket", { le: "0.025" })).toBe(
      'web_vitals_cls_bucket{le="0.025"} 1',
    );
  });

  it.each([
    ["DNT: 1", { dnt: "1" }],
    ["Sec-GPC: 1", { "sec-gpc": "1" }],
    [
      "a robot",
      { "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" },
    ],
  ])("answers 204 to %s and keeps nothing", async (name, headers) => {
    expect((await beacon(page(name), headers)).status).toBe(204);
    expect(await read(name)).toEqual([]);
  });

  it("corrects the times of a clock that is wrong", async () => {
    const wrong = Date.now() - 86_400_000 * 30;
    await beacon({ s: wrong, e: [{ i: "w", n: "wrong_clock", t: wrong - 5_000, u: SITE }] });
    const [event] = await read("wrong_clock");
    expect(Math.abs(Date.parse(String(event?.["timestamp"])) - (Date.now() - 5_000))).toBeLessThan(
      2_000,
    );
  });

  it("leaves out events that are wrong and keeps the others", async () => {
    const t = Date.now();
    const r = await beacon({
      s: t,
      e: [
        null,
        7,
        { t },
        { n: "", t },
        { n: "x".repeat(300), t },
        { n: "old", t: t - 2 * 86_400_000 },
        { n: "good_one", t, u: "javascript:alert(1)" },
      ],
    });
    expect(r.status).toBe(204);
    expect(await read("old")).toEqual([]);
    expect(await read("good_one")).toMatchObject([{ event: "good_one", properties: {} }]);
  });

  it("keeps hostile texts as texts", async () => {
    const nasty = `"><script>alert(1)</script>'; DROP TABLE events;--`;
    await beacon(
      page(nasty, {
        u: `${SITE}/<img onerror=x>`,
        p: { [nasty]: nasty, password: "hunter2", header: "Bearer abcdefghijkl" },
        d: nasty,
      }),
    );
    const [event] = await read(nasty);
    expect(event).toMatchObject({ event: nasty, user_id: nasty, path: "/%3Cimg%20onerror=x%3E" });
    expect(event?.["properties"]).toEqual({
      [nasty]: nasty,
      password: "[redacted]",
      header: "Bearer [redacted]",
    });
  });

  it.each([
    [
      "another type",
      "{}",
      { "content-type": "application/xml" },
      415,
      "body_unsupported_content_type",
    ],
    ["no JSON", "{", {}, 400, "body_malformed_json"],
    ["no events", "{}", {}, 400, "beacon_malformed"],
    ["a list", "[]", {}, 400, "beacon_malformed"],
    [
      "too many events",
      JSON.stringify({ e: Array(BEACON_LIMITS.events + 1).fill({ n: "x" }) }),
      {},
      413,
      "too_many_events",
    ],
    [
      "more than 64 KB",
      JSON.stringify({ e: [{ n: "x", p: { t: "y".repeat(65_536) } }] }),
      {},
      413,
      "body_too_large",
    ],
    ["compressed", "{}", { "content-encoding": "gzip" }, 415, "body_unsupported_encoding"],
  ])("refuses %s by name", async (_, body, headers, status, code) => {
    const r = await beacon(body, headers as Record<string, string>);
    expect([r.status, (JSON.parse(r.body) as { code: string }).code]).toEqual([status, code]);
  });

  it("wants a beacon's key, which may do nothing else", async () => {
    expect((await beacon(page("key"), {}, "nonsense")).status).toBe(401);
    expect((await beacon(page("key"), {}, "vdt_ingest_local")).status).toBe(403);
    expect((await send("/e", { method: "POST", body: "{}" })).status).toBe(401);
    expect((await send("/api/v1/events?token=vdt_beacon_local")).status).toBe(403);
    expect(
      (await send("/api/v1/ingest/events?token=vdt_beacon_local", { method: "POST", body: "{}" }))
        .status,
    ).toBe(403);
    expect(await read("key")).toEqual([]);
  });
});

describe("origins", () => {
  let key: string;
  beforeAll(async () => {
    const r = await send("/config/v1/tokens", {
      method: "POST",
      headers: { authorization: "Bearer vdt_admin_local", "content-type": "application/json" },
      body: JSON.stringify({
        name: "shop",
        scopes: ["beacon"],
        origins: [SITE, "https://www.shop.example"],
      }),
    });
    expect(r.status).toBe(201);
    key = (await r.json<{ token: string }>()).token;
  });

  it("on the token's list may send, and may read that they did", async () => {
    const r = await beacon(page("origin_right"), {}, key);
    expect(r.status).toBe(204);
    expect(r.headers.get("access-control-allow-origin")).toBe(SITE);
    expect(r.headers.get("vary")).toContain("Origin");
    expect(await read("origin_right")).toHaveLength(1);
  });

  it.each([
    ["another site", "https://evil.example"],
    ["a site that begins alike", `${SITE}.evil.example`],
    ["another scheme", "http://shop.example"],
    ["a sandboxed page", "null"],
    ["none", ""],
  ])("refuses %s", async (_, origin) => {
    const headers: Record<string, string> = { "content-type": "text/plain", "user-agent": FIREFOX };
    if (origin !== "") headers["origin"] = origin;
    for (const method of ["POST", "OPTIONS"]) {
      const r = await send(`/e?k=${key}`, {
        method,
        headers,
        ...(method === "POST" ? { body: JSON.stringify(page("origin_wrong")) } : {}),
      });
      expect(r.status).toBe(403);
      expect(await r.json()).toMatchObject({ code: "origin_refused" });
      expect(r.headers.get("access-control-allow-origin")).toBeNull();
    }
    expect(await read("origin_wrong")).toEqual([]);
  });

  it("get the preflight that JSON of a page's own fetch needs", async () => {
    const r = await send(`/e?k=${key}`, {
      method: "OPTIONS",
      headers: {
        origin: SITE,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    });
    expect(r.status).toBe(204);
    expect(
      Object.fromEntries(
        ["origin", "methods", "headers"].map((h) => [
          h,
          r.headers.get(`access-control-allow-${h}`),
        ]),
      ),
    ).toEqual({ origin: SITE, methods: "POST", headers: "content-type" });
  });

  it("are allowed nowhere but here", async () => {
    for (const [path, method] of [
      ["/api/v1/ingest/events", "POST"],
      ["/api/v1/events", "GET"],
      ["/api/v1/events/summary", "GET"],
      ["/api/v1/ingest/events", "OPTIONS"],
    ] as const) {
      const r = await send(path, {
        method,
        headers: { origin: SITE, authorization: "Bearer vdt_admin_local" },
        ...(method === "POST" ? { body: '{"event":"cors"}' } : {}),
      });
      expect(r.headers.get("access-control-allow-origin")).toBeNull();
    }
  });
});

describe("GET /b.js", () => {
  it("may be loaded and kept by any site", async () => {
    const r = await send("/b.js");
    expect(r.status).toBe(200);
    expect(r.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(r.headers.get("cache-control")).toMatch(/max-age=86400/);
    expect(r.headers.get("cross-origin-resource-policy")).toBe("cross-origin");
    expect(r.headers.get("access-control-allow-origin")).toBe("*");
    expect(await r.text()).toContain("sendBeacon");
  });
});
