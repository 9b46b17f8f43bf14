import type { Histogram, Span } from "../../../core/histogram";
import { compareLabels } from "../../../core/labels";
import type { Series } from "../../../core/series";
import { ProtoWriter } from "../proto-writer";

/**
 * The protobuf `prometheus.ReadResponse` of sampled type: a result for each query, its series sorted by labels
 * (https://github.com/prometheus/prometheus/blob/main/prompb/remote.proto).
 */
export function encodeReadResponse(results: readonly (readonly Series[])[]): Uint8Array {
  const w = new ProtoWriter();
  for (const series of results) {
    w.message(1, (result) => {
      for (const s of series.toSorted((a, b) => compareLabels(a.labels, b.labels)))
        result.message(1, (m) => timeSeries(m, s));
    });
  }
  return w.bytes.finish();
}

function timeSeries(w: ProtoWriter, s: Series): void {
  for (let i = 0; i < s.labels.length; i += 2) {
    w.message(1, (label) => {
      label.text(1, s.labels[i] as string);
      label.text(2, s.labels[i + 1] as string);
    });
  }
  for (let i = 0; i < s.timestamps.length; i++) {
    if (s.histograms?.[i] !== undefined) continue;
    w.message(2, (sample) => {
      sample.sample(1, s.values, i);
      sample.int(2, s.timestamps[i] as number);
    });
  }
  for (const [i, h] of (s.histograms ?? []).entries()) {
    if (h !== undefined) w.message(4, (m) => histogram(m, h, s.timestamps[i] as number));
  }
}

/** `prometheus.Histogram`, always in its form of float counts. */
function histogram(w: ProtoWriter, h: Histogram, timestampMs: number): void {
  w.double(2, h.count);
  w.double(3, h.sum);
  w.sint(4, h.schema);
  w.double(5, h.zeroThreshold);
  w.double(7, h.zeroCount);
  spans(w, 8, h.negativeSpans);
  w.doubles(10, h.negativeBuckets);
  spans(w, 11, h.positiveSpans);
  w.doubles(13, h.positiveBuckets);
  w.int(14, h.resetHint);
  w.int(15, timestampMs);
  w.doubles(16, h.customValues);
}

/** Spans of buckets, in this protobuf and in `io.prometheus.client`. */
export function spans(w: ProtoWriter, field: number, list: readonly Span[]): void {
  for (const s of list) {
    w.message(field, (span) => {
      span.sint(1, s.offset);
      span.int(2, s.length);
    });
  }
}
