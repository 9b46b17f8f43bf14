import { BatchBuilder } from "../../core/batch";
import { encodeLabels } from "../../core/label-bytes";
import type { Histogram } from "../../core/histogram";
import { type Labels, METRIC_NAME, labelsOf, withLabel } from "../../core/labels";
import type { Result } from "../../core/result";
import type { MetricType } from "../../core/series";
import { STALE_BYTES } from "../../core/stale";
import { HistogramSeriesMaker } from "../histogram-series";
import { renderBound } from "../names";
import { nanosToMs } from "../otlp/common";
import { type Rejection, RejectionCount } from "../rejections";
import { boundsForUnit, toClassicCounts } from "./exponential";
import {
  CUMULATIVE,
  DELTA,
  type ExponentialPoint,
  type ExportMetricsRequest,
  type HistogramPoint,
  type Metric,
  NO_RECORDED_VALUE,
  type NumberPoint,
  type PointExemplar,
  type ResourceMetrics,
  type SummaryPoint,
} from "./model";
import { translateExemplars } from "./exemplars";
import { Namer, type ResourceLabels, resourceLabels, scopeLabels } from "./names";
import { explicitHistogram, exponentialHistogram } from "./native";
import { OTLP_DEFAULTS, type OtlpOptions } from "./options";

/** Samples and increments of one request; about 100 bytes each before they are packed. */
export const SAMPLES_LIMIT = 250_000;
/** A start that lies further back is no news: the series' zero there would be refused, or change nothing. */
const START_HORIZON_MS = 3_600_000;

export interface TranslatedMetrics {
  readonly batch: Uint8Array;
  readonly dataPoints: number;
  /** Counts data points. */
  readonly rejected: readonly Rejection[];
}

/**
 * An OTLP export → packed batch. Cumulative points are samples, delta points are
 * increments of the shard's accumulators; a point without a recorded value is a stale
 * marker. A cumulative exponential histogram is a native one; a delta one is told in classic series, as
 * accumulators hold floats. A point without a time is of `nowMs`.
 */
export function translateMetrics(
  request: ExportMetricsRequest,
  batchId: string,
  nowMs: number,
  options: OtlpOptions = OTLP_DEFAULTS,
): TranslatedMetrics {
  const t = new Translation(batchId, nowMs, options);
  for (const r of request.resourceMetrics) t.resource(r);
  return t.finish();
}

/** What every point of a metric shares. */
interface Target {
  readonly name: string;
  readonly metric: Metric;
  readonly resource: ResourceLabels;
  /** Labels of the scope, where they are promoted. */
  readonly scope: Readonly<Record<string, string>>;
  readonly temporality: "delta" | "cumulative";
}

class Translation {
  private readonly batch: BatchBuilder;
  private readonly histograms: HistogramSeriesMaker;
  private readonly namer: Namer;
  private readonly rejected = new RejectionCount();
  private dataPoints = 0;
  /** The newest time within the resource at hand. */
  private latestMs = Number.NEGATIVE_INFINITY;

  constructor(
    batchId: string,
    private readonly nowMs: number,
    private readonly options: OtlpOptions,
  ) {
    this.namer = new Namer(options.strategy);
    this.batch = new BatchBuilder(batchId);
    this.histograms = new HistogramSeriesMaker(this.batch);
  }

  finish(): TranslatedMetrics {
    return {
      batch: this.batch.finish(),
      dataPoints: this.dataPoints,
      rejected: this.rejected.list,
    };
  }

  resource(r: ResourceMetrics): void {
    const labels = resourceLabels(r.resource?.attributes ?? [], this.namer, this.options);
    this.latestMs = Number.NEGATIVE_INFINITY;
    for (const s of r.scopeMetrics) {
      const scope = this.options.promoteScope ? scopeLabels(s, this.namer) : {};
      for (const m of s.metrics) this.metric(m, labels, scope);
    }
    if (labels.targetInfo === undefined || this.latestMs === Number.NEGATIVE_INFINITY) return;
    this.batch.sample(this.batch.series(labels.targetInfo), this.latestMs, 1);
    this.batch.metadata({ name: "target_info", type: "gauge", help: "Target metadata", unit: "" });
  }

  /** A point of eleven bytes may stand for thirty series: what a body unfolds to is bounded as the body is. */
  private each<P>(points: readonly P[] | undefined, take: (point: P) => void): void {
    for (const [i, p] of (points ?? []).entries()) {
      const { sampleCount, incrementCount, histogramCount } = this.batch;
      if (sampleCount + incrementCount + histogramCount >= SAMPLES_LIMIT) {
        return this.rejected.add(
          "too_many_samples",
          (points?.length ?? 0) - i,
          () => `a request makes at most ${SAMPLES_LIMIT} samples: send smaller batches`,
        );
      }
      take(p);
    }
  }

