import { describe, expect, it } from "vitest";
import { GAUGE, type Histogram, NO_BUCKETS } from "../../../src/core/histogram";
import type { Series } from "../../../src/core/series";
import { bitsOf, setStaleAt } from "../../../src/core/stale";
import { ProtoWriter } from "../../../src/http/prometheus/proto-writer";
import { decodeReadRequest } from "../../../src/http/prometheus/remote-read/request";
import { encodeReadResponse } from "../../../src/http/prometheus/remote-read/response";
import { decodeWriteRequest } from "../../../src/ingest/remote-write/decode";
import { ProtoWalker } from "../../../src/ingest/remote-write/walker";
import { batchRows, extraRows } from "../../ingest/batch-rows";

describe("a read request", () => {
  it("is read with its matchers, negative times and accepted types", () => {
    const w = new ProtoWriter();
    w.message(1, (q) => {
      q.int(1, -5);
      q.int(2, 1_700_000_000_123);
      for (const [type, name, value] of [
        [0, "a", "b"],
        [1, "c", ""],
        [2, "d", ".*"],
        [3, "é", "x|y"],
      ] as const)
        q.message(3, (m) => {
          m.int(1, type);
          m.text(2, name);
          m.text(3, value);
        });
      // Hints are passed over.
      q.message(4, (h) => h.int(1, 60_000));
    });
    w.int(2, 1);
    w.int(2, 0);
    expect(decodeReadRequest(w.bytes.finish())).toEqual({
      ok: true,
      value: {
        queries: [
          {
            startMs: -5,
            endMs: 1_700_000_000_123,
            matchers: [
              { type: "=", name: "a", value: "b" },
              { type: "!=", name: "c", value: "" },
              { type: "=~", name: "d", value: ".*" },
              { type: "!~", name: "é", value: "x|y" },
            ],
          },
        ],
        accepted: [1, 0],
      },
    });
  });

  it("is refused where it is cut off or of another kind", () => {
    expect(decodeReadRequest(Uint8Array.of(10, 5, 8))).toMatchObject({ ok: false });
    const w = new ProtoWriter();
    w.message(1, (q) => q.message(3, (m) => m.int(1, 9)));
    expect(decodeReadRequest(w.bytes.finish())).toEqual({
      ok: false,
      error: "invalid matcher type 9",
    });
  });
});

describe("a read response", () => {
  /** A result has the fields of a write request, so that the reader of those reads it. */
  const decoded = (series: readonly Series[]): Uint8Array => {
    const response = encodeReadResponse([series]);
    const w = new ProtoWalker(response);
    expect(w.tag(response.length)).toBe(10);
    const end = w.lengthEnd(response.length);
    expect(end).toBe(response.length);
    const written = decodeWriteRequest(response.subarray(w.at, end), "id");
    if (!written.ok) throw new Error(written.error.message);
    expect(written.value.rejected).toEqual([]);
    return written.value.batch;
  };

  it("has its series by labels, times before 1970, and stale markers with their bits", () => {
    const values = Float64Array.of(1, 0);
    setStaleAt(bitsOf(values), 1);
    const found = [
      { labels: ["__name__", "b"], timestamps: Float64Array.of(1000), values: Float64Array.of(2) },
      { labels: ["__name__", "a"], timestamps: Float64Array.of(-1, 2000), values },
    ];
    expect(batchRows(decoded(found))).toEqual(["a -1 1", "a 2000 stale", "b 1000 2"]);
  });

  it("has native histograms beside floats", () => {
    const histogram: Histogram = {
      schema: -53,
      resetHint: GAUGE,
      zeroThreshold: 0,
      zeroCount: 0,
      count: 3.5,
      sum: 9,
      positiveSpans: [{ offset: 0, length: 2 }],
      positiveBuckets: Float64Array.of(1, 2.5),
      negativeSpans: [],
      negativeBuckets: NO_BUCKETS,
      customValues: Float64Array.of(0.5, 1.5),
    };
    const series = {
      labels: ["__name__", "h"],
      timestamps: Float64Array.of(1000, 2000),
      values: Float64Array.of(Number.NaN, 2),
      histograms: [histogram, undefined],
    };
    const batch = decoded([series]);
    expect(batchRows(batch)).toEqual(["h 2000 2"]);
    expect(extraRows(batch)).toEqual([
      "h 1000 s-53 n3.5 sum 9 pos 0+2 [1,2.5] le [0.5,1.5] hint 3",
    ]);
  });
});
