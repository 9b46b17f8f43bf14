import {
  CUSTOM_BUCKETS,
  GAUGE,
  type Histogram,
  NOT_RESET,
  NO_BUCKETS,
  RESET,
  type Span,
} from "../core/histogram";
import { compacted, usesCustomBuckets } from "./histogram-buckets";
import { HistogramSum, sameBounds } from "./histogram-sum";

/** Every count and the sum times `factor`. A negative one makes a gauge histogram. */
export function scaled(h: Histogram, factor: number): Histogram {
  return {
    ...h,
    resetHint: factor < 0 ? GAUGE : h.resetHint,
    zeroCount: h.zeroCount * factor,
    count: h.count * factor,
    sum: h.sum * factor,
    positiveBuckets: h.positiveBuckets.map((c) => c * factor),
    negativeBuckets: h.negativeBuckets.map((c) => c * factor),
  };
}

/** Every count and the sum over `divisor`; by zero, what is left is a zero bucket of infinity. */
export function divided(h: Histogram, divisor: number): Histogram {
  const none = divisor === 0;
  return {
    ...h,
    resetHint: divisor < 0 ? GAUGE : h.resetHint,
    zeroCount: h.zeroCount / divisor,
    count: h.count / divisor,
    sum: h.sum / divisor,
    positiveSpans: none ? [] : h.positiveSpans,
    positiveBuckets: none ? NO_BUCKETS : h.positiveBuckets.map((c) => c / divisor),
    negativeSpans: none ? [] : h.negativeSpans,
    negativeBuckets: none ? NO_BUCKETS : h.negativeBuckets.map((c) => c / divisor),
  };
}

/** Of several, at least one; undefined where custom buckets meet exponential ones. */
export interface Combined {
  readonly histogram: Histogram;
  readonly boundsReconciled: boolean;
  readonly resetCollision: boolean;
}

export function added(a: Histogram, b: Histogram): Combined | undefined {
  const sum = new HistogramSum(a);
  return sum.add(b) ? { ...notesOf(sum), histogram: sum.result() } : undefined;
}

/** The difference is a gauge: it may be negative. */
export function subtracted(a: Histogram, b: Histogram): Combined | undefined {
  const sum = new HistogramSum(a);
  return sum.add(b, -1) ? { ...notesOf(sum), histogram: sum.result(1, GAUGE) } : undefined;
}

function notesOf(sum: HistogramSum): Omit<Combined, "histogram"> {
  return { boundsReconciled: sum.boundsReconciled, resetCollision: sum.resetCollision };
}

/** Their sum, or with `mean` their arithmetic mean. */
export function combined(hs: readonly Histogram[], mean: boolean): Combined | undefined {
  const sum = new HistogramSum(hs[0] as Histogram);
  for (let i = 1; i < hs.length; i++) if (!sum.add(hs[i] as Histogram)) return undefined;
  const hints = new Set(hs.map((h) => h.resetHint));
  const notes = {
    boundsReconciled: sum.boundsReconciled,
    resetCollision: hints.has(RESET) && hints.has(NOT_RESET),
  };
  if (!mean) return { ...notes, histogram: sum.result() };
  if (!sum.overflows || hs.length === 1) return { ...notes, histogram: sum.result(hs.length) };
  // The sum is too large for a number: move a mean along instead.
  const running = new HistogramSum(hs[0] as Histogram);
  for (let k = 2; k <= hs.length; k++) {
    running.scale((k - 1) / k);
    running.add(divided(hs[k - 1] as Histogram, k));
  }
  return { ...notes, histogram: running.result() };
}

/** Whether schema, bounds, counts and sum are the same, whatever the reset hints. */
export function equalHistograms(a: Histogram, b: Histogram): boolean {
  const x = compacted(a);
  const y = compacted(b);
  return (
    x.schema === y.schema &&
    (x.sum === y.sum || (x.sum !== x.sum && y.sum !== y.sum)) &&
    x.count === y.count &&
    x.zeroThreshold === y.zeroThreshold &&
    x.zeroCount === y.zeroCount &&
    (!usesCustomBuckets(x) || sameBounds(x.customValues, y.customValues)) &&
    sameSpans(x.positiveSpans, y.positiveSpans) &&
    sameSpans(x.negativeSpans, y.negativeSpans) &&
    sameBounds(x.positiveBuckets, y.positiveBuckets) &&
    sameBounds(x.negativeBuckets, y.negativeBuckets)
  );
}

function sameSpans(a: readonly Span[], b: readonly Span[]): boolean {
  return (
    a.length === b.length &&
    a.every((s, i) => s.offset === b[i]?.offset && s.length === b[i]?.length)
  );
}

/**
 * Whether the counter began anew between two samples: a count fell, a populated bucket is gone,
 * the resolution rose or the zero bucket shrank
 * (https://prometheus.io/docs/specs/native_histograms/#counter-reset-considerations).
 */
export function isReset(h: Histogram, previous: Histogram): boolean {
  if (h.resetHint === RESET) return true;
  if (h.resetHint === NOT_RESET) return false;
  if (h.count < previous.count) return true;
  if (usesCustomBuckets(h) !== usesCustomBuckets(previous)) return true;
  if (h.schema > previous.schema || h.zeroThreshold < previous.zeroThreshold) return true;
  if (h.schema !== CUSTOM_BUCKETS && sameLayout(h, previous))
    return h.zeroCount < previous.zeroCount || anyFell(h, previous);
  // What the later sample has, reconciled with the earlier one's layout, less what that had.
  const before = new HistogramSum({ ...previous, count: 0, sum: 0 });
  before.add({ ...h, ...EMPTY });
  const reconciled = before.result();
  if (reconciled.zeroThreshold !== h.zeroThreshold) return true;
  const rise = new HistogramSum({ ...h, count: 0, sum: 0 });
  rise.add(reconciled, -1);
  const { zeroCount, positiveBuckets, negativeBuckets } = rise.result();
  return zeroCount < 0 || positiveBuckets.some((c) => c < 0) || negativeBuckets.some((c) => c < 0);
}

const EMPTY = {
  zeroCount: 0,
  count: 0,
  sum: 0,
  positiveSpans: [],
  positiveBuckets: NO_BUCKETS,
  negativeSpans: [],
  negativeBuckets: NO_BUCKETS,
} as const;

/** No observations in the layout of `h`. */
export function emptied(h: Histogram): Histogram {
  return { ...h, ...EMPTY, zeroThreshold: 0 };
}

function sameLayout(a: Histogram, b: Histogram): boolean {
  return (
    a.schema === b.schema &&
    a.zeroThreshold === b.zeroThreshold &&
    sameSpans(a.positiveSpans, b.positiveSpans) &&
    sameSpans(a.negativeSpans, b.negativeSpans)
  );
}

function anyFell(h: Histogram, previous: Histogram): boolean {
  const fell = (now: Float64Array, before: Float64Array): boolean =>
    now.some((c, i) => c < (before[i] as number));
  return (
    fell(h.positiveBuckets, previous.positiveBuckets) ||
    fell(h.negativeBuckets, previous.negativeBuckets)
  );
}
