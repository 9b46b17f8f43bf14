import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBatch } from "../../../src/core/batch";
import { STALE_BYTES } from "../../../src/core/stale";
import { compareStrings } from "../../../src/core/labels";
import { LABEL_SET_LIMIT_BYTES, decodeWriteRequest } from "../../../src/ingest/remote-write/decode";
import { decodeWriteRequestV2 } from "../../../src/ingest/remote-write/decode-v2";
import { batchRows, extraRows } from "../batch-rows";
import { encodeWriteRequest } from "./encode";
import { type SeriesV2, encodeRequestV2 } from "./encode-v2";

const T = 1_700_000_000_000;

function decode(bytes: Uint8Array, drop?: string) {
  const got = decodeWriteRequestV2(
    bytes,
    "",
    drop === undefined ? undefined : new TextEncoder().encode(drop),
  );
  if (!got.ok) throw new Error(`${got.error.message} (byte ${got.error.at})`);
  return got.value;
}
const request = (...series: SeriesV2[]) => decode(encodeRequestV2(series));
const refused = (series: SeriesV2) =>
  request(series, { labels: [["__name__", "ok"]], samples: [[T, 1]] });

describe("remote write 2.0", () => {
  it("reads samples, stale markers and metadata", () => {
    const got = request(
      {
        labels: [
          ["__name__", "http_requests_total"],
          ["job", "api"],
        ],
        samples: [
          [T, 1.5],
          [T + 15, STALE_BYTES],
        ],
        metadata: { type: 1, help: "Requests.", unit: "requests" },
        createdMs: T - 1000,
      },
      {
        labels: [
          ["__name__", "lat_bucket"],
          ["job", "api"],
          ["le", "1"],
        ],
        samples: [[T, 2]],
        metadata: { type: 3, help: "Latency." },
      },
    );
    expect(batchRows(got.batch)).toEqual([
      `http_requests_total{job="api"} ${T} 1.5`,
      `http_requests_total{job="api"} ${T + 15} stale`,
      `lat_bucket{job="api", le="1"} ${T} 2`,
    ]);
    expect(extraRows(got.batch)).toEqual([`http_requests_total{job="api"} from ${T - 1000}`]);
    expect(readBatch(got.batch).metadata).toEqual([
      { name: "http_requests_total", type: "counter", help: "Requests.", unit: "requests" },
      { name: "lat", type: "histogram", help: "Latency.", unit: "" },
    ]);
    expect(got).toMatchObject({ samples: 3, histograms: 0, exemplars: 0, rejected: [] });
  });

  it("reads integer, float and custom-bucket histograms", () => {
    const labels = [["__name__", "h"]] as const;
    const got = request({
      labels,
      histograms: [
        {
          timeMs: T,
          schema: 3,
          count: 9,
          sum: 12.5,
          zeroThreshold: 1e-128,
          zeroCount: 1,
          positiveSpans: [
            [-2, 2],
            [3, 1],
          ],
          positive: [1, 1, -1],
          negativeSpans: [[0, 2]],
          negative: [3, -2],
          startMs: T - 500,
        },
        {
          timeMs: T + 1,
          schema: 0,
          floats: true,
          count: 2.5,
          sum: -1,
          positiveSpans: [[0, 2]],
          positive: [0.5, 2],
          hint: 3,
        },
        {
          timeMs: T + 2,
          schema: -53,
          count: 5,
          sum: 7,
          customValues: [0.1, 1, 10],
          positiveSpans: [
            [0, 1],
            [2, 1],
          ],
          positive: [2, 1],
        },
        { timeMs: T + 3, schema: 0, count: 0, sum: STALE_BYTES },
      ],
    });
    expect(extraRows(got.batch)).toEqual([
      `h ${T} s3 n9 sum 12.5 z1e-128:1 pos -2+2 3+1 [1,2,1] neg 0+2 [3,1] hint 0`,
      `h ${T + 1} s0 n2.5 sum -1 pos 0+2 [0.5,2] hint 3`,
      `h ${T + 2} s-53 n5 sum 7 pos 0+1 2+1 [2,3] le [0.1,1,10] hint 0`,
      `h from ${T - 500} histogram`,
    ]);
    expect(batchRows(got.batch)).toEqual([`h ${T + 3} stale`]);
    expect(got).toMatchObject({ samples: 1, histograms: 3, staleHistograms: 1, rejected: [] });
  });

  it("merges the buckets of a schema that is too fine", () => {
    const got = request({
      labels: [["__name__", "h"]],
      histograms: [
        // Buckets −3 … 2 of schema 10 lie in buckets 0 and 1 of schema 8.
        {
          timeMs: T,
          schema: 10,
          count: 6,
          sum: 6,
          positiveSpans: [[-3, 6]],
          positive: [1, 0, 0, 0, 0, 0],
        },
      ],
    });
    expect(extraRows(got.batch)).toEqual([`h ${T} s8 n6 sum 6 pos 0+2 [4,2] hint 0`]);
  });

  it("reads exemplars, and leaves out those with too many characters", () => {
    const exemplar = (value: string) => ({
      labels: [["trace_id", value]] as const,
      value: 0.5,
      timeMs: T,
    });
    const got = request({
      labels: [["__name__", "c"]],
      samples: [[T, 1]],
      exemplars: [exemplar("abc"), exemplar("x".repeat(121))],
    });
    expect(extraRows(got.batch)).toEqual([`c # {trace_id="abc"} 0.5 ${T}`]);
    expect(got.exemplars).toBe(1);
  });

  it("sorts labels, drops empty ones, and takes symbols after the series", () => {
    const body = encodeRequestV2(
      [
        {
          labels: [
            ["z", "1"],
            ["empty", ""],
            ["__name__", "m"],
            ["ü", "2"],
          ],
          samples: [[T, 1]],
        },
      ],
      true,
    );
    expect(batchRows(decode(body).batch)).toEqual([`m{z="1", "ü"="2"} ${T} 1`]);
  });

  it("leaves the replica's label out", () => {
    const body = encodeRequestV2([
      {
        labels: [
          ["__name__", "m"],
          ["__replica__", "a"],
          ["cluster", "c"],
        ],
        samples: [[T, 1]],
      },
    ]);
    expect(batchRows(decode(body, "__replica__").batch)).toEqual([`m{cluster="c"} ${T} 1`]);
  });

  it.each<[string, SeriesV2, string, RegExp]>([
    [
      "no metric name",
      { labels: [["a", "b"]], samples: [[T, 1]] },
      "invalid_labels",
      /no metric name in \{a="b"\}/,
    ],
    ["no labels", { labels: [], samples: [[T, 1]] }, "invalid_labels", /no metric name/],
    [
      "a name twice",
      {
        labels: [
          ["__name__", "m"],
          ["a", "1"],
          ["a", "2"],
        ],
        samples: [[T, 1]],
      },
      "invalid_labels",
      /"a" twice/,
    ],
    [
      "an empty name",
      {
        labels: [
          ["__name__", "m"],
          ["", "1"],
        ],
        samples: [[T, 1]],
      },
      "invalid_labels",
      /without a name/,
    ],
    [
      "a value of 1 MB",
      {
        labels: [
          ["__name__", "m"],
          ["a", "x".repeat(1 << 20)],
        ],
        samples: [[T, 1]],
      },
      "invalid_labels",
      new RegExp(`limit is ${LABEL_SET_LIMIT_BYTES}`),
    ],
    [
      "a schema nobody knows",
      { labels: [["__name__", "m"]], histograms: [{ timeMs: T, schema: -9, count: 0, sum: 0 }] },
      "invalid_histogram",
      /schema -9/,
    ],
    [
      "spans without counts",
      {
        labels: [["__name__", "m"]],
        histograms: [
          { timeMs: T, schema: 0, count: 0, sum: 0, positiveSpans: [[0, 4_000_000_000]] },
        ],
      },
      "invalid_histogram",
      /spans for 4000000000 buckets, but 0 counts/,
    ],
    [
      "a negative bucket",
      {
        labels: [["__name__", "m"]],
        histograms: [
          { timeMs: T, schema: 0, count: 0, sum: 0, positiveSpans: [[0, 1]], positive: [-1] },
        ],
      },
      "invalid_histogram",
      /positive bucket 1 has a count of -1/,
    ],
    [
      "a count that is not the buckets'",
      {
        labels: [["__name__", "m"]],
        histograms: [
          { timeMs: T, schema: 0, count: 3, sum: 0, positiveSpans: [[0, 1]], positive: [2] },
        ],
      },
      "invalid_histogram",
      /2 observations in the buckets, but a count of 3/,
    ],
    [
      "custom bounds that fall",
      {
        labels: [["__name__", "m"]],
        histograms: [{ timeMs: T, schema: -53, count: 0, sum: 0, customValues: [2, 1] }],
      },
      "invalid_histogram",
      /do not rise/,
    ],
  ])("rejects %s and keeps the rest", (_, series, reason, example) => {
    const got = refused(series);
    expect(got.rejected).toEqual([
      { reason, count: 1, example: expect.stringMatching(example) as string },
    ]);
    expect(batchRows(got.batch)).toEqual([`ok ${T} 1`]);
  });

  it.each([
    ["a first symbol that is not empty", Uint8Array.from([0x22, 1, 97]), /first symbol must be/],
    ["series without symbols", Uint8Array.from([0x2a, 0]), /without a symbols table/],
    ["a body of version 1.0", Uint8Array.from([0x0a, 0]), /remote write 1\.0/],
    ["a cut body", Uint8Array.from([0x22, 5]), /runs past/],
  ])("refuses %s", (_, bytes, message) => {
    const got = decodeWriteRequestV2(bytes, "");
    expect(got).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(message) as string },
    });
  });

  it("names a reference that no symbol has", () => {
    const bytes = Uint8Array.from([0x22, 0, 0x2a, 6, 0x0a, 2, 1, 9, 0x12, 0]);
    expect(decode(bytes).rejected).toEqual([
      { reason: "invalid_labels", count: 1, example: "a label reference beyond the 1 symbols" },
    ]);
  });

  it("bounds what a few symbols unfold to", () => {
    const labels = [
      ["__name__", "m"],
      ["a", "x".repeat(30_000)],
    ] as const;
    const got = decodeWriteRequestV2(
      encodeRequestV2(Array.from({ length: 2000 }, () => ({ labels, samples: [[T, 1]] as const }))),
      "",
    );
    expect(got).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/send smaller requests/) as string },
    });
  });
});

