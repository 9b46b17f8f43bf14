import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exportMetricsRequest } from "../../../src/ingest/otlp-metrics/model";
import { Namer } from "../../../src/ingest/otlp-metrics/names";
import {
  OTLP_DEFAULTS,
  type OtlpOptions,
  TRANSLATION_STRATEGIES,
} from "../../../src/ingest/otlp-metrics/options";
import { translateMetrics } from "../../../src/ingest/otlp-metrics/translate";
import { decodeJson } from "../../../src/ingest/otlp/schema";
import { batchRows, extraRows } from "../batch-rows";

const T = 1_700_000_000_000;
const NANO = `${T}000000`;
const START = `${T - 60_000}000000`;
const attr = (key: string, stringValue: string): unknown => ({ key, value: { stringValue } });

interface Given {
  readonly metrics: unknown;
  readonly attributes?: readonly unknown[];
  readonly scope?: object;
}

function translate(
  { metrics, attributes = [], scope = {} }: Given,
  options: Partial<OtlpOptions> = {},
) {
  const got = decodeJson(exportMetricsRequest, {
    resourceMetrics: [
      {
        resource: { attributes },
        scopeMetrics: [{ scope, metrics, schemaUrl: "https://schema/1" }],
      },
    ],
  });
  if (!got.ok) throw new Error(got.error.message);
  const { batch, rejected } = translateMetrics(got.value, "", T, { ...OTLP_DEFAULTS, ...options });
  return {
    rows: batchRows(batch).map((r) => r.replace(` ${T} `, " ")),
    extras: extraRows(batch).map((r) => r.replace(` ${T} `, " ")),
    rejected,
  };
}

const gauge = { name: "g", gauge: { dataPoints: [{ timeUnixNano: NANO, asDouble: 1 }] } };
const exponential = (p: object) => ({
  name: "e",
  unit: "s",
  exponentialHistogram: {
    aggregationTemporality: 2,
    dataPoints: [{ timeUnixNano: NANO, startTimeUnixNano: START, ...p }],
  },
});
const explicit = (p: object) => ({
  name: "h",
  histogram: {
    aggregationTemporality: 2,
    dataPoints: [{ timeUnixNano: NANO, startTimeUnixNano: START, ...p }],
  },
});

describe("names by strategy", () => {
  const counter = (name: string, unit: string) => ({
    name,
    unit,
    gauge: undefined,
    sum: { dataPoints: [], aggregationTemporality: 2, isMonotonic: true },
  });
  const ratio = (name: string) => ({
    name,
    unit: "1",
    gauge: { dataPoints: [] },
    sum: undefined,
  });
  it.each([
    [
      counter("http.server.time", "ms"),
      [
        "http_server_time_milliseconds_total",
        "http_server_time",
        "http.server.time_milliseconds_total",
        "http.server.time",
      ],
    ],
    [
      counter("net.io.total", "By/s"),
      [
        "net_io_bytes_per_second_total",
        "net_io_total",
        "net.io_bytes_per_second_total",
        "net.io.total",
      ],
    ],
    [counter("jobs_total", "{job}"), ["jobs_total", "jobs_total", "jobs_total", "jobs_total"]],
    [
      ratio("cpu.utilization"),
      ["cpu_utilization_ratio", "cpu_utilization", "cpu.utilization_ratio", "cpu.utilization"],
    ],
    [counter("2xx", ""), ["_2xx_total", "_2xx", "2xx_total", "2xx"]],
    [counter("a__b", ""), ["a_b_total", "a__b", "a__b_total", "a__b"]],
    [counter("日本", ""), ["total", "", "日本_total", "日本"]],
  ])("%o", (metric, names) => {
    expect(TRANSLATION_STRATEGIES.map((s) => new Namer(s).metric(metric))).toEqual(names);
  });

  it("leaves attribute names alone where nothing is escaped", () => {
    const given: Given = {
      metrics: [
        {
          name: "a.b",
          gauge: {
            dataPoints: [
              { timeUnixNano: NANO, asDouble: 1, attributes: [attr("http.method", "GET")] },
            ],
          },
        },
      ],
    };
    expect(translate(given, { strategy: "NoTranslation" }).rows).toEqual([
      '{"a.b", "http.method"="GET"} 1',
    ]);
    expect(translate(given).rows).toEqual(['a_b{http_method="GET"} 1']);
  });
});

describe("what a resource gives", () => {
  const attributes = [
    attr("service.name", "api"),
    attr("service.namespace", "shop"),
    attr("service.instance.id", "i1"),
    attr("host.name", "h1"),
    attr("k8s.pod.name", "p1"),
  ];

  it("promotes what is configured; a point's own attribute goes over it", () => {
    const own = {
      name: "o",
      gauge: {
        dataPoints: [{ timeUnixNano: NANO, asDouble: 2, attributes: [attr("host.name", "own")] }],
      },
    };
    const { rows } = translate(
      { metrics: [gauge, own], attributes },
      { promote: new Set(["host.name"]) },
    );
    expect(rows).toEqual([
      'g{host_name="h1", instance="i1", job="shop/api"} 1',
      'o{host_name="own", instance="i1", job="shop/api"} 2',
      'target_info{host_name="h1", instance="i1", job="shop/api", k8s_pod_name="p1"} 1',
    ]);
  });

  it("promotes all, and keeps the identifying ones in target_info", () => {
    const { rows } = translate(
      { metrics: [gauge], attributes },
      { promote: "all", keepIdentifying: true },
    );
    expect(rows[0]).toContain('k8s_pod_name="p1", service_instance_id="i1", service_name="api"');
    expect(rows[1]).toMatch(/^target_info\{.*service_name="api", service_namespace="shop"\} 1$/);
  });

  it("promotes the scope", () => {
    const scope = { name: "lib", version: "1.2", attributes: [attr("short.name", "l")] };
    expect(translate({ metrics: [gauge], scope }, { promoteScope: true }).rows).toEqual([
      'g{otel_scope_name="lib", otel_scope_schema_url="https://schema/1", otel_scope_short_name="l", otel_scope_version="1.2"} 1',
    ]);
    expect(translate({ metrics: [gauge], scope }).rows).toEqual(["g 1"]);
  });
});

