import { BinaryReader } from "@bufbuild/protobuf/wire";
import { GAUGE, RESET_UNKNOWN } from "../../core/histogram";
import { type Labels, METRIC_NAME, labelsFromPairs } from "../../core/labels";
import { type Result, err, ok } from "../../core/result";
import type { MetricType } from "../../core/series";
import { buildHistogram } from "../native-histogram/build";
import { canonicalFloat } from "../names";
import { type CodecValue, decodeWire } from "../otlp/schema";
import {
  type clientExemplar,
  type clientHistogram,
  type clientMetric,
  metricFamily,
} from "./client-model";
import type { ExpositionSink } from "./sink";

type MetricFamily = CodecValue<typeof metricFamily>;
type FamilyMetric = CodecValue<typeof clientMetric>;
type FamilyHistogram = CodecValue<typeof clientHistogram>;
type FamilyExemplar = CodecValue<typeof clientExemplar>;

const GAUGE_HISTOGRAM = 5;
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

export interface ProtobufOptions {
  /** The classic series, too, of a histogram that is native (Prometheus' `always_scrape_classic_histograms`). */
  readonly classicToo?: boolean;
}

/**
 * The protobuf exposition format: `io.prometheus.client.MetricFamily` messages, each after its length
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#protobuf-format). Feeds the sink with every family.
 */
export function parseProtobufExposition(
  bytes: Uint8Array,
  sink: ExpositionSink,
  options: ProtobufOptions = {},
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
    const feed = new FamilyFeed(family.value, sink, options.classicToo === true);
    for (const m of family.value.metrics) {
      const wrong = feed.metric(m);
      if (wrong !== undefined)
        return err({ at: from, message: `in the metric family there: ${wrong}` });
    }
    samples += feed.samples;
    const { name, help, unit } = family.value;
    sink.metadata({ name, type: TYPES[family.value.type] ?? "unknown", help, unit });
  }
  return ok({ samples });
}

type Pair = readonly [name: string, value: string];

class FamilyFeed {
  samples = 0;
  private base: readonly Pair[] = [];
  private timeMs: number | undefined;
  private createdMs: number | undefined;

  constructor(
    private readonly family: MetricFamily,
    private readonly sink: ExpositionSink,
    private readonly classicToo: boolean,
  ) {}

  /** Why the metric is none, or undefined. */
  metric(m: FamilyMetric): string | undefined {
    this.base = m.labels.map((l) => [l.name, l.value] as const);
    const names = new Set([METRIC_NAME, ...this.base.map(([name]) => name)]);
    if (names.size <= this.base.length || names.has(""))
      return `a label name twice, empty or ${METRIC_NAME}: ${JSON.stringify(this.base)}`;
    this.timeMs = m.timestampMs === undefined ? undefined : Number(m.timestampMs);
    const created = (m.counter ?? m.summary ?? m.histogram)?.created;
    this.createdMs = created === undefined ? undefined : milliseconds(created);
    const plain = m.gauge ?? m.untyped;
    if (plain !== undefined) this.sample("", plain.value);
    if (m.counter !== undefined) {
      const labels = this.sample("", m.counter.value);
      this.origin(labels);
      this.exemplar(labels, m.counter.exemplar);
    }
    if (m.summary !== undefined) {
      for (const q of m.summary.quantiles)
        this.sample("", q.value, [["quantile", canonicalFloat(q.quantile)]]);
      this.origin(this.sample("_sum", m.summary.sampleSum));
      this.origin(this.sample("_count", Number(m.summary.sampleCount)));
    }
    return m.histogram === undefined ? undefined : this.histogram(m.histogram);
  }

  private histogram(h: FamilyHistogram): string | undefined {
    const native =
      h.positiveSpans.length + h.negativeSpans.length > 0 ||
      h.zeroThreshold > 0 ||
      h.zeroCount > 0n ||
      h.zeroCountFloat > 0;
    if (native && this.sink.histogram !== undefined) {
      const wrong = this.native(h);
      if (wrong !== undefined || !this.classicToo || h.buckets.length === 0) return wrong;
    }
    const count = h.sampleCountFloat || Number(h.sampleCount);
    const bucket = (n: number, bound: number, exemplar?: FamilyExemplar): void => {
      const labels = this.sample("_bucket", n, [["le", canonicalFloat(bound)]]);
      this.origin(labels);
      this.exemplar(labels, exemplar);
    };
    for (const b of h.buckets) {
      if (b.upperBound !== Infinity)
        bucket(b.cumulativeCountFloat || Number(b.cumulativeCount), b.upperBound, b.exemplar);
    }
    bucket(count, Infinity, h.buckets.find((b) => b.upperBound === Infinity)?.exemplar);
    this.origin(this.sample("_sum", h.sampleSum));
    this.origin(this.sample("_count", count));
    return undefined;
  }

  private native(h: FamilyHistogram): string | undefined {
    const floats = h.sampleCountFloat > 0 || h.zeroCountFloat > 0;
    const built = buildHistogram({
      schema: h.schema,
      resetHint: this.family.type === GAUGE_HISTOGRAM ? GAUGE : RESET_UNKNOWN,
      zeroThreshold: h.zeroThreshold,
      zeroCount: floats ? h.zeroCountFloat : Number(h.zeroCount),
      count: floats ? h.sampleCountFloat : Number(h.sampleCount),
      sum: h.sampleSum,
      floats,
      positive: {
        // A lone empty span only says that the histogram is native.
        spans: h.positiveSpans.filter((s) => s.length > 0 || h.positiveSpans.length > 1),
        deltas: h.positiveDeltas.map(Number),
        counts: h.positiveCounts,
      },
      negative: {
        spans: h.negativeSpans,
        deltas: h.negativeDeltas.map(Number),
        counts: h.negativeCounts,
      },
      customValues: [],
    });
    if (!built.ok) return `the native histogram ${this.family.name} has ${built.error}`;
    const labels = this.labels("", []);
    this.samples++;
    this.sink.histogram?.(labels, built.value, this.timeMs);
    if (this.createdMs !== undefined) this.sink.created?.(labels, this.createdMs, true);
    // Go's client puts the exemplars of a histogram that is both on its classic buckets.
    const listed =
      h.exemplars.length > 0 ? h.exemplars : h.buckets.flatMap((b) => b.exemplar ?? []);
    for (const e of listed) this.exemplar(labels, e);
    return undefined;
  }

  private sample(suffix: string, value: number, extra: readonly Pair[] = []): Labels {
    const labels = this.labels(suffix, extra);
    this.samples++;
    this.sink.sample(labels, value, this.timeMs);
    return labels;
  }

  private labels(suffix: string, extra: readonly Pair[]): Labels {
    return labelsFromPairs([...this.base, ...extra, [METRIC_NAME, this.family.name + suffix]]);
  }

  private origin(labels: Labels): void {
    if (this.createdMs !== undefined) this.sink.created?.(labels, this.createdMs, false);
  }

  private exemplar(labels: Labels, e: FamilyExemplar | undefined): void {
    if (e === undefined) return;
    this.sink.exemplar?.(labels, {
      labels: labelsFromPairs(e.labels.map((l) => [l.name, l.value] as const)),
      value: e.value,
      timeMs: e.timestamp === undefined ? this.timeMs : milliseconds(e.timestamp),
    });
  }
}

/** Of a `google.protobuf.Timestamp`. */
function milliseconds(t: { readonly seconds: bigint; readonly nanos: number }): number {
  return Number(t.seconds) * 1000 + Math.floor(t.nanos / 1e6);
}
