import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readBatch } from "../../../src/core/batch";
import { exportMetricsRequest, deltasOf } from "../../../src/ingest/otlp-metrics/model";
import {
  SAMPLES_LIMIT,
  type TranslatedMetrics,
  translateMetrics,
} from "../../../src/ingest/otlp-metrics/translate";
import { decodeJson } from "../../../src/ingest/otlp/schema";
import { batchRows } from "../batch-rows";

const T = 1_700_000_000_000;
const NANO = `${T}000000`;
const NOW = T + 5000;

function translate(metrics: unknown, resource: Record<string, string> = {}): TranslatedMetrics {
  const attributes = Object.entries(resource).map(([key, stringValue]) => ({
    key,
    value: { stringValue },
  }));
  const got = decodeJson(exportMetricsRequest, {
    resourceMetrics: [
      { resource: { attributes }, scopeMetrics: [{ scope: { name: "lib" }, metrics }] },
    ],
  });
  if (!got.ok) throw new Error(`${got.error.where}: ${got.error.message}`);
  return translateMetrics(got.value, "", NOW);
}

const attr = (key: string, stringValue: string): unknown => ({ key, value: { stringValue } });
const point = (value: number, more: object = {}): unknown => ({
  timeUnixNano: NANO,
  asDouble: value,
  ...more,
});
const rows = (metrics: unknown, resource?: Record<string, string>): string[] =>
  batchRows(translate(metrics, resource).batch).map((r) => r.replace(` ${T} `, " "));

