import { BatchBuilder } from "../core/batch";
import { encodeLabels } from "../core/label-bytes";
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
  batch.metadata({ name: CALLS, type: "counter", help: "Spans received.", unit: "" });
  batch.metadata({ name: LATENCY, type: "histogram", help: "Duration of spans.", unit: "seconds" });
  for (const g of groups.values()) {
    // Label bytes are its labels' bytes in name order: what the 15 series of a group share is encoded once.
    const shared = encodeLabels(labelsOf(g.labels));
    const add = (own: Uint8Array, amount: number): void =>
      batch.increment(batch.seriesBytes(joined(own, shared)), nowMs, amount);
    add(CALLS_BYTES, g.calls);
    add(COUNT_BYTES, g.calls);
    add(SUM_BYTES, g.sum);
    let below = 0;
    // Empty buckets too: histogram_quantile interpolates from the bucket below.
    BUCKET_BYTES.forEach((own, i) => {
      below += g.buckets[i] ?? 0;
      add(own, below);
    });
  }
  if (capped > 0) {
    batch.metadata({
      name: CAPPED,
      type: "counter",
      help: "Spans counted under the name `other`.",
      unit: "",
    });
    batch.increment(batch.series(labelsOf({ __name__: CAPPED })), nowMs, capped);
  }
  return batch.finish();
}

const CALLS = "traces_spanmetrics_calls_total";
const LATENCY = "traces_spanmetrics_latency_seconds";
const CAPPED = "traces_spanmetrics_names_capped_total";
/** `__name__` and `le` sort before the labels of a group. */
const CALLS_BYTES = encodeLabels(["__name__", CALLS]);
const COUNT_BYTES = encodeLabels(["__name__", `${LATENCY}_count`]);
const SUM_BYTES = encodeLabels(["__name__", `${LATENCY}_sum`]);
const BUCKET_BYTES = LE.map((le) => encodeLabels(["__name__", `${LATENCY}_bucket`, "le", le]));

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
