import { GAUGE, type Histogram } from "../core/histogram";
import type { Span } from "./ast";
import type { Annotations } from "./annotations";
import { compacted, usesCustomBuckets } from "./histogram-buckets";
import { mixedSchemas } from "./histogram-aggregate";
import { divided, emptied, isReset, subtracted } from "./histogram-arithmetic";
import { HistogramSum } from "./histogram-sum";
import type { RateKind } from "./extrapolation";

/** Where annotations of a window go, and what they name. */
export interface Notes {
  readonly annotations: Annotations;
  readonly at: Span;
  readonly name: string;
}

function notCounter(n: Notes): void {
  n.annotations.warn(
    `this native histogram metric is not a counter: ${JSON.stringify(n.name)}`,
    n.at,
  );
}

function notGauge(n: Notes): void {
  n.annotations.warn(
    `this native histogram metric is not a gauge: ${JSON.stringify(n.name)}`,
    n.at,
  );
}

function reconciled(n: Notes, what: "addition" | "subtraction"): void {
  n.annotations.info(`mismatched custom buckets were reconciled during ${what}`, n.at);
}

/**
 * The change from the first to the last of at least two histograms, what resets took away added back
 * for a counter; not extrapolated. `resetAt(i)` says whether the counter began anew at sample `i`.
 * Undefined where custom buckets meet exponential ones.
 */
export function histogramChange(
  hs: readonly Histogram[],
  isCounter: boolean,
  resetAt: (i: number) => boolean,
  n: Notes,
): Histogram | undefined {
  const first = hs[0] as Histogram;
  const second = hs[1] as Histogram;
  const last = hs.at(-1) as Histogram;
  if (isCounter && hs.some((h) => h.resetHint === GAUGE)) notCounter(n);
  if (!isCounter && (first.resetHint !== GAUGE || last.resetHint !== GAUGE)) notGauge(n);
  // Past a reset the first sample does not count, so that its layout need not fit either.
  const anew = isCounter && resetAt(1);
  const previous = anew ? emptied(second) : first;
  const relevant = isCounter ? [previous, ...hs.slice(1)] : [first, last];
  if (relevant.some((h) => usesCustomBuckets(h) !== usesCustomBuckets(last))) {
    n.annotations.warn(mixedSchemas(n.name), n.at);
    return undefined;
  }
  const change = new HistogramSum(last);
  change.reduceTo(Math.min(...relevant.map((h) => h.schema)));
  change.add(previous, -1);
  if (change.boundsReconciled) reconciled(n, "subtraction");
  if (isCounter) {
    change.boundsReconciled = false;
    for (let i = anew ? 2 : 1; i < hs.length; i++)
      if (resetAt(i)) change.add(hs[i - 1] as Histogram);
    if (change.boundsReconciled) reconciled(n, "addition");
  }
  return change.result(1, GAUGE);
}

/** One window of a counter or gauge, by the samples at its ends. */
export interface Extent {
  readonly samples: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly startMs: number;
  readonly endMs: number;
  /** The first sample's value, and by how much it rose. */
  readonly first: number;
  readonly change: number;
}

/** By what a change is stretched to the edges of its window, as `extrapolatedColumn` does with floats. */
export function extrapolationFactor(rate: RateKind, w: Extent): number {
  const sampled = (w.lastMs - w.firstMs) / 1000;
  const average = sampled / (w.samples - 1);
  const threshold = average * 1.1;
  let toStart = (w.firstMs - w.startMs) / 1000;
  let toEnd = (w.endMs - w.lastMs) / 1000;
  if (toStart >= threshold) toStart = average / 2;
  if (rate.isCounter && w.change > 0 && w.first >= 0)
    toStart = Math.min(toStart, sampled * (w.first / w.change));
  if (toEnd >= threshold) toEnd = average / 2;
  const factor = (sampled + toStart + toEnd) / sampled;
  return rate.perSecond ? factor / ((w.endMs - w.startMs) / 1000) : factor;
}

/** irate and idelta: what lies between the last two histograms, per second for irate. */
export function histogramInstantChange(
  before: Histogram,
  last: Histogram,
  seconds: number,
  isRate: boolean,
  n: Notes,
): Histogram | undefined {
  const gauges = [before, last].filter((h) => h.resetHint === GAUGE).length;
  if (isRate && gauges > 0) notCounter(n);
  if (!isRate && gauges < 2) notGauge(n);
  let change: Histogram = { ...last, resetHint: GAUGE };
  if (!isRate || !isReset(last, before)) {
    const made = subtracted(last, before);
    if (made === undefined) {
      n.annotations.warn(mixedSchemas(n.name), n.at);
      return undefined;
    }
    if (made.boundsReconciled) reconciled(n, "subtraction");
    change = made.histogram;
  }
  return compacted(isRate ? divided(change, seconds) : change);
}
