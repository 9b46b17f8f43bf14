import { BatchBuilder } from "../../core/batch";
import { type Labels, METRIC_NAME, labelsFromPairs, labelsKey, withLabel } from "../../core/labels";
import { HistogramSeriesMaker } from "../histogram-series";
import { sanitizeLabelName, sanitizeMetricName } from "../names";
import { boundsFor } from "./buckets";
import type { NativeMetric } from "./parse";

/**
 * Metrics → packed batch. A counter is the sender's running total and becomes a sample of
 * `<name>_total`; with `delta` an increment of it. A gauge is a sample. A histogram is one
 * observation and becomes increments of `<name>_bucket`, `_sum` and `_count`.
 */
export function batchMetrics(
  metrics: readonly NativeMetric[],
  batchId: string,
  nowMs: number,
): Uint8Array {
  const batch = new BatchBuilder(batchId);
  const observed = new Map<string, Observed>();
  for (const m of metrics) {
    const timeMs = m.timeMs ?? nowMs;
    const base = sanitizeMetricName(m.name);
    const labels = labelsFromPairs(m.tags.map(([k, v]) => [sanitizeLabelName(k), v] as const));
    switch (m.type) {
      case "gauge":
        batch.sample(batch.series(withLabel(labels, METRIC_NAME, base)), timeMs, m.value);
        batch.metadata({ name: base, type: "gauge", help: "", unit: "" });
        break;
      case "counter": {
        const name = base.endsWith("_total") ? base : `${base}_total`;
        const ref = batch.series(withLabel(labels, METRIC_NAME, name));
        if (m.delta) batch.increment(ref, timeMs, m.value);
        else batch.sample(ref, timeMs, m.value);
        batch.metadata({ name, type: "counter", help: "", unit: "" });
        break;
      }
      case "histogram":
        observe(observed, base, labels, timeMs, m.value);
        batch.metadata({ name: base, type: "histogram", help: "", unit: "" });
        break;
    }
  }
  const histograms = new HistogramSeriesMaker(batch);
  for (const o of observed.values()) {
    const series = histograms.make(o.name, o.labels, o.bounds);
    let below = 0;
    // Zeros too: a quantile needs every bucket from the first observation on.
    o.counts.forEach((n, i) =>
      batch.increment(series.buckets[i] as number, o.timeMs, (below += n)),
    );
    batch.increment(series.sum, o.timeMs, o.sum);
    batch.increment(series.count, o.timeMs, below);
  }
  return batch.finish();
}

/** Observations of one series within one second: an accumulator writes at most one sample a second. */
interface Observed {
  readonly name: string;
  readonly labels: Labels;
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum: number;
  timeMs: number;
}

function observe(
  observed: Map<string, Observed>,
  name: string,
  labels: Labels,
  timeMs: number,
  value: number,
): void {
  const key = `${Math.floor(timeMs / 1000)} ${name} ${labelsKey(labels)}`;
  let o = observed.get(key);
  if (o === undefined) {
    const bounds = boundsFor(name);
    o = {
      name,
      labels,
      bounds,
      counts: Array.from({ length: bounds.length + 1 }, () => 0),
      sum: 0,
      timeMs,
    };
    observed.set(key, o);
  }
  const i = o.bounds.findIndex((b) => value <= b);
  const at = i < 0 ? o.bounds.length : i;
  o.counts[at] = (o.counts[at] as number) + 1;
  o.sum += value;
  o.timeMs = Math.max(o.timeMs, timeMs);
}