  private metric(metric: Metric, resource: ResourceLabels, scope: Target["scope"]): void {
    const name = this.namer.metric(metric);
    const points =
      (
        metric.gauge ??
        metric.sum ??
        metric.histogram ??
        metric.exponentialHistogram ??
        metric.summary
      )?.dataPoints.length ?? 0;
    if (points === 0) return;
    this.dataPoints += points;
    if (name === "")
      return this.rejected.add(
        "invalid_labels",
        points,
        () => `a metric name without a letter or digit: ${JSON.stringify(metric.name)}`,
      );
    const stated =
      (metric.sum ?? metric.histogram ?? metric.exponentialHistogram)?.aggregationTemporality ??
      CUMULATIVE;
    if (stated !== DELTA && stated !== CUMULATIVE) {
      return this.rejected.add(
        "unknown_temporality",
        points,
        () =>
          `${metric.name} has aggregation temporality ${stated}; expected 1 (delta) or 2 (cumulative)`,
      );
    }
    const target: Target = {
      name,
      metric,
      resource,
      scope,
      temporality: stated === DELTA ? "delta" : "cumulative",
    };
    this.each(metric.gauge?.dataPoints, (p) => this.number(target, p));
    this.each(metric.sum?.dataPoints, (p) => this.number(target, p));
    this.each(metric.histogram?.dataPoints, (p) => this.histogram(target, p));
    this.each(metric.exponentialHistogram?.dataPoints, (p) => this.exponential(target, p));
    this.each(metric.summary?.dataPoints, (p) => this.summary(target, p));
    this.batch.metadata({
      name,
      type: typeOf(metric),
      help: metric.description,
      unit: metric.unit,
    });
  }

  private number(t: Target, p: NumberPoint): void {
    // Points of one series are rare within a request: looking each up would cost more.
    const ref = this.batch.seriesBytes(encodeLabels(this.labels(t, p, t.name)));
    const timeMs = this.time(p);
    if (noValue(p)) return this.put(t, ref, timeMs, undefined);
    const value = p.asDouble ?? Number(p.asInt ?? 0n);
    if (t.temporality === "delta" && t.metric.sum?.isMonotonic === true && value < 0) {
      return this.rejected.add(
        "negative_increment",
        1,
        () => `${t.metric.name} is monotonic and fell by ${-value}`,
      );
    }
    this.put(t, ref, timeMs, value);
    if (t.metric.sum?.isMonotonic === true) this.start(t, p, ref, timeMs, false);
    this.exemplars(p.exemplars, timeMs, () => ref);
  }

  private histogram(t: Target, p: HistogramPoint): void {
    const { explicitBounds: bounds, bucketCounts } = p;
    // A point may leave its buckets out; then only sum and count are told.
    const bare = bounds.length === 0 && bucketCounts.length === 0;
    if (!bare && bucketCounts.length !== bounds.length + 1) {
      return this.rejected.add(
        "invalid_histogram",
        1,
        () =>
          `${t.metric.name} has ${bucketCounts.length} bucket counts for ${bounds.length} bounds; expected one more`,
      );
    }
    if (bounds.some((b, i) => !(b > (bounds[i - 1] ?? Number.NEGATIVE_INFINITY)))) {
      return this.rejected.add(
        "invalid_histogram",
        1,
        () => `${t.metric.name} has bounds that do not rise`,
      );
    }
    // Some senders state +Inf, which is the bucket above the last bound anyway.
    const finite = bounds.filter((b) => b !== Infinity);
    if (this.options.customBuckets && t.temporality === "cumulative")
      return this.native(t, p, explicitHistogram(p, finite));
    this.buckets(t, p, finite, bare ? [Number(p.count)] : bucketCounts.map(Number));
  }

  private exponential(t: Target, p: ExponentialPoint): void {
    const native = exponentialHistogram(p);
    if (t.temporality === "cumulative") return this.native(t, p, native);
    if (!native.ok) return this.notAHistogram(t, native.error);
    const bounds = boundsForUnit(t.metric.unit);
    this.buckets(t, p, bounds, toClassicCounts(p, bounds));
  }

  private native(
    t: Target,
    p: HistogramPoint | ExponentialPoint,
    built: Result<Histogram, string>,
  ): void {
    const timeMs = this.time(p);
    const none = noValue(p);
    if (!none && !built.ok) return this.notAHistogram(t, built.error);
    const ref = this.batch.seriesBytes(encodeLabels(this.labels(t, p, t.name)));
    if (none) this.batch.sampleBytes(ref, timeMs, STALE_BYTES, 0);
    else if (built.ok) this.batch.histogram(ref, timeMs, built.value);
    this.start(t, p, ref, timeMs, true);
    this.exemplars(p.exemplars, timeMs, () => ref);
  }

