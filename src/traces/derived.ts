import { BatchBuilder } from "../core/batch";
import { labelsOf } from "../core/labels";
import type { Span } from "../core/traces";
import { type SpanNameBudget, admitNames } from "./span-names";

/** Upper bounds of the latency histogram, seconds: those of Prometheus' clients. */
export const LATENCY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LE = [...LATENCY_BUCKETS.map(String), "+Inf"];

interface Group {
  readonly labels: Readonly<Record<string, string>>;
  calls: number;
  sum: number;
  /** Per bucket alone; summed up when written. */
  readonly buckets: number[];
}

/**
 * `traces_spanmetrics_calls_total` and the histogram `traces_spanmetrics_latency_seconds` by service, span name,
 * kind and status (the names of Tempo's span metrics): increments that count once per batch id.
 */
export function spanMetrics(
  batchId: string,
  spans: readonly Span[],
  budget: SpanNameBudget,
  nowMs: number,
): Uint8Array {
  const { names, capped } = admitNames(budget, spans);
  const groups = new Map<string, Group>();
  spans.forEach((s, i) => {
    const labels = {
      service: s.service,
      span_name: names[i] ?? "",
      span_kind: `SPAN_KIND_${s.kind.toUpperCase()}`,
      status_code: `STATUS_CODE_${s.status.toUpperCase()}`,
    };
    const key = Object.values(labels).join("\xff");
    let group = groups.get(key);
    if (group === undefined) {
      group = { labels, calls: 0, sum: 0, buckets: LE.map(() => 0) };
      groups.set(key, group);
    }
    const seconds = s.durationNs / 1e9;
    group.calls++;
    group.sum += seconds;
    const at = LATENCY_BUCKETS.findIndex((le) => seconds <= le);
    const bucket = at < 0 ? LATENCY_BUCKETS.length : at;
    group.buckets[bucket] = (group.buckets[bucket] ?? 0) + 1;
  });
  const batch = new BatchBuilder(`traces:${batchId}`);
  batch.metadata({
    name: "traces_spanmetrics_calls_total",
    type: "counter",
    help: "Spans received.",
    unit: "",
  });
  batch.metadata({
    name: "traces_spanmetrics_latency_seconds",
    type: "histogram",
    help: "Duration of spans.",
    unit: "seconds",
  });
  const add = (name: string, labels: Readonly<Record<string, string>>, amount: number): void =>
    batch.increment(batch.series(labelsOf({ __name__: name, ...labels })), nowMs, amount);
  for (const g of groups.values()) {
    add("traces_spanmetrics_calls_total", g.labels, g.calls);
    add("traces_spanmetrics_latency_seconds_count", g.labels, g.calls);
    add("traces_spanmetrics_latency_seconds_sum", g.labels, g.sum);
    let below = 0;
    // Empty buckets too: histogram_quantile interpolates from the bucket below.
    LE.forEach((le, i) => {
      below += g.buckets[i] ?? 0;
      add("traces_spanmetrics_latency_seconds_bucket", { ...g.labels, le }, below);
    });
  }
  if (capped > 0) {
    batch.metadata({
      name: "traces_spanmetrics_names_capped_total",
      type: "counter",
      help: "Spans counted under the name `other`.",
      unit: "",
    });
    add("traces_spanmetrics_names_capped_total", {}, capped);
  }
  return batch.finish();
}