describe("OTLP metrics", () => {
  it.each([
    ["a gauge", { name: "queue.size", gauge: { dataPoints: [point(3)] } }, ["queue_size 3"]],
    [
      "a gauge of unit 1",
      { name: "cache.hits", unit: "1", gauge: { dataPoints: [point(0.5)] } },
      ["cache_hits_ratio 0.5"],
    ],
    [
      "integers",
      { name: "n", gauge: { dataPoints: [{ timeUnixNano: NANO, asInt: "-7" }] } },
      ["n -7"],
    ],
    [
      "a cumulative sum",
      {
        name: "http.requests",
        sum: {
          aggregationTemporality: 2,
          isMonotonic: true,
          dataPoints: [point(5, { attributes: [attr("http.method", "GET")] })],
        },
      },
      ['http_requests_total{http_method="GET"} 5'],
    ],
    [
      "a delta sum",
      {
        name: "http.requests",
        sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [point(5)] },
      },
      ["http_requests_total +5"],
    ],
    [
      "an up-down sum",
      {
        name: "conns",
        sum: { aggregationTemporality: 2, isMonotonic: false, dataPoints: [point(-2)] },
      },
      ["conns -2"],
    ],
    [
      "a delta up-down sum",
      {
        name: "conns",
        sum: { aggregationTemporality: 1, isMonotonic: false, dataPoints: [point(-2)] },
      },
      ["conns +-2"],
    ],
    [
      "an explicit histogram",
      {
        name: "latency",
        unit: "s",
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [
            {
              timeUnixNano: NANO,
              count: "6",
              sum: 4.5,
              bucketCounts: ["1", 2, 3],
              explicitBounds: [0.1, 1],
            },
          ],
        },
      },
      [
        'latency_seconds_bucket{le="0.1"} 1',
        'latency_seconds_bucket{le="1"} 3',
        'latency_seconds_bucket{le="+Inf"} 6',
        "latency_seconds_count 6",
        "latency_seconds_sum 4.5",
      ],
    ],
    [
      "a delta histogram, zeros included",
      {
        name: "h",
        histogram: {
          aggregationTemporality: 1,
          dataPoints: [
            {
              timeUnixNano: NANO,
              count: 2,
              sum: 3,
              bucketCounts: [0, 2, 0],
              explicitBounds: [1, 2],
            },
          ],
        },
      },
      [
        'h_bucket{le="1"} +0',
        'h_bucket{le="2"} +2',
        'h_bucket{le="+Inf"} +2',
        "h_count +2",
        "h_sum +3",
      ],
    ],
    [
      "a histogram without buckets",
      {
        name: "h",
        histogram: { aggregationTemporality: 2, dataPoints: [{ timeUnixNano: NANO, count: 2 }] },
      },
      ['h_bucket{le="+Inf"} 2', "h_count 2"],
    ],
    [
      "a summary",
      {
        name: "rpc",
        summary: {
          dataPoints: [
            {
              timeUnixNano: NANO,
              count: 3,
              sum: 9,
              quantileValues: [
                { quantile: 0.5, value: 2 },
                { quantile: 1, value: 4 },
              ],
            },
          ],
        },
      },
      ["rpc_sum 9", "rpc_count 3", 'rpc{quantile="0.5"} 2', 'rpc{quantile="1"} 4'],
    ],
    [
      "a point without a recorded value",
      { name: "g", gauge: { dataPoints: [{ timeUnixNano: NANO, flags: 1 }] } },
      ["g stale"],
    ],
    ["no points", { name: "g", gauge: { dataPoints: [] } }, []],
  ])("%s", (_, metric, want) => expect(rows([metric])).toEqual(want));

  it.each([
    ["http.server.duration", "ms", {}, "http_server_duration_milliseconds"],
    ["memory.usage", "By", {}, "memory_usage_bytes"],
    ["disk.io", "By/s", {}, "disk_io_bytes_per_second"],
    ["already.in.bytes", "By", {}, "already_in_bytes"],
    ["requests", "{requests}", {}, "requests"],
    ["requests", "{requests}/s", {}, "requests_per_second"],
    ["load", "%", {}, "load_percent"],
    ["1st.try", "", {}, "_1st_try"],
    ["__odd..name--", "", {}, "odd_name"],
    ["speed", "km/h", {}, "speed_km_per_hour"],
    ["a:b", "", {}, "a:b"],
    ["name with ü", "", {}, "name_with"],
    ["constructor", "constructor", {}, "constructor"],
  ])("names %s in %j", (name, unit, _, want) => {
    expect(rows([{ name, unit, gauge: { dataPoints: [point(1)] } }])).toEqual([`${want} 1`]);
  });

  it("puts _total last, once", () => {
    const sum = (name: string, unit = ""): string[] =>
      rows([
        {
          name,
          unit,
          sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [point(1)] },
        },
      ]);
    expect(sum("total.time", "s")).toEqual(["time_seconds_total 1"]);
    expect(sum("bytes_total", "By")).toEqual(["bytes_total 1"]);
    expect(sum("hits", "1")).toEqual(["hits_total 1"]);
  });

  it("takes job and instance from the resource and the rest into target_info", () => {
    const gauge = {
      name: "g",
      gauge: { dataPoints: [point(1, { attributes: [attr("job", "overridden")] })] },
    };
    expect(
      rows([gauge], {
        "service.name": "api",
        "service.namespace": "shop",
        "service.instance.id": "i-1",
        "host.name": "h",
        "1x": "y",
        _z: "w",
      }),
    ).toEqual([
      'g{instance="i-1", job="shop/api"} 1',
      'target_info{host_name="h", instance="i-1", job="shop/api", key_1x="y", key_z="w"} 1',
    ]);
    expect(rows([gauge], { "service.name": "api" })).toEqual(['g{job="api"} 1']);
    expect(
      rows([{ name: "g", gauge: { dataPoints: [point(1)] } }], { "host.name": "nobody" }),
    ).toEqual(["g 1"]);
  });

  it("joins attributes whose names meet", () => {
    const attributes = [attr("a.b", "2"), attr("a-b", "1"), attr("empty", "")];
    expect(rows([{ name: "g", gauge: { dataPoints: [point(1, { attributes })] } }])).toEqual([
      'g{a_b="1;2"} 1',
    ]);
  });

  it("gives a point without a time the time of arrival", () => {
    expect(
      batchRows(translate([{ name: "g", gauge: { dataPoints: [{ asDouble: 1 }] } }]).batch),
    ).toEqual([`g ${NOW} 1`]);
  });

  it.each([
    ["unknown_temporality", { name: "s", sum: { isMonotonic: true, dataPoints: [point(1)] } }],
    [
      "negative_increment",
      { name: "s", sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [point(-1)] } },
    ],
    [
      "invalid_histogram",
      {
        name: "h",
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [{ timeUnixNano: NANO, count: 1, bucketCounts: [1], explicitBounds: [1, 2] }],
        },
      },
    ],
    [
      "invalid_histogram",
      {
        name: "h",
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [
            { timeUnixNano: NANO, count: 1, bucketCounts: [1, 0, 0], explicitBounds: [2, 1] },
          ],
        },
      },
    ],
    [
      "invalid_histogram",
      {
        name: "h",
        exponentialHistogram: {
          aggregationTemporality: 2,
          dataPoints: [{ timeUnixNano: NANO, count: 1, scale: 99 }],
        },
      },
    ],
    ["invalid_labels", { name: "…", gauge: { dataPoints: [point(1)] } }],
  ])("rejects a point: %s", (reason, metric) => {
    const got = translate([metric, { name: "good", gauge: { dataPoints: [point(1)] } }]);
    expect(got.rejected).toMatchObject([{ reason, count: 1 }]);
    expect(got.dataPoints).toBe(2);
    expect(batchRows(got.batch).filter((r) => r.startsWith("good"))).toHaveLength(1);
  });

  it("keeps type, description and unit", () => {
    const { batch } = translate([
      {
        name: "t",
        unit: "s",
        description: "How long.",
        histogram: { aggregationTemporality: 2, dataPoints: [{ timeUnixNano: NANO, count: 0 }] },
      },
    ]);
    expect(readBatch(batch).metadata).toEqual([
      { name: "t_seconds", type: "histogram", help: "How long.", unit: "s" },
    ]);
  });
});

