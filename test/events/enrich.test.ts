import { describe, expect, it } from "vitest";
import type { EventDraft, ProductEvent } from "../../src/core/events";
import { scrubRules } from "../../src/core/scrub";
import { enrichEvents, pathOf, referrerHost } from "../../src/events/enrich";
import { NameCap, OTHER_NAME } from "../../src/events/name-cap";
import { personsNamed } from "../../src/events/person";
import { SESSION_GAP_MS, splitSessions } from "../../src/events/sessions";
import { clientKind, isBrowser } from "../../src/events/user-agent";
import { visitorId } from "../../src/events/visitor";

const SAFARI =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1";
const now = Date.UTC(2026, 5, 1, 12);
const draft = (parts: Partial<EventDraft> = {}): EventDraft => ({
  id: undefined,
  timeMs: undefined,
  name: "e",
  userId: "",
  anonymousId: "",
  sessionId: "",
  url: "",
  referrer: "",
  ip: "",
  userAgent: "",
  country: "",
  properties: {},
  ...parts,
});

async function enrich(parts: Partial<EventDraft>, userAgent = SAFARI): Promise<ProductEvent> {
  const [event] = await enrichEvents([{ index: 3, draft: draft(parts) }], {
    nowMs: now,
    idFor: (i) => `batch.${i}`,
    client: { ip: "203.0.113.7", userAgent, country: "DE" },
    visitorId: async ({ ip }) => `visitor of ${ip}`,
    scrub: scrubRules(),
  });
  if (event === undefined) throw new Error("no event");
  return event;
}

describe("enrichEvents", () => {
  it("takes time, id, visitor, country and browser from the request where the sender gave none", async () => {
    expect(await enrich({})).toMatchObject({
      id: "batch.3",
      timeMs: now,
      timed: "by_server",
      person: "v:visitor of 203.0.113.7",
      country: "DE",
      device: "mobile",
      browser: "Safari",
      os: "iOS",
    });
    expect(await enrich({ id: "mine", timeMs: 5 })).toMatchObject({
      id: "mine",
      timeMs: 5,
      timed: "by_sender",
    });
  });

  it("does not take a server's address and program for its user's", async () => {
    for (const agent of [
      "",
      "curl/8.5.0",
      "node",
      "python-requests/2.31",
      "Mozilla/5.0 (compatible; Googlebot/2.1)",
    ])
      expect(await enrich({}, agent)).toMatchObject({
        person: "-:batch.3",
        visitorId: "",
        country: "",
        device: "",
        browser: "",
      });
  });

  it("believes what a server passes on about its user", async () => {
    expect(
      await enrich({ ip: "198.51.100.1", userAgent: SAFARI, country: "FR" }, "node"),
    ).toMatchObject({ person: "v:visitor of 198.51.100.1", country: "FR", browser: "Safari" });
  });

  it("prefers the sender's identities, the user's first", async () => {
    expect(await enrich({ userId: "u", anonymousId: "a" })).toMatchObject({
      person: "u:u",
      visitorId: "visitor of 203.0.113.7",
    });
    expect((await enrich({ anonymousId: "a" })).person).toBe("a:a");
    expect(personsNamed("x")).toEqual(["u:x", "a:x", "v:x"]);
  });

  it("scrubs secrets and finds the value", async () => {
    const e = await enrich({
      properties: {
        password: "p",
        note: "Bearer abcdefghijklm",
        revenue: 4.5,
        deep: { cookie: "c" },
      },
    });
    expect(e.properties).toEqual({
      password: "[redacted]",
      note: "Bearer [redacted]",
      revenue: 4.5,
      deep: { cookie: "[redacted]" },
    });
    expect(e.value).toBe(4.5);
    expect((await enrich({ properties: { value: "4" } })).value).toBeNull();
  });
});

it.each([
  ["https://shop.example/a/b?token=1#x", "/a/b"],
  ["/relative?x=1", "/relative"],
  ["https://shop.example", "/"],
  ["not an address", ""],
  ["", ""],
])("the path of %j is %j", (url, path) => {
  expect(pathOf(url)).toBe(path);
});

it.each([
  ["https://www.news.example/x", "https://shop.example/", "news.example"],
  ["https://shop.example/x", "https://www.shop.example/", ""],
  ["android-app://com.example", "https://shop.example/", ""],
  ["nonsense", "", ""],
])("the referrer %j of %j is %j", (referrer, url, host) => {
  expect(referrerHost(referrer, url)).toBe(host);
});

describe("visitorId", () => {
  const client = { ip: "203.0.113.7", userAgent: SAFARI };
  it("is the same within a UTC day and says nothing", async () => {
    const id = await visitorId("secret", "p", now, client);
    expect(id).toMatch(/^[0-9a-f]{20}$/);
    expect(await visitorId("secret", "p", now + 11 * 3_600_000, client)).toBe(id);
  });
  it("is another one with the day, the project, the secret, the address and the browser", async () => {
    const ids = await Promise.all([
      visitorId("secret", "p", now, client),
      visitorId("secret", "p", now + 12 * 3_600_000, client),
      visitorId("secret", "q", now, client),
      visitorId("other", "p", now, client),
      visitorId("secret", "p", now, { ...client, ip: "203.0.113.8" }),
      visitorId("secret", "p", now, { ...client, userAgent: "x" }),
    ]);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

it("knows browsers from robots and programs", () => {
  expect(isBrowser(clientKind(SAFARI))).toBe(true);
  expect(isBrowser(clientKind("Mozilla/5.0 (compatible; bingbot/2.0)"))).toBe(false);
  expect(isBrowser(clientKind("curl/8.5.0"))).toBe(false);
  expect(clientKind("x".repeat(5_000))).toEqual({ device: "", browser: "", os: "" });
});

it("splits sessions after 30 minutes of silence and where the sender's session changes", () => {
  const at = (timeMs: number, sessionId = ""): { timeMs: number; sessionId: string } => ({
    timeMs,
    sessionId,
  });
  expect(
    splitSessions([
      at(0),
      at(SESSION_GAP_MS),
      at(2 * SESSION_GAP_MS + 1),
      at(2 * SESSION_GAP_MS + 2, "s"),
    ]).map((s) => s.length),
  ).toEqual([2, 1, 1]);
  expect(splitSessions([])).toEqual([]);
});

it("gives the first names their own label, per project, and all others one", () => {
  const cap = new NameCap(2, 2);
  expect(["a", "b", "c", "a"].map((n) => cap.label("p", n))).toEqual(["a", "b", OTHER_NAME, "a"]);
  expect(cap.label("q", "c")).toBe("c");
  expect(cap.label("q", "x".repeat(101))).toBe(OTHER_NAME);
});
