/** A run of buckets: `offset` empty ones after the span before (the first: its own index), then `length` buckets. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** Whether the counts may be compared with the sample before, as Prometheus numbers it. */
export const RESET_UNKNOWN = 0;
export const RESET = 1;
export const NOT_RESET = 2;
/** A gauge histogram: it may go down, and `rate()` of it warns. */
export const GAUGE = 3;
export type ResetHint = typeof RESET_UNKNOWN | typeof RESET | typeof NOT_RESET | typeof GAUGE;

/** The schema of histograms whose bucket bounds are listed in `customValues`. */
export const CUSTOM_BUCKETS = -53;
/** Exponential schemas run from −4 (a bound every ×2^16) to 8 (×2^(1/256)). */
export const MIN_SCHEMA = -4;
export const MAX_SCHEMA = 8;

/**
 * A native histogram with float counts
 * (https://prometheus.io/docs/specs/native_histograms/#data-model). Buckets are absolute counts, one for
 * each place the spans name. Immutable: operators make new ones.
 *
 * Exponential: positive bucket `i` counts b^(i−1) < v ≤ b^i, b = 2^(2^−schema); the zero bucket |v| ≤ zeroThreshold.
 * Custom: bucket `i` counts customValues[i−1] < v ≤ customValues[i], the one after the last runs to +Inf; no zero
 * bucket, no negative buckets.
 */
export interface Histogram {
  readonly schema: number;
  readonly resetHint: ResetHint;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly count: number;
  /** NaN with the stale bits (stale.ts) marks a stale histogram sample; test it with `isStaleAt` before decoding. */
  readonly sum: number;
  readonly positiveSpans: readonly Span[];
  readonly positiveBuckets: Float64Array;
  readonly negativeSpans: readonly Span[];
  readonly negativeBuckets: Float64Array;
  readonly customValues: Float64Array;
}

/** No buckets, or no bounds. */
export const NO_BUCKETS = new Float64Array(0);

export function isExponentialSchema(schema: number): boolean {
  return Number.isInteger(schema) && schema >= MIN_SCHEMA && schema <= MAX_SCHEMA;
}