describe("histograms", () => {
  it("makes exponential ones native, one bucket up", () => {
    const { extras, rows } = translate({
      metrics: [
        exponential({
          count: 8,
          sum: 12,
          scale: 1,
          zeroCount: 1,
          positive: { offset: -2, bucketCounts: [1, 2, 0, 0, 3] },
          negative: { offset: 0, bucketCounts: [1] },
        }),
      ],
    });
    expect(rows).toEqual([]);
    expect(extras).toEqual([
      "e_seconds s1 n8 sum 12 z1e-128:1 pos -1+2 2+1 [1,2,3] neg 1+1 [1] hint 0",
      `e_seconds from ${T - 60_000} histogram`,
    ]);
  });

  it("merges scales that are too fine, and takes the zero threshold", () => {
    // Scale 10 → 8: OTLP buckets 0 … 3 are Prometheus' 1 … 4, which merge into 1.
    expect(
      translate({
        metrics: [
          exponential({
            count: 5,
            sum: 1,
            scale: 10,
            zeroThreshold: 0.25,
            zeroCount: 0,
            positive: { offset: 0, bucketCounts: [1, 1, 1, 1, 1] },
          }),
        ],
      }).extras[0],
    ).toBe("e_seconds s8 n5 sum 1 z0.25:0 pos 1+2 [4,1] hint 0");
  });

  it.each([-5, -11, 21])("refuses scale %i", (scale) => {
    const { extras, rejected } = translate({ metrics: [exponential({ count: 0, scale })] });
    expect(extras).toEqual([]);
    expect(rejected).toEqual([
      {
        reason: "invalid_histogram",
        count: 1,
        example: `e has scale ${scale}, which is not -4 to 20`,
      },
    ]);
  });

  it("ends a native series where nothing was recorded", () => {
    expect(translate({ metrics: [exponential({ flags: 1, scale: 0 })] }).rows).toEqual([
      "e_seconds stale",
    ]);
  });

  it("makes explicit ones native with custom buckets where that is configured", () => {
    const metrics = [
      explicit({ count: 6, sum: 9, explicitBounds: [1, 2, 5], bucketCounts: [1, 0, 2, 3] }),
    ];
    expect(translate({ metrics }, { customBuckets: true }).extras[0]).toBe(
      "h s-53 n6 sum 9 pos 0+1 1+2 [1,2,3] le [1,2,5] hint 0",
    );
    expect(translate({ metrics }).rows).toHaveLength(6);
  });

  it("tells when cumulative series began, unless that is long ago", () => {
    const started = (startTimeUnixNano: string) =>
      translate({
        metrics: [
          {
            name: "c",
            sum: {
              aggregationTemporality: 2,
              isMonotonic: true,
              dataPoints: [{ timeUnixNano: NANO, startTimeUnixNano, asDouble: 1 }],
            },
          },
        ],
      }).extras;
    expect(started(START)).toEqual([`c_total from ${T - 60_000}`]);
    expect(started(`${T - 7_200_000}000000`)).toEqual([]);
  });
});

describe("exemplars", () => {
  const TRACE = "0af7651916cd43dd8448eb211c80319c";
  const exemplar = (asDouble: number, more: object = {}) => ({
    timeUnixNano: START,
    asDouble,
    traceId: TRACE,
    spanId: "b7ad6b7169203331",
    ...more,
  });

  it("stand with the bucket that they fell into", () => {
    const { extras } = translate({
      metrics: [
        explicit({
          count: 2,
          sum: 9,
          explicitBounds: [1, 5],
          bucketCounts: [1, 0, 1],
          exemplars: [exemplar(1), exemplar(7, { filteredAttributes: [attr("user.id", "u")] })],
        }),
      ],
    });
    expect(extras.filter((r) => r.includes("#"))).toEqual([
      `h_bucket{le="1"} # {span_id="b7ad6b7169203331", trace_id="${TRACE}"} 1 ${T - 60_000}`,
      `h_bucket{le="+Inf"} # {span_id="b7ad6b7169203331", trace_id="${TRACE}", user_id="u"} 7 ${T - 60_000}`,
    ]);
  });

  it("lose attributes that do not fit, and keep the trace", () => {
    const { extras } = translate({
      metrics: [
        {
          name: "g",
          gauge: {
            dataPoints: [
              {
                timeUnixNano: NANO,
                asDouble: 1,
                exemplars: [exemplar(1, { filteredAttributes: [attr("long", "x".repeat(100))] })],
              },
            ],
          },
        },
      ],
    });
    expect(extras).toEqual([
      `g # {span_id="b7ad6b7169203331", trace_id="${TRACE}"} 1 ${T - 60_000}`,
    ]);
  });
});

const FILE = join(import.meta.dirname, "../../../../shared/conformance/otlp/metrics.json");
describe.skipIf(!existsSync(FILE))("the protocol's own example", () => {
  it("is taken whole", () => {
    const got = decodeJson(exportMetricsRequest, JSON.parse(readFileSync(FILE, "utf8")));
    if (!got.ok) throw new Error(got.error.message);
    const { batch, rejected } = translateMetrics(got.value, "", Date.now());
    expect(rejected).toEqual([]);
    expect(batchRows(batch).find((r) => r.startsWith("my_exponential_histogram_count"))).toMatch(
      / \+3$/,
    );
  });
});