  private notAHistogram(t: Target, why: string): void {
    this.rejected.add("invalid_histogram", 1, () => `${t.metric.name} has ${why}`);
  }

  /** `counts` are per bucket, the last ones above every bound. */
  private buckets(
    t: Target,
    p: HistogramPoint | ExponentialPoint,
    bounds: readonly number[],
    counts: readonly number[],
  ): void {
    const series = this.histograms.make(t.name, this.labels(t, p, ""), bounds);
    const timeMs = this.time(p);
    const none = noValue(p);
    let below = 0;
    bounds.forEach((_, i) => {
      below += counts[i] as number;
      this.put(t, series.buckets[i] as number, timeMs, none ? undefined : below);
    });
    const count = none ? undefined : Number(p.count);
    this.put(t, series.buckets[bounds.length] as number, timeMs, count);
    this.put(t, series.count, timeMs, count);
    if (none || p.sum !== undefined) this.put(t, series.sum, timeMs, none ? undefined : p.sum);
    for (const ref of [...series.buckets, series.count, series.sum])
      this.start(t, p, ref, timeMs, false);
    this.exemplars(p.exemplars, timeMs, (value) => {
      const i = bounds.findIndex((bound) => value <= bound);
      return series.buckets[i < 0 ? bounds.length : i] as number;
    });
  }

  private summary(t: Target, p: SummaryPoint): void {
    const base = this.labels(t, p, "");
    const timeMs = this.time(p);
    const none = noValue(p);
    const sample = (labels: Labels, value: number): number => {
      const ref = this.batch.seriesBytes(encodeLabels(labels));
      this.put(t, ref, timeMs, none ? undefined : value);
      return ref;
    };
    for (const [suffix, value] of [
      ["_sum", p.sum],
      ["_count", Number(p.count)],
    ] as const)
      this.start(t, p, sample(withLabel(base, METRIC_NAME, t.name + suffix), value), timeMs, false);
    const named = withLabel(base, METRIC_NAME, t.name);
    for (const q of p.quantileValues)
      sample(withLabel(named, "quantile", renderBound(q.quantile)), q.value);
  }

  /** One value of one series; undefined marks the series as ended. */
  private put(t: Target, ref: number, timeMs: number, value: number | undefined): void {
    if (t.temporality === "delta") {
      // An accumulator ends by itself when nothing is added to it.
      if (value !== undefined) this.batch.increment(ref, timeMs, value);
    } else if (value === undefined) this.batch.sampleBytes(ref, timeMs, STALE_BYTES, 0);
    else this.batch.sample(ref, timeMs, value);
  }

  /** A cumulative series stood at 0 when it started; a delta's accumulator knows by itself. */
  private start(
    t: Target,
    p: { readonly startTimeUnixNano: bigint },
    ref: number,
    timeMs: number,
    histogram: boolean,
  ): void {
    if (t.temporality === "delta" || p.startTimeUnixNano === 0n) return;
    const startMs = nanosToMs(p.startTimeUnixNano);
    if (startMs < timeMs && timeMs - startMs <= START_HORIZON_MS)
      this.batch.created(ref, startMs, histogram);
  }

  private exemplars(
    exemplars: readonly PointExemplar[],
    timeMs: number,
    refOf: (value: number) => number,
  ): void {
    if (exemplars.length === 0) return;
    for (const e of translateExemplars(exemplars, this.namer, timeMs))
      this.batch.exemplar(refOf(e.value), e.timeMs, e.value, e.labels);
  }

  private labels(
    t: Target,
    p: { readonly attributes: NumberPoint["attributes"] },
    name: string,
  ): Labels {
    const record = this.namer.attributes(p.attributes);
    for (const [name, value] of Object.entries(t.resource.promoted)) record[name] ??= value;
    Object.assign(record, t.scope);
    if (t.resource.job !== "") record["job"] = t.resource.job;
    if (t.resource.instance !== "") record["instance"] = t.resource.instance;
    record[METRIC_NAME] = name;
    return labelsOf(record);
  }

  private time(p: { readonly timeUnixNano: bigint }): number {
    const ms = p.timeUnixNano === 0n ? this.nowMs : nanosToMs(p.timeUnixNano);
    this.latestMs = Math.max(this.latestMs, ms);
    return ms;
  }
}

const noValue = (p: { readonly flags: number }): boolean => (p.flags & NO_RECORDED_VALUE) !== 0;

function typeOf(m: Metric): MetricType {
  if (m.sum !== undefined) return m.sum.isMonotonic ? "counter" : "gauge";
  if (m.histogram !== undefined || m.exponentialHistogram !== undefined) return "histogram";
  return m.summary !== undefined ? "summary" : "gauge";
}
