import { many, message, one, optional, sub, subs } from "../otlp/schema";

/**
 * `io.prometheus.client.MetricFamily` and what it holds
 * (https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto).
 */
const labelPair = message({ name: one(1, "string"), value: one(2, "string") });
const timestamp = message({ seconds: one(1, "int64"), nanos: one(2, "int32") });
export const clientExemplar = message({
  labels: subs(1, labelPair),
  value: one(2, "double"),
  timestamp: sub(3, timestamp),
});
const single = message({ value: one(1, "double") });
const counter = message({
  value: one(1, "double"),
  exemplar: sub(2, clientExemplar),
  created: sub(3, timestamp),
});
const summary = message({
  sampleCount: one(1, "uint64"),
  sampleSum: one(2, "double"),
  quantiles: subs(3, message({ quantile: one(1, "double"), value: one(2, "double") })),
  created: sub(4, timestamp),
});
const span = message({ offset: one(1, "sint32"), length: one(2, "uint32") });
export const clientHistogram = message({
  sampleCount: one(1, "uint64"),
  sampleCountFloat: one(4, "double"),
  sampleSum: one(2, "double"),
  buckets: subs(
    3,
    message({
      cumulativeCount: one(1, "uint64"),
      cumulativeCountFloat: one(4, "double"),
      upperBound: one(2, "double"),
      exemplar: sub(3, clientExemplar),
    }),
  ),
  created: sub(15, timestamp),
  schema: one(5, "sint32"),
  zeroThreshold: one(6, "double"),
  zeroCount: one(7, "uint64"),
  zeroCountFloat: one(8, "double"),
  negativeSpans: subs(9, span),
  negativeDeltas: many(10, "sint64"),
  negativeCounts: many(11, "double"),
  positiveSpans: subs(12, span),
  positiveDeltas: many(13, "sint64"),
  positiveCounts: many(14, "double"),
  exemplars: subs(16, clientExemplar),
});
export const clientMetric = message({
  labels: subs(1, labelPair),
  gauge: sub(2, single),
  counter: sub(3, counter),
  summary: sub(4, summary),
  untyped: sub(5, single),
  timestampMs: optional(6, "int64"),
  histogram: sub(7, clientHistogram),
});
export const metricFamily = message({
  name: one(1, "string"),
  help: one(2, "string"),
  type: one(3, "int32"),
  metrics: subs(4, clientMetric),
  unit: one(5, "string"),
});
