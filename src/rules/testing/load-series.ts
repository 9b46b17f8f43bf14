import {
  CUSTOM_BUCKETS,
  GAUGE,
  type Histogram,
  NOT_RESET,
  RESET,
  RESET_UNKNOWN,
  type ResetHint,
  type Span,
} from "../../core/histogram";
import { type Result, err, ok } from "../../core/result";
import { parseSeriesDescription } from "../../promql/series-description";
import type { VirtualStore } from "./virtual-store";

/** Puts a test's described series into its store: points stand at startMs, startMs + intervalMs, … */
export function loadSeries(
  store: VirtualStore,
  input: readonly { readonly series: string; readonly values: string }[],
  startMs: number,
  intervalMs: number,
  maxSamples: number,
): Result<void, string> {
  for (const { series, values } of input) {
    const described = parseSeriesDescription(`${series} ${values}`);
    if (!described.ok) return err(`input_series ${JSON.stringify(series)}: ${described.error}`);
    const { labels, points } = described.value;
    for (const [i, p] of points.entries()) {
      const timeMs = startMs + i * intervalMs;
      switch (p.kind) {
        case "gap":
          continue;
        case "float":
          store.add({ labels, timeMs, value: p.value });
          break;
        case "stale":
          store.add({ labels, timeMs, value: undefined });
          break;
        case "histogram": {
          const h = p.histogram;
          const resetHint = storedHint(store.lastHistogram(labels), h);
          store.add({ labels, timeMs, value: Number.NaN, histogram: { ...h, resetHint } });
        }
      }
    }
    if (store.size > maxSamples) return err(`input_series: more than ${maxSamples} samples`);
  }
  return ok(undefined);
}

/**
 * The hint that a store gives when it is asked: what the sample itself says of a reset or a gauge, else
 * what the sample before it shows (https://prometheus.io/docs/specs/native_histograms/#counter-reset-considerations).
 */
export function storedHint(before: Histogram | undefined, h: Histogram): ResetHint {
  if (h.resetHint === GAUGE || h.resetHint === RESET) return h.resetHint;
  if (before === undefined || before.resetHint === GAUGE) return RESET_UNKNOWN;
  return hasReset(before, h) ? RESET : NOT_RESET;
}

function hasReset(before: Histogram, h: Histogram): boolean {
  if (h.count < before.count || h.zeroCount < before.zeroCount) return true;
  if (h.schema !== before.schema || h.zeroThreshold !== before.zeroThreshold) return true;
  if (h.schema === CUSTOM_BUCKETS && String(h.customValues) !== String(before.customValues))
    return true;
  return (
    lower(before.positiveSpans, before.positiveBuckets, h.positiveSpans, h.positiveBuckets) ||
    lower(before.negativeSpans, before.negativeBuckets, h.negativeSpans, h.negativeBuckets)
  );
}

/** A bucket counts less than it did. */
function lower(
  beforeSpans: readonly Span[],
  beforeBuckets: Float64Array,
  spans: readonly Span[],
  buckets: Float64Array,
): boolean {
  const now = byIndex(spans, buckets);
  return [...byIndex(beforeSpans, beforeBuckets)].some(([i, n]) => (now.get(i) ?? 0) < n);
}

function byIndex(spans: readonly Span[], buckets: Float64Array): Map<number, number> {
  const out = new Map<number, number>();
  let index = 0;
  let n = 0;
  for (const s of spans) {
    index += s.offset;
    for (let i = 0; i < s.length; i++) out.set(index++, buckets[n++] as number);
  }
  return out;
}
