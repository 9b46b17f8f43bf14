import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBatch } from "../../src/core/batch";
import { decodeLabels } from "../../src/core/label-bytes";
import { labelsToRecord } from "../../src/core/labels";
import type { Span } from "../../src/core/traces";
import { scrubRules } from "../../src/core/scrub";
import { spanMetrics } from "../../src/traces/derived";
import { fragmentsOf, mergeFragments } from "../../src/traces/fragment";
import { indexKeys, lookupKeys } from "../../src/traces/index-keys";
import { CUT_ATTRIBUTE, cleanSpan, rejectionOf } from "../../src/traces/limits";
import { MAX_NAMES, OTHER_NAME, SpanNameBudget } from "../../src/traces/span-names";
import { anySpan } from "./arbitrary";

const START = 1_795_168_800_000;
const SPAN: Span = {
  traceId: "a".repeat(32),
  spanId: "b".repeat(16),
  parentSpanId: "",
  name: "op",
  kind: "server",
  startNs: BigInt(START) * 1_000_000n,
  durationNs: 30_000_000,
  status: "unset",
  statusMessage: "",
  service: "shop",
  scope: "",
  attributes: {},
  resource: {},
  events: [],
  links: [],
};

describe("index keys", () => {
  const ids = fc.string({
    unit: fc.constantFrom(..."0123456789abcdef"),
    minLength: 32,
    maxLength: 32,
  });
  it("are among those that a reader asks for, and are few", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(ids, { minLength: 1, maxLength: 400 }),
        fc.integer({ min: 1, max: 20 }),
        (traces, perTrace) => {
          const spanCount = traces.length * perTrace;
          const keyOf = indexKeys(new Set(traces), spanCount);
          for (const id of traces) expect(lookupKeys(id)).toContain(keyOf(id));
          expect(new Set(traces.map(keyOf)).size).toBeLessThanOrEqual(Math.max(16, spanCount / 6));
        },
      ),
    );
  });
});

describe("a summary", () => {
  it("is the same however the spans were spread over requests, and in whatever order they came", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anySpan, fc.integer({ min: 0, max: 3 })), {
          minLength: 1,
          maxLength: 20,
        }),
        fc.boolean(),
        (tagged, reversed) => {
          // Of two roots, or two first spans of one time, either may name the trace.
          const spans = tagged.map(([s], i) => ({
            ...s,
            traceId: SPAN.traceId,
            parentSpanId: i === 0 ? "" : "c".repeat(16),
            startNs: s.startNs + BigInt(i),
          }));
          const [whole] = fragmentsOf(spans);
          const requests = [0, 1, 2, 3]
            .map((r) => spans.filter((_, i) => tagged[i]?.[1] === r))
            .filter((part) => part.length > 0);
          const parts = requests.flatMap(fragmentsOf);
          expect(mergeFragments(reversed ? parts.toReversed() : parts)).toEqual(whole);
        },
      ),
    );
  });
});

describe("limits", () => {
  const rules = scrubRules();
  it.each([
    ["a good span", {}, undefined],
    ["no trace id", { traceId: "" }, "invalid_id"],
    ["an id of zeros", { spanId: "0".repeat(16) }, "invalid_id"],
    ["a short id", { traceId: "abc" }, "invalid_id"],
    ["31 days ago", { startNs: SPAN.startNs - 31n * 86_400_000_000_000n }, "too_old"],
    ["in an hour", { startNs: SPAN.startNs + 3_600_000_000_000n }, "too_far_in_future"],
  ])("%s", (_, change, reason) => {
    expect(rejectionOf({ ...SPAN, ...change }, START)).toBe(reason);
  });
  it("cut what is too much, take secrets out, and bring an event's impossible time to the span", () => {
    const clean = cleanSpan(rules, {
      ...SPAN,
      name: "n".repeat(600),
      attributes: { "db.password": "x", note: "y".repeat(20_000), nested: { cookie: "z" } },
      events: [{ timeNs: 0n, name: "e", attributes: { authorization: "q" } }],
    });
    expect(clean.name).toHaveLength(512);
    expect(clean.attributes).toMatchObject({
      "db.password": "[redacted]",
      nested: { cookie: "[redacted]" },
      [CUT_ATTRIBUTE]: "attributes,name",
    });
    expect(clean.attributes["note"]).toHaveLength(16_384);
    expect(clean.events).toEqual([
      { timeNs: SPAN.startNs, name: "e", attributes: { authorization: "[redacted]" } },
    ]);
  });
});

describe("span metrics", () => {
  function increments(spans: readonly Span[], budget = new SpanNameBudget()): Map<string, number> {
    const b = readBatch(spanMetrics("id", spans, budget, START));
    expect(b.batchId).toBe("traces:id");
    return new Map(
      [...b.incrementSeries].map((ref, i) => {
        const {
          __name__: name,
          le,
          span_name: span,
          status_code: status,
        } = labelsToRecord(
          decodeLabels(b.labelBytes.subarray(b.labelOffsets[ref], b.labelOffsets[ref + 1])),
        );
        return [
          [name, span, status, le].filter((x) => x !== undefined).join(" "),
          b.incrementAmounts[i] ?? Number.NaN,
        ];
      }),
    );
  }
  it("count calls and put durations into cumulative buckets", () => {
    const got = increments([
      SPAN,
      { ...SPAN, durationNs: 20_000_000_000 },
      { ...SPAN, status: "error" },
    ]);
    const latency = "traces_spanmetrics_latency_seconds";
    expect(got.get("traces_spanmetrics_calls_total op STATUS_CODE_UNSET")).toBe(2);
    expect(got.get("traces_spanmetrics_calls_total op STATUS_CODE_ERROR")).toBe(1);
    expect(got.get(`${latency}_count op STATUS_CODE_UNSET`)).toBe(2);
    expect(got.get(`${latency}_sum op STATUS_CODE_UNSET`)).toBeCloseTo(20.03);
    expect(
      ["0.025", "0.05", "10", "+Inf"].map((le) =>
        got.get(`${latency}_bucket op STATUS_CODE_UNSET ${le}`),
      ),
    ).toEqual([0, 1, 1, 2]);
  });
  it("bound the span names of a service, and count those that became other", () => {
    const budget = new SpanNameBudget();
    const many = Array.from({ length: MAX_NAMES + 5 }, (_, i) => ({ ...SPAN, name: `op ${i}` }));
    const got = increments(many, budget);
    expect(got.get(`traces_spanmetrics_calls_total ${OTHER_NAME} STATUS_CODE_UNSET`)).toBe(5);
    expect(got.get("traces_spanmetrics_names_capped_total")).toBe(5);
    expect(budget.admit("shop", "op 3")).toBe("op 3");
    expect(budget.admit("another", "op 999")).toBe("op 999");
  });
});
