import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SPAN_STATUSES, type Span, type TraceSearch } from "../../src/core/traces";
import { fragmentsOf } from "../../src/traces/fragment";
import { makeTraceStore } from "../../src/storage/trace-store";

const START = Date.parse("2026-11-20T08:00:00Z");
const HOUR = 3_600_000;

function noSpill(): never {
  throw new Error("nothing is to be spilled here");
}

function id(n: number): string {
  return (n * 40_503 + 7).toString(16).padStart(32, "1");
}

interface Plan {
  readonly trace: number;
  readonly offsetMs: number;
  readonly durationMs: number;
  readonly service: string;
  readonly status: Span["status"];
  readonly request: number;
}

const plan: fc.Arbitrary<Plan> = fc.record({
  trace: fc.integer({ min: 0, max: 40 }),
  offsetMs: fc.integer({ min: 0, max: HOUR - 1 }),
  durationMs: fc.integer({ min: 0, max: 1_000 }),
  service: fc.constantFrom("shop", "api", "db"),
  status: fc.constantFrom(...SPAN_STATUSES),
  request: fc.integer({ min: 0, max: 4 }),
});

const question: fc.Arbitrary<TraceSearch> = fc.record(
  {
    service: fc.constantFrom("shop", "nobody"),
    fromMs: fc.integer({ min: START, max: START + HOUR }),
    toMs: fc.integer({ min: START + HOUR, max: START + 3 * HOUR }),
    minDurationMs: fc.integer({ min: 0, max: 2 * HOUR }),
    error: fc.boolean(),
    limit: fc.integer({ min: 1, max: 30 }),
  },
  { requiredKeys: ["fromMs", "toMs", "limit"] },
);

function toSpan(p: Plan, n: number): Span {
  return {
    traceId: id(p.trace),
    spanId: (n + 1).toString(16).padStart(16, "0"),
    parentSpanId: n % 3 === 0 ? "" : "9".repeat(16),
    name: `op ${n}`,
    kind: "internal",
    // One ns apart, so that no two start together; a trace starts its spans within an hour.
    startNs:
      BigInt(START + ((p.trace * 7_919_000) % (2 * HOUR)) + p.offsetMs) * 1_000_000n + BigInt(n),
    durationNs: p.durationMs * 1_000_000,
    status: p.status,
    statusMessage: "",
    service: p.service,
    scope: "",
    attributes: {},
    resource: {},
    events: [],
    links: [],
  };
}

describe("a search for traces", () => {
  it("finds exactly those that match, with summaries of all their spans, in whatever requests and hours these came", async () => {
    let n = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(plan, { minLength: 1, maxLength: 80 }),
        fc.array(question, { minLength: 1, maxLength: 5 }),
        async (plans, questions) => {
          const store = makeTraceStore(env.DB, `traces-${n++}`, noSpill);
          const spans = plans.map(toSpan);
          for (let r = 0; r <= 4; r++) {
            const part = spans.filter((_, i) => plans[i]?.request === r);
            if (part.length > 0) await store.append(`b${r}`, part);
          }
          const whole = fragmentsOf(spans);
          for (const q of questions) {
            const wanted = whole
              .filter((t) => t.startMs >= q.fromMs && t.startMs <= q.toMs)
              .filter((t) => q.service === undefined || t.services.includes(q.service))
              .filter(
                (t) => q.minDurationMs === undefined || t.endMs - t.startMs >= q.minDurationMs,
              )
              .filter((t) => q.error === undefined || t.errorCount > 0 === q.error)
              .toSorted((a, b) => b.startMs - a.startMs);
            const got = await store.search(q);
            expect(got.traces.map((t) => t.startMs)).toEqual(
              wanted.slice(0, q.limit).map((t) => t.startMs),
            );
            for (const t of got.traces)
              expect(t).toEqual(wanted.find((w) => w.traceId === t.traceId));
            expect(got.truncated).toEqual(
              wanted.length > q.limit ? { reason: "limit", limit: q.limit } : undefined,
            );
          }
          const one = plans[0]?.trace ?? 0;
          const all = await store.trace(id(one));
          expect(all.map((s) => s.spanId).toSorted()).toEqual(
            spans
              .filter((s) => s.traceId === id(one))
              .map((s) => s.spanId)
              .toSorted(),
          );
        },
      ),
      { numRuns: 30 },
    );
  });
});