it("gives the same batch as version 1.0 of the same series", () => {
  const name = fc.constantFrom("__name__", "a", "b", "job", "le", "ü", "zone");
  const value = fc.constantFrom("", "1", "2", "api", "日本", "x".repeat(130));
  const series = fc.record({
    labels: fc.uniqueArray(fc.tuple(name, value), { selector: ([n]) => n, maxLength: 6 }),
    sorted: fc.boolean(),
    named: fc.boolean(),
    exemplar: fc.boolean(),
    value: fc.double(),
  });
  fc.assert(
    fc.property(fc.array(series, { maxLength: 8 }), (list) => {
      const given = list.map((s) => {
        const labels = s.labels.filter(([n]) => n !== "__name__");
        if (s.named) labels.push(["__name__", "m"]);
        if (s.sorted) labels.sort(([x], [y]) => compareStrings(x, y));
        const exemplars = s.exemplar
          ? [{ labels: [["trace_id", "t"]] as const, value: 1, timeMs: T }]
          : [];
        return { labels, samples: [[T, s.value]] as const, exemplars };
      });
      const v1 = decodeWriteRequest(encodeWriteRequest(given), "");
      if (!v1.ok) throw new Error(v1.error.message);
      const v2 = decode(encodeRequestV2(given));
      expect(batchRows(v2.batch)).toEqual(batchRows(v1.value.batch));
      expect(v2.rejected.map((r) => [r.reason, r.count])).toEqual(
        v1.value.rejected.map((r) => [r.reason, r.count]),
      );
    }),
    { numRuns: 2000 },
  );
});

describe("any bytes", () => {
  const BODY = encodeRequestV2([
    {
      labels: [
        ["__name__", "h"],
        ["a", "b"],
      ],
      samples: [[T, 1]],
      histograms: [
        { timeMs: T, schema: 1, count: 3, sum: 1, positiveSpans: [[0, 2]], positive: [1, 1] },
      ],
      exemplars: [{ labels: [["t", "x"]], value: 1, timeMs: T }],
      metadata: { type: 3, help: "h" },
      createdMs: T,
    },
  ]);

  it("are read or refused at a place within them, and give a batch that reads", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc
            .array(fc.tuple(fc.nat(BODY.length - 1), fc.nat(255)), { maxLength: 5 })
            .map((changes) => {
              const bytes = BODY.slice();
              for (const [at, byte] of changes) bytes[at] = byte;
              return bytes;
            }),
          fc.nat(BODY.length).map((n) => BODY.subarray(0, n)),
        ),
        (bytes) => {
          const got = decodeWriteRequestV2(bytes, "");
          if (got.ok) readBatch(got.value.batch);
          else expect(got.error.at).toBeLessThanOrEqual(bytes.length);
        },
      ),
      { numRuns: 5000 },
    );
  });
});