describe("exponential histograms of delta temporality", () => {
  const exponential = (p: object, temporality = 1, unit = "s"): Record<string, number> => {
    const metric = {
      name: "e",
      unit,
      exponentialHistogram: {
        aggregationTemporality: temporality,
        dataPoints: [{ timeUnixNano: NANO, ...p }],
      },
    };
    return Object.fromEntries(
      rows([metric]).map((r) => {
        const m = /^e_(?:seconds_)?([a-z]+)(?:\{le="(.*)"\})? \+?(.*)$/.exec(r);
        return [m?.[2] ?? m?.[1] ?? r, Number(m?.[3])];
      }),
    );
  };

  it("is exact at powers of two for scales from 0", () => {
    // Scale 1: bucket k holds (2^(k/2), 2^((k+1)/2)]; offset -2 begins at (0.5, 0.707].
    const got = exponential({
      scale: 1,
      count: 10,
      sum: 12,
      zeroCount: 1,
      positive: { offset: -2, bucketCounts: [1, 2, 0, 3, 3] },
    });
    expect(got).toMatchObject({
      "0.5": 1,
      "1": 4,
      "2": 7,
      "4": 10,
      "128": 10,
      "+Inf": 10,
      count: 10,
      sum: 12,
    });
  });

  it("puts a wide bucket of a negative scale at its upper border", () => {
    // Scale -1: bucket 0 holds (1, 4].
    expect(
      exponential({ scale: -1, count: 2, sum: 5, positive: { offset: 0, bucketCounts: [2] } }),
    ).toMatchObject({ "1": 0, "2": 0, "4": 2 });
  });

  it("counts what lies below every bound, and above", () => {
    const got = exponential({
      scale: 0,
      count: 6,
      sum: 1,
      positive: { offset: -20, bucketCounts: [1, ...Array.from({ length: 38 }, () => 0), 2] },
      negative: { offset: 0, bucketCounts: [3] },
    });
    expect(got).toMatchObject({ "0.0009765625": 4, "128": 4, "+Inf": 6 });
  });

  it("reaches the same bounds with every increment", () => {
    const a = Object.keys(
      exponential({ scale: 5, count: 1, sum: 1, positive: { offset: 0, bucketCounts: [1] } }, 1),
    );
    const b = Object.keys(
      exponential({ scale: 2, count: 1, sum: 1, positive: { offset: 9, bucketCounts: [1] } }, 1),
    );
    expect(a).toEqual(b);
  });
});

it.each([
  ["none", { name: "a", gauge: { dataPoints: [{ asDouble: 1 }] } }],
  ["none", { name: "a", sum: { aggregationTemporality: 2, dataPoints: [point(1)] } }],
  ["timed", { name: "a", sum: { aggregationTemporality: 1, dataPoints: [point(1)] } }],
  [
    "untimed",
    { name: "a", sum: { aggregationTemporality: 1, dataPoints: [point(1), { asDouble: 1 }] } },
  ],
])("tells that its increments are %s", (want, metric) => {
  const got = decodeJson(exportMetricsRequest, {
    resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }],
  });
  expect(got.ok && deltasOf(got.value)).toBe(want);
});

const FIXTURE = join(import.meta.dirname, "../../../../shared/conformance/otlp/metrics.json");
it.skipIf(!existsSync(FIXTURE))("reads the specification's example", () => {
  const got = decodeJson(
    exportMetricsRequest,
    JSON.parse(readFileSync(FIXTURE, "utf8")) as unknown,
  );
  if (!got.ok) throw new Error(`${got.error.where}: ${got.error.message}`);
  expect(deltasOf(got.value)).toBe("timed");
  const translated = translateMetrics(got.value, "", NOW);
  expect(translated.rejected).toEqual([]);
  const names = new Set(batchRows(translated.batch).map((r) => /^[a-z_]+/.exec(r)?.[0]));
  expect(names).toEqual(
    new Set([
      "my_counter_total",
      "my_gauge_ratio",
      "my_histogram_bucket",
      "my_histogram_sum",
      "my_histogram_count",
      "my_exponential_histogram_bucket",
      "my_exponential_histogram_sum",
      "my_exponential_histogram_count",
    ]),
  );
});

it("bounds what a small body unfolds to, and names the limit", () => {
  // Seventeen series a point.
  const dataPoints = Array.from({ length: 20_000 }, () => ({
    timeUnixNano: NANO,
    count: "1",
    sum: 1,
    bucketCounts: ["1", ...Array.from({ length: 14 }, () => "0")],
    explicitBounds: Array.from({ length: 14 }, (_, i) => i + 1),
  }));
  const got = translate([{ name: "bomb", histogram: { aggregationTemporality: 2, dataPoints } }]);
  const made = readBatch(got.batch).sampleTimes.length;
  expect(made).toBeGreaterThanOrEqual(SAMPLES_LIMIT);
  expect(made).toBeLessThan(SAMPLES_LIMIT + 20);
  expect(got.rejected).toMatchObject([{ reason: "too_many_samples" }]);
  expect(got.rejected[0]?.example).toContain("250000");
  expect(got.rejected[0]?.count).toBe(20_000 - Math.ceil(SAMPLES_LIMIT / 17));
});
