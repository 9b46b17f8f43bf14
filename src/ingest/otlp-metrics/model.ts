import { keyValue, resource, scope } from "../otlp/common";
import { type CodecValue, many, message, one, optional, sub, subs } from "../otlp/schema";

/** opentelemetry/proto/metrics/v1 and its collector request, as far as Vedette reads it. */
const exemplar = message({
  filteredAttributes: subs(7, keyValue),
  timeUnixNano: one(2, "fixed64"),
  asDouble: optional(3, "double"),
  asInt: optional(6, "sfixed64"),
  spanId: one(4, "hex"),
  traceId: one(5, "hex"),
});

const numberPoint = message({
  attributes: subs(7, keyValue),
  startTimeUnixNano: one(2, "fixed64"),
  timeUnixNano: one(3, "fixed64"),
  asDouble: optional(4, "double"),
  asInt: optional(6, "sfixed64"),
  flags: one(8, "uint32"),
  exemplars: subs(5, exemplar),
});

const histogramPoint = message({
  attributes: subs(9, keyValue),
  startTimeUnixNano: one(2, "fixed64"),
  timeUnixNano: one(3, "fixed64"),
  count: one(4, "fixed64"),
  sum: optional(5, "double"),
  bucketCounts: many(6, "fixed64"),
  explicitBounds: many(7, "double"),
  flags: one(10, "uint32"),
  exemplars: subs(8, exemplar),
});

const exponentialBuckets = message({ offset: one(1, "sint32"), bucketCounts: many(2, "uint64") });

const exponentialPoint = message({
  attributes: subs(1, keyValue),
  startTimeUnixNano: one(2, "fixed64"),
  timeUnixNano: one(3, "fixed64"),
  count: one(4, "fixed64"),
  sum: optional(5, "double"),
  scale: one(6, "sint32"),
  zeroCount: one(7, "fixed64"),
  positive: sub(8, exponentialBuckets),
  negative: sub(9, exponentialBuckets),
  flags: one(10, "uint32"),
  exemplars: subs(11, exemplar),
  zeroThreshold: one(14, "double"),
});

const summaryPoint = message({
  attributes: subs(7, keyValue),
  startTimeUnixNano: one(2, "fixed64"),
  timeUnixNano: one(3, "fixed64"),
  count: one(4, "fixed64"),
  sum: one(5, "double"),
  quantileValues: subs(6, message({ quantile: one(1, "double"), value: one(2, "double") })),
  flags: one(8, "uint32"),
});

const metric = message({
  name: one(1, "string"),
  description: one(2, "string"),
  unit: one(3, "string"),
  gauge: sub(5, message({ dataPoints: subs(1, numberPoint) })),
  sum: sub(
    7,
    message({
      dataPoints: subs(1, numberPoint),
      aggregationTemporality: one(2, "int32"),
      isMonotonic: one(3, "bool"),
    }),
  ),
  histogram: sub(
    9,
    message({ dataPoints: subs(1, histogramPoint), aggregationTemporality: one(2, "int32") }),
  ),
  exponentialHistogram: sub(
    10,
    message({ dataPoints: subs(1, exponentialPoint), aggregationTemporality: one(2, "int32") }),
  ),
  summary: sub(11, message({ dataPoints: subs(1, summaryPoint) })),
});

const scopeMetrics = message({
  scope: sub(1, scope),
  metrics: subs(2, metric),
  schemaUrl: one(3, "string"),
});
const resourceMetrics = message({
  resource: sub(1, resource),
  scopeMetrics: subs(2, scopeMetrics),
});

export const exportMetricsRequest = message({ resourceMetrics: subs(1, resourceMetrics) });

export type ExportMetricsRequest = CodecValue<typeof exportMetricsRequest>;
export type ResourceMetrics = CodecValue<typeof resourceMetrics>;
export type ScopeMetrics = CodecValue<typeof scopeMetrics>;
export type PointExemplar = CodecValue<typeof exemplar>;
export type Metric = CodecValue<typeof metric>;
export type NumberPoint = CodecValue<typeof numberPoint>;
export type HistogramPoint = CodecValue<typeof histogramPoint>;
export type ExponentialPoint = CodecValue<typeof exponentialPoint>;
export type ExponentialBuckets = CodecValue<typeof exponentialBuckets>;
export type SummaryPoint = CodecValue<typeof summaryPoint>;

/** `AggregationTemporality`. */
export const DELTA = 1;
export const CUMULATIVE = 2;
/** `DataPointFlags.NO_RECORDED_VALUE_MASK`: the series ended here. */
export const NO_RECORDED_VALUE = 1;

/**
 * Whether a request holds increments, for which a repeat must be told from a second one:
 * equal bodies are repeats only where each increment carries its own time.
 */
export type Deltas = "none" | "timed" | "untimed";

export function deltasOf(request: ExportMetricsRequest): Deltas {
  let found: Deltas = "none";
  for (const r of request.resourceMetrics) {
    for (const s of r.scopeMetrics) {
      for (const m of s.metrics) {
        const data = m.sum ?? m.histogram ?? m.exponentialHistogram;
        if (data?.aggregationTemporality !== DELTA) continue;
        for (const p of data.dataPoints) {
          if (p.timeUnixNano === 0n) return "untimed";
          found = "timed";
        }
      }
    }
  }
  return found;
}
