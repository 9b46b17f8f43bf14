import { CUSTOM_BUCKETS, type Histogram, MIN_SCHEMA, RESET_UNKNOWN } from "../../core/histogram";
import { type Result, err } from "../../core/result";
import { buildHistogram, fromIndices } from "../native-histogram/build";
import type { ExponentialBuckets, ExponentialPoint, HistogramPoint } from "./model";

/** What counts as zero where the point does not say, as Prometheus has it. */
const ZERO_THRESHOLD = 1e-128;
/** Scales beyond are no histogram's: at 20, a bucket is a millionth wide. */
const MAX_SCALE = 20;

/**
 * A cumulative exponential point as a native histogram. OTLP's bucket 0 is (1, base], Prometheus' is (1/base, 1];
 * finer scales than 8 are merged down, coarser ones than −4 there is no schema for
 * (https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#exponential-histograms).
 */
export function exponentialHistogram(p: ExponentialPoint): Result<Histogram, string> {
  if (p.scale < MIN_SCHEMA || p.scale > MAX_SCALE)
    return err(`scale ${p.scale}, which is not ${MIN_SCHEMA} to ${MAX_SCALE}`);
  const count = Number(p.count);
  return buildHistogram({
    schema: p.scale,
    resetHint: RESET_UNKNOWN,
    zeroThreshold: p.zeroThreshold > 0 ? p.zeroThreshold : ZERO_THRESHOLD,
    zeroCount: Number(p.zeroCount),
    count,
    sum: p.sum ?? 0,
    floats: true,
    positive: buckets(p.positive),
    negative: buckets(p.negative),
    customValues: [],
  });
}

/** A cumulative explicit point as a native histogram with custom buckets. `bounds` rise and are finite. */
export function explicitHistogram(
  p: HistogramPoint,
  bounds: readonly number[],
): Result<Histogram, string> {
  const counts = p.bucketCounts.length === 0 ? [p.count] : p.bucketCounts;
  return buildHistogram({
    schema: CUSTOM_BUCKETS,
    resetHint: RESET_UNKNOWN,
    zeroThreshold: 0,
    zeroCount: 0,
    count: Number(p.count),
    sum: p.sum ?? 0,
    floats: true,
    positive: filled(counts.map((n, i) => [i, n])),
    negative: NONE,
    customValues: bounds,
  });
}

const NONE = { spans: [], deltas: [], counts: [] };

function buckets(side: ExponentialBuckets | undefined): ReturnType<typeof filled> {
  return side === undefined
    ? NONE
    : filled(side.bucketCounts.map((n, i) => [side.offset + i + 1, n]));
}

/** Only the buckets that hold something. */
function filled(all: readonly (readonly [index: number, count: bigint])[]): {
  readonly spans: ReturnType<typeof fromIndices>["spans"];
  readonly deltas: readonly number[];
  readonly counts: readonly number[];
} {
  const kept = all.filter(([, n]) => n > 0n);
  const { spans, buckets: counts } = fromIndices(
    kept.map(([i]) => i),
    kept.map(([, n]) => Number(n)),
  );
  return { spans, deltas: [], counts: [...counts] };
}
