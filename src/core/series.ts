import type { Histogram } from "./histogram";
import type { Labels } from "./labels";

/**
 * One series' samples over a range, decoded. The arrays have the same
 * length, timestamps (ms since the epoch) strictly rise. A stale marker is a
 * float sample, also in a series of histograms; look for it with `isStaleAt`
 * (stale.ts), never by its number.
 */
export interface Series {
  readonly labels: Labels;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  /**
   * Only where the series has histogram samples: `histograms[i]` is sample `i` where it is one, and
   * `values[i]` is then a plain NaN without meaning.
   */
  readonly histograms?: readonly (Histogram | undefined)[];
  /**
   * Only where samples stand for several (downsampled): how many raw samples `values[i]` is the
   * aggregate of, which the request's hint named. Absent means 1 each.
   */
  readonly weights?: Float64Array;
}

/** A sample that names a trace (https://github.com/OpenObservability/OpenMetrics, Exemplars). */
export interface Exemplar {
  readonly labels: Labels;
  readonly value: number;
  readonly timestampMs: number;
}

export interface ExemplarSeries {
  readonly seriesLabels: Labels;
  /** By time, rising. */
  readonly exemplars: readonly Exemplar[];
}

/** What is known of a metric: `# TYPE`, `# HELP`, `# UNIT`. */
export interface MetricMetadata {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly unit: string;
}

export type MetricType =
  | "counter"
  | "gauge"
  | "histogram"
  | "gaugehistogram"
  | "summary"
  | "info"
  | "stateset"
  | "unknown";
