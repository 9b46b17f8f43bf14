import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LogLine, LogSearch } from "../../src/core/logs";
import { buildBloom, mayHold } from "../../src/logs/bloom";
import { matchesLine, parseQuery } from "../../src/logs/query";
import { hasPhrase, indexWords, searchableTexts, wordsOf } from "../../src/logs/words";
import { anyLine } from "./arbitrary";

describe("words", () => {
  it.each([
    ["GET /api/orders/17 took 5ms", ["get", "api", "orders", "17", "took", "5ms"]],
    ["user_id=42; ip=10.0.0.1", ["user_id", "42", "ip", "10", "0", "0", "1"]],
    ["Café GEÖFFNET", ["café", "geöffnet"]],
    ["支付失败 order-7", ["支", "付", "失", "败", "order", "7"]],
    ["…!?", []],
  ])("of %s", (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  it.each([
    ["connection reset by peer", "reset by", true],
    ["connection reset by peer", "reset peer", false],
    ["connection reset", "RESET", true],
    ["connections", "connection", false],
    ["order-1234 failed", "order-1234", true],
    ["order 1 234", "order-1234", false],
    ["支付失败", "付失", true],
    ["支付失败", "失付", false],
  ])("%s holds %s: %s", (text, phrase, holds) => {
    expect(hasPhrase(text, wordsOf(phrase))).toBe(holds);
  });
});

describe("the filter of a chunk", () => {
  it("never denies a word that a line holds", () => {
    fc.assert(
      fc.property(fc.array(anyLine, { minLength: 1, maxLength: 20 }), (lines) => {
        const bloom = buildBloom(indexWords(lines));
        for (const line of lines)
          for (const text of searchableTexts(line))
            for (const w of wordsOf(text)) expect(mayHold(bloom, w)).toBe(true);
      }),
    );
  });

  it("denies nearly every word that no line holds", () => {
    const words = new Set(Array.from({ length: 2_000 }, (_, i) => `word${i}`));
    const bloom = buildBloom(words);
    const passed = Array.from({ length: 10_000 }, (_, i) => `other${i}`).filter((w) =>
      mayHold(bloom, w),
    ).length;
    expect(passed).toBeLessThan(400);
    expect(bloom.length).toBe(2_250);
  });
});

describe("a question", () => {
  it("is read into words, phrases and exclusions", () => {
    expect(parseQuery(' timeout "connection reset" -healthz order-17 -"GET /ready" ')).toEqual({
      ok: true,
      value: [
        { words: ["timeout"], negated: false },
        { words: ["connection", "reset"], negated: false },
        { words: ["healthz"], negated: true },
        { words: ["order", "17"], negated: false },
        { words: ["get", "ready"], negated: true },
      ],
    });
    expect(parseQuery("")).toEqual({ ok: true, value: [] });
    expect(parseQuery('... "a \\"b\\" c"')).toEqual({
      ok: true,
      value: [{ words: ["a", "b", "c"], negated: false }],
    });
  });

  it("that is too long or not closed is refused", () => {
    expect(parseQuery('one "two three')).toMatchObject({ ok: false, error: { at: 4 } });
    expect(parseQuery(Array.from({ length: 17 }, (_, i) => `w${i}`).join(" "))).toMatchObject({
      ok: false,
    });
    expect(parseQuery(`"${"w ".repeat(33)}"`)).toMatchObject({ ok: false });
  });

  it("asks all of it of a line", () => {
    const line: LogLine = {
      timeMs: 1_000,
      subMsNanos: 0,
      level: "warn",
      levelText: "",
      service: "shop",
      message: "payment timeout",
      attributes: { "order.id": "17" },
      traceId: "ab".repeat(16),
      spanId: "",
    };
    const ask = (query: string, more: Partial<LogSearch> = {}): boolean => {
      const terms = parseQuery(query);
      if (!terms.ok) throw new Error(terms.error.message);
      return matchesLine(
        { terms: terms.value, levels: [], fromMs: 0, toMs: 2_000, limit: 1, ...more },
        line,
      );
    };
    expect(ask("payment timeout")).toBe(true);
    expect(ask('"order.id 17"')).toBe(true);
    expect(ask("payment -timeout")).toBe(false);
    expect(ask("payment -refund")).toBe(true);
    expect(ask("refund")).toBe(false);
    expect(ask("", { levels: ["error"] })).toBe(false);
    expect(ask("", { levels: ["error", "warn"] })).toBe(true);
    expect(ask("", { service: "api" })).toBe(false);
    expect(ask("", { traceId: "cd".repeat(16) })).toBe(false);
    expect(ask("", { fromMs: 1_001 })).toBe(false);
    expect(ask("", { toMs: 999 })).toBe(false);
  });
});
