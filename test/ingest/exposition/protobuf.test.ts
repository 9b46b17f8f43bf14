import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBatch } from "../../../src/core/batch";
import { renderLabels } from "../../../src/core/labels";
import { decodeExposition } from "../../../src/ingest/exposition/batch";
import { parseExpositionBytes } from "../../../src/ingest/exposition/read";
import { batchRows, extraRows } from "../batch-rows";
import { encodeFamilies } from "./encode-protobuf";

const NOW = 1_700_000_000_000;
const decode = (bytes: Uint8Array): ReturnType<typeof decodeExposition> =>
  decodeExposition({ format: "protobuf", bytes }, NOW);

const BODY = encodeFamilies([
  {
    name: "reqs_total",
    type: 0,
    help: "Requests.",
    metrics: [
      { labels: [["code", "200"]], value: 3 },
      { labels: [["code", "500"]], value: 1, timestampMs: NOW - 5 },
    ],
  },
  { name: "g", type: 1, metrics: [{ value: Number.NaN }] },
  { name: "u", type: 3, metrics: [{ value: -1 }] },
  {
    name: "s",
    type: 2,
    metrics: [
      {
        summary: {
          count: 2,
          sum: 3,
          quantiles: [
            [0.5, 1],
            [0.99, 2],
          ],
        },
      },
    ],
  },
  {
    name: "h",
    type: 4,
    metrics: [
      {
        labels: [["x", "y"]],
        histogram: {
          count: 4,
          sum: 9,
          buckets: [
            [0.1, 1],
            [1, 3],
          ],
        },
      },
    ],
  },
]);

describe("the protobuf exposition format", () => {
  it("reads every kind of family", () => {
    const got = decode(BODY);
    if (!got.ok) throw new Error(got.error.message);
    expect(got.value.samples).toBe(13);
    expect(batchRows(got.value.batch).map((r) => r.replace(` ${NOW} `, " "))).toEqual([
      'reqs_total{code="200"} 3',
      `reqs_total{code="500"} ${NOW - 5} 1`,
      "g NaN",
      "u -1",
      's{quantile="0.5"} 1',
      's{quantile="0.99"} 2',
      "s_sum 3",
      "s_count 2",
      'h_bucket{le="0.1", x="y"} 1',
      'h_bucket{le="1.0", x="y"} 3',
      'h_bucket{le="+Inf", x="y"} 4',
      'h_sum{x="y"} 9',
      'h_count{x="y"} 4',
    ]);
    expect(readBatch(got.value.batch).metadata[0]).toEqual({
      name: "reqs_total",
      type: "counter",
      help: "Requests.",
      unit: "",
    });
  });

  it("reads native histograms with their exemplars and when they began", () => {
    const native = {
      count: 6,
      sum: 7.5,
      schema: 2,
      zeroThreshold: 0.001,
      zeroCount: 1,
      positiveSpans: [
        [-1, 2],
        [2, 1],
      ] as const,
      positive: [1, 1, 0],
      createdMs: NOW - 60_250,
      buckets: [
        { bound: 1, count: 4, exemplar: { trace: "abc", value: 0.5, timeMs: NOW - 1 } },
        { bound: Infinity, count: 6 },
      ],
    };
    const body = encodeFamilies([
      { name: "n", type: 4, metrics: [{ labels: [["x", "y"]], native }] },
    ]);
    const got = decode(body);
    if (!got.ok) throw new Error(got.error.message);
    expect(batchRows(got.value.batch)).toEqual([]);
    expect(extraRows(got.value.batch)).toEqual([
      `n{x="y"} ${NOW} s2 n6 sum 7.5 z0.001:1 pos -1+2 2+1 [1,2,2] hint 0`,
      `n{x="y"} # {trace_id="abc"} 0.5 ${NOW - 1}`,
      `n{x="y"} from ${NOW - 60_250} histogram`,
    ]);
    // Both, for a scraper that is told so.
    const rows: string[] = [];
    parseExpositionBytes(
      body,
      "protobuf",
      {
        sample: (l, v) => rows.push(`${renderLabels(l)} ${v}`),
        histogram: (l) => rows.push(`${renderLabels(l)} native`),
        metadata: () => undefined,
      },
      { classicToo: true },
    );
    expect(rows).toEqual([
      'n{x="y"} native',
      'n_bucket{le="1.0", x="y"} 4',
      'n_bucket{le="+Inf", x="y"} 6',
      'n_sum{x="y"} 7.5',
      'n_count{x="y"} 6',
    ]);
  });

  it("refuses a native histogram that is none", () => {
    const native = {
      count: 9,
      sum: 0,
      schema: 0,
      zeroThreshold: 0,
      zeroCount: 1,
      positiveSpans: [[0, 2]] as const,
      positive: [1],
    };
    expect(decode(encodeFamilies([{ name: "n", type: 4, metrics: [{ native }] }]))).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/spans for 2 buckets, but 1 counts/) as string },
    });
  });

  it("says where a body is cut", () => {
    const whole = decode(BODY.subarray(0, 0));
    expect(whole).toMatchObject({ ok: true, value: { samples: 0 } });
    let cuts = 0;
    for (let n = 1; n < BODY.length; n++) {
      const got = decode(BODY.subarray(0, n));
      // A cut between two families leaves a whole body.
      if (got.ok) cuts++;
      else expect(Number(got.error.where)).toBeLessThanOrEqual(n);
    }
    expect(cuts).toBe(4);
  });

  it("refuses a family without a name", () => {
    expect(decode(encodeFamilies([{ name: "", type: 1, metrics: [{ value: 1 }] }]))).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/without a name/) as string },
    });
  });

  const NATIVE = encodeFamilies([
    {
      name: "n",
      type: 4,
      metrics: [
        {
          native: {
            count: 6,
            sum: 7.5,
            schema: 2,
            zeroThreshold: 0.001,
            zeroCount: 1,
            positiveSpans: [[-1, 3]],
            positive: [1, 1, 0],
            createdMs: NOW,
            buckets: [{ bound: 1, count: 4, exemplar: { trace: "abc", value: 0.5, timeMs: NOW } }],
          },
        },
      ],
    },
  ]);
  it.each([
    ["classic", BODY],
    ["native", NATIVE],
  ])("throws nothing, whatever the bytes: %s", (_, body) => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }),
          fc
            .array(fc.tuple(fc.nat(body.length - 1), fc.nat(255)), { maxLength: 4 })
            .map((edits) => {
              const bytes = body.slice();
              for (const [at, to] of edits) bytes[at] = to;
              return bytes;
            }),
        ),
        (bytes) => {
          const got = decode(bytes);
          // What is taken is a batch that the store can read.
          if (got.ok) readBatch(got.value.batch);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
