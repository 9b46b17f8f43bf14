import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BEACON_LIMITS, parseBeacon } from "../../../src/ingest/beacon/parse";

const now = Date.UTC(2026, 5, 1, 12);
const times = (s: unknown, ...ts: number[]): (number | undefined)[] => {
  const r = parseBeacon({ s, e: ts.map((t) => ({ n: "x", t })) }, now);
  return r.ok ? r.value.drafts.map(({ draft }) => draft.timeMs) : [];
};

describe("parseBeacon", () => {
  it("spells out what the script abbreviates", () => {
    const r = parseBeacon(
      {
        s: now,
        e: [
          {
            i: "id",
            n: "page_view",
            t: now - 5,
            u: "https://x.example/",
            r: "https://y.example/",
            d: "u",
            p: { a: 1 },
          },
        ],
      },
      now,
    );
    expect(r.ok && r.value.drafts[0]?.draft).toMatchObject({
      id: "id",
      name: "page_view",
      timeMs: now - 5,
      url: "https://x.example/",
      referrer: "https://y.example/",
      userId: "u",
      properties: { a: 1 },
    });
  });

  it("believes a clock that is about right, so that a repeat has the same times", () => {
    expect(times(now - 59_000, now - 60_000)).toEqual([now - 60_000]);
    expect(times(now + 59_000, now + 58_000)).toEqual([now + 58_000]);
  });

  it("moves the times of a clock that is wrong, either way", () => {
    expect(times(5_000_000, 4_999_000)).toEqual([now - 1_000]);
    expect(times(now + 9e9, now + 9e9 - 2_000)).toEqual([now - 2_000]);
  });

  it("takes no times from the future nor older than a day", () => {
    expect(times(now, now + 500_000)).toEqual([now + 60_000]);
    expect(times(now, now - BEACON_LIMITS.ageMs, now - BEACON_LIMITS.ageMs - 1)).toEqual([
      now - BEACON_LIMITS.ageMs,
    ]);
  });

  it("gives every event a time", () => {
    const r = parseBeacon({ e: [{ n: "x" }, { n: "x", t: null }, { n: "x", t: "soon" }] }, now);
    expect(r.ok && r.value.drafts.map(({ draft }) => draft.timeMs)).toEqual([now, now]);
    expect(r.ok && r.value.rejected.map((x) => x.reason)).toEqual(["timestamp_malformed"]);
  });

  it("lets nobody claim another address, browser or country", () => {
    const r = parseBeacon(
      {
        s: now,
        e: [{ n: "x", t: now, p: { ip: "203.0.113.1", user_agent: "other", country: "FR" } }],
      },
      now,
    );
    expect(r.ok && r.value.drafts[0]?.draft).toMatchObject({ ip: "", userAgent: "", country: "" });
    expect(r.ok && r.value.drafts[0]?.draft.properties).not.toHaveProperty("ip");
  });

  it("never throws, whatever comes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (e, s) => void parseBeacon({ s, e: [e] }, now)),
    );
    for (const body of [null, 1, "x", [], {}, { e: {} }])
      expect(parseBeacon(body, now)).toMatchObject({
        ok: false,
        error: { code: "beacon_malformed" },
      });
  });
});
