import type { BatchBuilder } from "../core/batch";
import { encodeLabels } from "../core/label-bytes";
import { type Labels, METRIC_NAME, compareStrings, withLabel } from "../core/labels";
import { renderBound } from "./names";

/** The series of a classic histogram within a batch: `_bucket` per bound and `+Inf`, `_sum`, `_count`. */
export interface HistogramSeries {
  /** One more than the bounds: the last is `+Inf`. */
  readonly buckets: readonly number[];
  readonly sum: number;
  readonly count: number;
}

const LE = "le";

/**
 * Makes the series of many histograms in one batch. Their label sets differ in `le` alone,
 * so that its bytes are put between those of the others, which are encoded once a histogram.
 */
export class HistogramSeriesMaker {
  private readonly les = new Map<number, Uint8Array>();

  constructor(private readonly batch: BatchBuilder) {}

  /** `labels` without the metric name; `bounds` rising and finite. */
  make(name: string, labels: Labels, bounds: readonly number[]): HistogramSeries {
    const rest = withLabel(withLabel(labels, LE, ""), METRIC_NAME, `${name}_bucket`);
    let split = 0;
    while (split < rest.length && compareStrings(rest[split] as string, LE) < 0) split += 2;
    const before = encodeLabels(rest.slice(0, split));
    const after = encodeLabels(rest.slice(split));
    const bucket = (bound: number): number => {
      const le = this.le(bound);
      const bytes = new Uint8Array(before.length + le.length + after.length);
      bytes.set(before);
      bytes.set(le, before.length);
      bytes.set(after, before.length + le.length);
      return this.batch.seriesBytes(bytes);
    };
    const buckets = bounds.map(bucket);
    buckets.push(bucket(Infinity));
    const plain = (suffix: string): number =>
      this.batch.seriesBytes(encodeLabels(withLabel(labels, METRIC_NAME, name + suffix)));
    return { buckets, sum: plain("_sum"), count: plain("_count") };
  }

  private le(bound: number): Uint8Array {
    let bytes = this.les.get(bound);
    if (bytes === undefined) {
      bytes = encodeLabels([LE, renderBound(bound)]);
      this.les.set(bound, bytes);
    }
    return bytes;
  }
}
