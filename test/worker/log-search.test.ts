import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LOG_LEVELS, type LogLine, type LogSearch } from "../../src/core/logs";
import { matchesLine, parseQuery } from "../../src/logs/query";
import { makeLogStore } from "../../src/storage/log-store";

const START = Date.parse("2026-11-20T08:00:00Z");
const HOUR = 3_600_000;
const WORDS = ["timeout", "payment", "declined", "Café", "order-17", "reset", "支付失败", "ok"];

function noSpill(): never {
  throw new Error("nothing is to be spilled here");
}

const line: fc.Arbitrary<LogLine> = fc.record({
  timeMs: fc.integer({ min: START, max: START + 4 * HOUR }),
  subMsNanos: fc.integer({ min: 0, max: 999_999 }),
  level: fc.constantFrom(...LOG_LEVELS),
  levelText: fc.constant(""),
  service: fc.constantFrom("shop", "api"),
  message: fc
    .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 4 })
    .map((w) => w.join(" ")),
  attributes: fc.dictionary(fc.constantFrom("user", "route"), fc.constantFrom(...WORDS), {
    noNullPrototype: true,
  }),
  traceId: fc.constantFrom("", "a".repeat(32)),
  spanId: fc.constant(""),
});

const question = fc.record(
  {
    query: fc
      .array(
        fc.constantFrom(
          "timeout",
          "-reset",
          '"payment declined"',
          "café",
          "order-17",
          "付失",
          "absent",
          "user",
          "-absent",
        ),
        { maxLength: 3 },
      )
      .map((w) => w.join(" ")),
    levels: fc.subarray([...LOG_LEVELS]),
    service: fc.constantFrom("shop", "nobody"),
    traceId: fc.constant("a".repeat(32)),
    fromMs: fc.integer({ min: START, max: START + 2 * HOUR }),
    toMs: fc.integer({ min: START + 2 * HOUR, max: START + 4 * HOUR }),
    limit: fc.integer({ min: 1, max: 12 }),
  },
  { requiredKeys: ["query", "levels", "fromMs", "toMs", "limit"] },
);

describe("a search", () => {
  it("finds exactly the newest lines that match, whatever chunks they are in", async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(line, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 6 }),
        fc.array(question, { minLength: 1, maxLength: 6 }),
        async (batches, questions) => {
          const store = makeLogStore(env.DB, `search-${n++}`, noSpill);
          for (const [i, lines] of batches.entries()) await store.append(`b${i}`, lines);
          for (const { query, ...rest } of questions) {
            const terms = parseQuery(query);
            if (!terms.ok) throw new Error(terms.error.message);
            const search: LogSearch = { ...rest, terms: terms.value };
            const all = batches.flat().filter((l) => matchesLine(search, l));
            const key = (l: LogLine): number => l.timeMs + l.subMsNanos / 1e6;
            const wanted = all
              .map(key)
              .toSorted((a, b) => b - a)
              .slice(0, search.limit);
            const got = await store.search(search);
            expect(got.lines.map(key)).toEqual(wanted);
            expect(got.lines.every((l) => matchesLine(search, l))).toBe(true);
            if (all.length > search.limit)
              expect(got.truncated).toEqual({ reason: "limit", limit: search.limit });
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it("reads no chunk whose filter denies the word", async () => {
    const store = makeLogStore(env.DB, "search-filter", noSpill);
    const base: LogLine = {
      timeMs: START,
      subMsNanos: 0,
      level: "info",
      levelText: "",
      service: "s",
      message: "",
      attributes: {},
      traceId: "",
      spanId: "",
    };
    for (let i = 0; i < 200; i++)
      await store.append(`b${i}`, [{ ...base, timeMs: START + i, message: `unique${i} of many` }]);
    const { lines, scannedChunks, decodedChunks } = await store.search({
      terms: [{ words: ["unique77"], negated: false }],
      levels: [],
      fromMs: START,
      toMs: START + HOUR,
      limit: 10,
    });
    expect(lines.map((l) => l.message)).toEqual(["unique77 of many"]);
    expect(scannedChunks).toBe(200);
    expect(decodedChunks).toBeLessThan(15);
  });

  it("goes on where the one before stopped", async () => {
    const store = makeLogStore(env.DB, "search-pages", noSpill);
    const base: LogLine = {
      timeMs: START,
      subMsNanos: 0,
      level: "info",
      levelText: "",
      service: "s",
      message: "m",
      attributes: {},
      traceId: "",
      spanId: "",
    };
    for (let b = 0; b < 5; b++)
      await store.append(
        `b${b}`,
        Array.from({ length: 20 }, (_, i) => ({ ...base, timeMs: START + b * 1_000 + i })),
      );
    const times: number[] = [];
    let toMs = START + HOUR;
    for (let page = 0; page < 20; page++) {
      const r = await store.search({ terms: [], levels: [], fromMs: START, toMs, limit: 16 });
      times.push(...r.lines.map((l) => l.timeMs));
      if (r.truncated === undefined) break;
      toMs = r.searchedFromMs - 1;
    }
    expect(times).toHaveLength(100);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });

  it("finds the lines of a request that filled many chunks, sent twice", async () => {
    const store = makeLogStore(env.DB, "search-large", noSpill);
    const lines = Array.from({ length: 300 }, (_, i): LogLine => ({
      timeMs: START + i,
      subMsNanos: 0,
      level: "info",
      levelText: "",
      service: "s",
      message: `large ${i} ${Array.from({ length: 500 }, () => crypto.randomUUID()).join(" ")}`,
      attributes: {},
      traceId: "",
      spanId: "",
    }));
    for (let i = 0; i < 2; i++) await store.append("large", lines, { rememberId: true });
    // A repeat whose lines got other times on arrival.
    await store.append(
      "large",
      lines.map((l) => ({ ...l, timeMs: l.timeMs + 5_000 })),
      { rememberId: true },
    );
    const { lines: found } = await store.search({
      terms: [{ words: ["large"], negated: false }],
      levels: [],
      fromMs: START,
      toMs: START + HOUR,
      limit: 1_000,
    });
    expect(found).toHaveLength(300);
    expect(
      await env.DB.prepare(
        "SELECT count(*) AS n FROM log_chunks WHERE project_id = 'search-large'",
      ).first<number>("n"),
    ).toBeGreaterThan(8);
  });
});
