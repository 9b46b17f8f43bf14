import {
  GAUGE,
  type Histogram,
  NOT_RESET,
  RESET,
  RESET_UNKNOWN,
  type ResetHint,
} from "../../../src/core/histogram";
import { isReset } from "../../../src/promql/histogram-arithmetic";
import { sameBounds } from "../../../src/promql/histogram-sum";
import type { DescribedPoint } from "../../../src/promql/series-description";

/**
 * The reset hint of each point as Prometheus' store gives it back: chunks begin anew at a reset, another
 * layout or another kind of sample, and only within a chunk it is known that there was no reset
 * (https://prometheus.io/docs/specs/native_histograms/#counter-reset-considerations).
 */
export function storedHints(points: readonly DescribedPoint[]): ResetHint[] {
  let before: Histogram | undefined;
  return points.map((p) => {
    if (p.kind !== "histogram") {
      before = undefined;
      return RESET_UNKNOWN;
    }
    const h = p.histogram;
    const continues = before !== undefined && fitsChunk(h, before);
    before = h;
    if (h.resetHint === GAUGE) return GAUGE;
    return continues ? NOT_RESET : RESET_UNKNOWN;
  });
}

function fitsChunk(h: Histogram, before: Histogram): boolean {
  return (
    (h.resetHint === GAUGE) === (before.resetHint === GAUGE) &&
    h.resetHint !== RESET &&
    h.schema === before.schema &&
    h.zeroThreshold === before.zeroThreshold &&
    sameBounds(h.customValues, before.customValues) &&
    !isReset({ ...h, resetHint: RESET_UNKNOWN }, before)
  );
}
