import fc from "fast-check";
import { SPAN_KINDS, SPAN_STATUSES, type Span } from "../../src/core/traces";

const START = 1_795_168_800_000_000_000n;
const hex = (digits: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: digits, maxLength: digits });
const text = fc.string({ unit: "grapheme", maxLength: 12 });
const attributes = fc.dictionary(
  fc.oneof(text, fc.constant("__proto__")),
  fc.oneof(
    text,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.integer(), { maxLength: 3 }),
  ),
  { maxKeys: 4, noNullPrototype: true },
);
const time = fc.bigInt({ min: START, max: START + 3n * 3_600_000_000_000n });

/** Any span that a decoder may make, of few traces. */
export const anySpan: fc.Arbitrary<Span> = fc.record({
  traceId: fc.constantFrom("a".repeat(32), `${"b".repeat(31)}1`, `${"c".repeat(30)}f2`),
  spanId: hex(16),
  parentSpanId: fc.oneof(fc.constant(""), hex(16)),
  name: text,
  kind: fc.constantFrom(...SPAN_KINDS),
  startNs: time,
  durationNs: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  status: fc.constantFrom(...SPAN_STATUSES),
  statusMessage: text,
  service: fc.constantFrom("", "shop", "api"),
  scope: text,
  attributes,
  resource: attributes,
  events: fc.array(fc.record({ timeNs: time, name: text, attributes }), { maxLength: 2 }),
  links: fc.array(fc.record({ traceId: hex(32), spanId: hex(16), attributes }), { maxLength: 2 }),
});
