import fc from "fast-check";
import { LOG_LEVELS, type LogLine } from "../../src/core/logs";

const START = Date.parse("2026-11-20T10:00:00Z");
const text = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.constant("GET /api/orders/17 took 5 ms"),
);
const id = (digits: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constant(""),
    fc.string({
      unit: fc.constantFrom(..."0123456789abcdef"),
      minLength: digits,
      maxLength: digits,
    }),
  );

/** Any line that a decoder may make. */
export const anyLine: fc.Arbitrary<LogLine> = fc.record({
  timeMs: fc.integer({ min: START, max: START + 3 * 3_600_000 }),
  subMsNanos: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999 })),
  level: fc.constantFrom(...LOG_LEVELS),
  levelText: fc.constantFrom("", "INFO", "notice"),
  service: fc.constantFrom("", "shop", "api gateway"),
  message: text,
  attributes: fc.dictionary(fc.oneof(fc.string({ maxLength: 8 }), fc.constant("__proto__")), text, {
    maxKeys: 4,
    noNullPrototype: true,
  }),
  traceId: id(32),
  spanId: id(16),
});
