import {
  type Histogram,
  NOT_RESET,
  NO_BUCKETS,
  RESET,
  RESET_UNKNOWN,
  type ResetHint,
} from "../core/histogram";
import type { Series } from "../core/series";
import { isReset } from "./histogram-arithmetic";

/**
 * Histograms of count and sum alone, for functions that look at nothing else. Resets can be seen only
 * with the buckets, so that each sample is marked for whether one lies before it.
 */
export function statisticsOf(s: Series): Series {
  if (s.histograms === undefined) return s;
  let previous: Histogram | undefined;
  const histograms = s.histograms.map((h): Histogram | undefined => {
    if (h === undefined) return undefined;
    const resetHint = hintOf(h, previous);
    previous = h;
    return {
      schema: 0,
      resetHint,
      zeroThreshold: 0,
      zeroCount: 0,
      count: h.count,
      sum: h.sum,
      positiveSpans: [],
      positiveBuckets: NO_BUCKETS,
      negativeSpans: [],
      negativeBuckets: NO_BUCKETS,
      customValues: NO_BUCKETS,
    };
  });
  return { ...s, histograms };
}

function hintOf(h: Histogram, previous: Histogram | undefined): ResetHint {
  if (h.resetHint !== RESET_UNKNOWN) return h.resetHint;
  if (previous === undefined) return RESET_UNKNOWN;
  return isReset(h, previous) ? RESET : NOT_RESET;
}
