import type { Labels } from "./labels";

/**
 * One series' float samples over a range, decoded. Both arrays have the same
 * length, timestamps (ms since the epoch) strictly rise. A stale marker is a
 * sample; look for it with `isStaleAt` (stale.ts), never by its number.
 */
export interface Series {
  readonly labels: Labels;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
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
