import { BinaryReader } from "@bufbuild/protobuf/wire";
import { METRIC_NAME, labelsFromPairs } from "../../core/labels";
import { type Result, err, ok } from "../../core/result";
import type { MetricType } from "../../core/series";
import { renderBound } from "../names";
import { type CodecValue, decodeWire, message, one, optional, sub, subs } from "../otlp/schema";
import type { ExpositionSink } from "./parse";

/**
 * The protobuf exposition format, which Go's Pushgateway client sends unless told otherwise:
 * `io.prometheus.client.MetricFamily` messages, each after its length
 * (https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto).
 * Exemplars and the sparse buckets of native histograms are skipped.
 */
const labelPair = message({ name: one(1, "string"), value: one(2, "string") });
const single = message({ value: one(1, "double") });
const summary = message({
  sampleCount: one(1, "uint64"),
  sampleSum: one(2, "double"),
  quantiles: subs(3, message({ quantile: one(1, "double"), value: one(2, "double") })),
});
const histogram = message({
  sampleCount: one(1, "uint64"),
  sampleCountFloat: one(4, "double"),
  sampleSum: one(2, "double"),
  buckets: subs(
    3,
    message({
      cumulativeCount: one(1, "uint64"),
      cumulativeCountFloat: one(4, "double"),
      upperBound: one(2, "double"),
    }),
  ),
});
const metric = message({
  labels: subs(1, labelPair),
  gauge: sub(2, single),
  counter: sub(3, single),
  summary: sub(4, summary),
  untyped: sub(5, single),
  timestampMs: optional(6, "int64"),
  histogram: sub(7, histogram),
});
const metricFamily = message({
  name: one(1, "string"),
  help: one(2, "string"),
  type: one(3, "int32"),
  metrics: subs(4, metric),
  unit: one(5, "string"),
});
type MetricFamily = CodecValue<typeof metricFamily>;
type FamilyMetric = CodecValue<typeof metric>;

/** `MetricType`, by number. */
const TYPES: readonly MetricType[] = [
  "counter",
  "gauge",
  "summary",
  "unknown",
  "histogram",
  "gaugehistogram",
];

export interface ProtobufFault {
  readonly at: number;
  readonly message: string;
}

/** Feeds the sink with every family of a delimited body. */
export function parseProtobufExposition(
  bytes: Uint8Array,
  sink: ExpositionSink,
): Result<{ readonly samples: number }, ProtobufFault> {
  const r = new BinaryReader(bytes);
  let samples = 0;
  while (r.pos < bytes.length) {
    const start = r.pos;
    let length: number;
    try {
      length = r.uint32();
    } catch {
      return err({ at: start, message: "a length is cut off" });
    }
    if (r.pos + length > bytes.length)
      return err({ at: start, message: `a metric family of ${length} bytes is cut off` });
    const from = r.pos;
    const family = decodeWire(metricFamily, bytes.subarray(from, from + length));
    if (!family.ok)
      return err({
        at: from,
        message: `in the metric family there: ${family.error.message} (${family.error.where})`,
      });
    r.pos = from + length;
    if (family.value.name === "")
      return err({ at: from, message: "a metric family without a name" });
    for (const m of family.value.metrics) samples += feedMetric(family.value, m, sink);
    const { name, help, unit } = family.value;
    sink.metadata({ name, type: TYPES[family.value.type] ?? "unknown", help, unit });
  }
  return ok({ samples });
}

function feedMetric(family: MetricFamily, m: FamilyMetric, sink: ExpositionSink): number {
  const timeMs = m.timestampMs === undefined ? undefined : Number(m.timestampMs);
  const base = m.labels.map((l) => [l.name, l.value] as const);
  let n = 0;
  const sample = (
    suffix: string,
    value: number,
    extra: readonly (readonly [string, string])[] = [],
  ): void => {
    n++;
    sink.sample(
      labelsFromPairs([...base, ...extra, [METRIC_NAME, family.name + suffix]]),
      value,
      timeMs,
    );
  };
  const plain = m.gauge ?? m.counter ?? m.untyped;
  if (plain !== undefined) sample("", plain.value);
  if (m.summary !== undefined) {
    for (const q of m.summary.quantiles)
      sample("", q.value, [["quantile", renderBound(q.quantile)]]);
    sample("_sum", m.summary.sampleSum);
    sample("_count", Number(m.summary.sampleCount));
  }
  if (m.histogram !== undefined) {
    const h = m.histogram;
    const count = h.sampleCountFloat || Number(h.sampleCount);
    for (const b of h.buckets) {
      if (b.upperBound !== Infinity)
        sample("_bucket", b.cumulativeCountFloat || Number(b.cumulativeCount), [
          ["le", renderBound(b.upperBound)],
        ]);
    }
    sample("_bucket", count, [["le", "+Inf"]]);
    sample("_sum", h.sampleSum);
    sample("_count", count);
  }
  return n;
}
