import {
  type Histogram,
  GAUGE,
  NOT_RESET,
  RESET,
  RESET_UNKNOWN,
} from "../../../src/core/histogram";
import { renderHistogram } from "../../../src/core/histogram-notation";
import { formatFloat } from "../../../src/promql/index";
import { compacted, indexesOf } from "../../../src/promql/histogram-buckets";
import type { DescribedPoint } from "../../../src/promql/series-description";

/** A sample of an answer. */
export interface Got {
  readonly value: number;
  readonly histogram: Histogram | undefined;
}

/** Whether an answer's sample is what a script expects. */
export function matchesPoint(wanted: DescribedPoint, got: Got): boolean {
  if (wanted.kind === "float")
    return got.histogram === undefined && nearly(wanted.value, got.value);
  if (wanted.kind !== "histogram" || got.histogram === undefined) return false;
  // A hint that is not written is not tested.
  const hinted = wanted.text.includes("counter_reset_hint");
  if (hinted && wanted.histogram.resetHint !== got.histogram.resetHint) return false;
  return nearlyEqual(wanted.histogram, got.histogram);
}

export function sameSample(a: Got, b: Got): boolean {
  if (a.histogram === undefined || b.histogram === undefined)
    return a.histogram === b.histogram && nearly(a.value, b.value);
  return nearlyEqual(a.histogram, b.histogram);
}

function nearlyEqual(a: Histogram, b: Histogram): boolean {
  const x = compacted(a);
  const y = compacted(b);
  const alike = (p: Float64Array, q: Float64Array): boolean =>
    p.length === q.length && p.every((v, i) => nearly(v, q[i] as number));
  return (
    x.schema === y.schema &&
    nearly(x.sum, y.sum) &&
    nearly(x.count, y.count) &&
    nearly(x.zeroThreshold, y.zeroThreshold) &&
    nearly(x.zeroCount, y.zeroCount) &&
    String(indexesOf(x.positiveSpans)) === String(indexesOf(y.positiveSpans)) &&
    String(indexesOf(x.negativeSpans)) === String(indexesOf(y.negativeSpans)) &&
    alike(x.positiveBuckets, y.positiveBuckets) &&
    alike(x.negativeBuckets, y.negativeBuckets) &&
    alike(x.customValues, y.customValues)
  );
}

/** Equal within a millionth, as Prometheus' runner compares; zero equals zero alone. */
export function nearly(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (a === b) return true;
  const sum = Math.abs(a) + Math.abs(b);
  const diff = Math.abs(a - b);
  if (a === 0 || b === 0 || sum < 2.2250738585072014e-308)
    return diff < 1e-6 * 2.2250738585072014e-308;
  return diff / Math.min(sum, Number.MAX_VALUE) < 1e-6;
}

const HINTS = {
  [RESET_UNKNOWN]: "unknown",
  [RESET]: "reset",
  [NOT_RESET]: "not_reset",
  [GAUGE]: "",
};

export function showSample(s: Got): string {
  if (s.histogram === undefined) return formatFloat(s.value);
  const hint = HINTS[s.histogram.resetHint];
  return `${renderHistogram(s.histogram)}${hint === "" ? "" : ` (${hint})`}`;
}

export function showPoint(p: DescribedPoint): string {
  switch (p.kind) {
    case "float":
      return formatFloat(p.value);
    case "gap":
      return "_";
    case "stale":
      return "stale";
    case "histogram":
      return renderHistogram(p.histogram);
  }
}
