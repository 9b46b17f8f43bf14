import { describe, expect, it } from "vitest";
import {
  CUSTOM_BUCKETS,
  type Histogram,
  NO_BUCKETS,
  RESET_UNKNOWN,
} from "../../../src/core/histogram";
import { histogramJson } from "../../../src/http/prometheus/histogram-json";
import { resultText } from "../../../src/http/prometheus/result-json";

const EMPTY: Histogram = {
  schema: 0,
  resetHint: RESET_UNKNOWN,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 0,
  sum: 0,
  positiveSpans: [],
  positiveBuckets: NO_BUCKETS,
  negativeSpans: [],
  negativeBuckets: NO_BUCKETS,
  customValues: NO_BUCKETS,
};
const read = (h: Histogram): unknown => JSON.parse(histogramJson(h));

describe("a native histogram in JSON", () => {
  it("has no buckets where none is populated", () => {
    expect(read(EMPTY)).toEqual({ count: "0", sum: "0" });
  });

  it("tells which ends of a bucket are closed, and leaves empty ones out", () => {
    const h: Histogram = {
      ...EMPTY,
      zeroThreshold: 0.001,
      zeroCount: 2,
      count: 13.5,
      sum: -18.4,
      positiveSpans: [
        { offset: 0, length: 2 },
        { offset: 1, length: 1 },
      ],
      positiveBuckets: Float64Array.of(3, 0, 1.5),
      negativeSpans: [{ offset: 1, length: 2 }],
      negativeBuckets: Float64Array.of(4, 3),
    };
    expect(read(h)).toEqual({
      count: "13.5",
      sum: "-18.4",
      buckets: [
        [1, "-4", "-2", "3"],
        [1, "-2", "-1", "4"],
        [3, "-0.001", "0.001", "2"],
        [0, "0.5", "1", "3"],
        [0, "4", "8", "1.5"],
      ],
    });
  });

  it("closes a zero bucket of no width, and the first of custom bounds", () => {
    expect(read({ ...EMPTY, zeroCount: 1, count: 1 })).toMatchObject({
      buckets: [[3, "-0", "0", "1"]],
    });
    const custom: Histogram = {
      ...EMPTY,
      schema: CUSTOM_BUCKETS,
      count: 6,
      positiveSpans: [{ offset: 0, length: 3 }],
      positiveBuckets: Float64Array.of(1, 2, 3),
      customValues: Float64Array.of(0.5, 2.5),
    };
    expect(read(custom)).toMatchObject({
      buckets: [
        [3, "-Inf", "0.5", "1"],
        [0, "0.5", "2.5", "2"],
        [0, "2.5", "+Inf", "3"],
      ],
    });
  });

  it("stands beside a series' floats", () => {
    const series = {
      labels: ["a", "b"],
      timestamps: Float64Array.of(1000, 2500, 3000),
      values: Float64Array.of(1, Number.NaN, 3),
      histograms: [undefined, { ...EMPTY, count: 1 }, undefined],
    };
    const text = resultText({
      type: "matrix",
      series: [series, { ...series, histograms: [EMPTY, EMPTY, EMPTY] }],
      warnings: [],
      infos: [],
      stats: { totalSamples: 0, peakSamples: 0 },
    });
    expect(JSON.parse(`${text}}}`)).toMatchObject({
      data: {
        result: [
          {
            metric: { a: "b" },
            values: [
              [1, "1"],
              [3, "3"],
            ],
            histograms: [[2.5, { count: "1", sum: "0" }]],
          },
          {
            metric: { a: "b" },
            histograms: [
              [1, {}],
              [2.5, {}],
              [3, {}],
            ],
          },
        ],
      },
    });
    const second = (JSON.parse(`${text}}}`) as { data: { result: object[] } }).data.result[1];
    expect(Object.keys(second ?? {})).toEqual(["metric", "histograms"]);
  });

  it("is an instant's value", () => {
    const text = resultText({
      type: "vector",
      samples: [{ labels: ["a", "b"], timestampMs: 1500, value: Number.NaN, histogram: EMPTY }],
      warnings: [],
      infos: [],
      stats: { totalSamples: 0, peakSamples: 0 },
    });
    expect(JSON.parse(`${text}}}`)).toMatchObject({
      data: { result: [{ metric: { a: "b" }, histogram: [1.5, { count: "0", sum: "0" }] }] },
    });
  });
});
