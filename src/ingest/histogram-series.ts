import type { BatchBuilder } from "../core/batch";
import { type Labels, METRIC_NAME, withLabel } from "../core/labels";
import { renderBound } from "./names";

/** The series of a classic histogram within a batch: `_bucket` per bound and `+Inf`, `_sum`, `_count`. */
export interface HistogramSeries {
  /** One more than the bounds: the last is `+Inf`. */
  readonly buckets: readonly number[];
  readonly sum: number;
  readonly count: number;
}

/** `labels` without the metric name; `bounds` rising and finite. */
export function histogramSeries(
  batch: BatchBuilder,
  name: string,
  labels: Labels,
  bounds: readonly number[],
): HistogramSeries {
  const named = (suffix: string): Labels => withLabel(labels, METRIC_NAME, `${name}_${suffix}`);
  const bucket = named("bucket");
  return {
    buckets: [...bounds, Infinity].map((b) =>
      batch.series(withLabel(bucket, "le", renderBound(b))),
    ),
    sum: batch.series(named("sum")),
    count: batch.series(named("count")),
  };
}
