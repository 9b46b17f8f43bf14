import { describe, expect, it } from "vitest";
import { type Histogram, NO_BUCKETS, RESET_UNKNOWN } from "../../../src/core/histogram";
import { expose } from "../../../src/http/prometheus/federate/exposition";
import { negotiate } from "../../../src/http/prometheus/federate/format";
import { decodeExposition } from "../../../src/ingest/exposition/batch";
import { batchRows, extraRows } from "../../ingest/batch-rows";

describe("the form of an exposition", () => {
  const kind = (accept: string): string => negotiate(accept).contentType;
  it.each([
    ["", "text/plain; version=0.0.4; charset=utf-8"],
    ["*/*", "text/plain; version=0.0.4; charset=utf-8"],
    ["application/json", "text/plain; version=0.0.4; charset=utf-8"],
    ["text/plain;version=9", "text/plain; version=0.0.4; charset=utf-8"],
    [
      "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
      "application/openmetrics-text; version=1.0.0; charset=utf-8",
    ],
    [
      "application/openmetrics-text;q=0.2,text/plain;q=0.5",
      "text/plain; version=0.0.4; charset=utf-8",
    ],
    [
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;q=0.1",
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
    ],
    [
      "application/vnd.google.protobuf;q=1,text/plain;q=0.1",
      "text/plain; version=0.0.4; charset=utf-8",
    ],
    [
      "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4",
      "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
    ],
    ["text/plain;q=0", "text/plain; version=0.0.4; charset=utf-8"],
  ])("of %j is %s", (accept, expected) => {
    expect(kind(accept)).toBe(expected);
  });
});

describe("an exposition", () => {
  const samples = [
    { name: "a", labels: ["x", 'q"\\\n'], timestampMs: 1500, value: 1e-7 },
    { name: "a", labels: [], timestampMs: 2000, value: Infinity },
    { name: "b.c", labels: ["d.e", "é"], timestampMs: 2000, value: 3 },
  ];

  it("is Prometheus' text, with times in ms", () => {
    expect(expose(samples, negotiate(""))).toBe(
      `# TYPE a untyped
a{x="q\\"\\\\\\n"} 1e-07 1500
a +Inf 2000
# TYPE b_c untyped
b_c{d_e="é"} 3 2000
`,
    );
  });

  it("has native histograms in protobuf alone, as scrapers read it", () => {
    const NOW = 1_700_000_000_000;
    const histogram: Histogram = {
      schema: 3,
      resetHint: RESET_UNKNOWN,
      zeroThreshold: 0.001,
      zeroCount: 2,
      count: 10.5,
      sum: -7.25,
      positiveSpans: [
        { offset: -3, length: 1 },
        { offset: 4, length: 2 },
      ],
      positiveBuckets: Float64Array.of(1, 2.5, 1),
      negativeSpans: [{ offset: 2, length: 1 }],
      negativeBuckets: Float64Array.of(4),
      customValues: NO_BUCKETS,
    };
    const mixed = [
      { name: "a", labels: ["x", "é"], timestampMs: NOW - 5, value: -0.5 },
      { name: "h", labels: ["x", "1"], timestampMs: NOW - 5, value: Number.NaN, histogram },
      { name: "h", labels: ["x", "2"], timestampMs: NOW - 4, value: Number.NaN, histogram },
      { name: "h", labels: ["x", "3"], timestampMs: NOW - 3, value: 3 },
    ];
    const bytes = expose(
      mixed,
      negotiate(
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
      ),
    );
    if (typeof bytes === "string") throw new Error("text");
    const decoded = decodeExposition({ format: "protobuf", bytes }, NOW);
    if (!decoded.ok) throw new Error(JSON.stringify(decoded.error));
    expect(batchRows(decoded.value.batch)).toEqual([
      `a{x="é"} ${NOW - 5} -0.5`,
      `h{x="3"} ${NOW - 3} 3`,
    ]);
    expect(extraRows(decoded.value.batch)).toEqual(
      [1, 2].map(
        (i) =>
          `h{x="${i}"} ${NOW - 6 + i} s3 n10.5 sum -7.25 z0.001:2 pos -3+1 4+2 [1,2.5,1] neg 2+1 [4] hint 0`,
      ),
    );
    expect(expose(mixed, negotiate(""))).not.toContain('x="1"');
  });

  it("keeps UTF-8 names for who takes them, and ends OpenMetrics", () => {
    expect(
      expose(samples, negotiate("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8")),
    ).toBe(
      `# TYPE a unknown
a{x="q\\"\\\\\\n"} 1e-07 1.500
a +Inf 2
# TYPE "b.c" unknown
{"b.c","d.e"="é"} 3 2
# EOF
`,
    );
  });
});
