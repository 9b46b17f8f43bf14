import type { Histogram } from "../../core/histogram";
import type { Labels } from "../../core/labels";
import type { MetricMetadata } from "../../core/series";

/**
 * Takes what an exposition holds, in the order of the body. All label sets are sorted, hold the metric
 * name, and no empty value. What a sink leaves out is checked all the same.
 */
export interface ExpositionSink {
  sample(labels: Labels, value: number, timeMs: number | undefined): void;
  /** Called once a metric with a `# TYPE`, `# HELP` or `# UNIT`, after its last sample. */
  metadata(m: MetricMetadata): void;
  /** A native histogram; only the protobuf format has them. */
  histogram?(labels: Labels, histogram: Histogram, timeMs: number | undefined): void;
  /** An exemplar of the series `labels`, after the sample it stands with. */
  exemplar?(labels: Labels, exemplar: ExpositionExemplar): void;
  /** That the series stood at 0 then, after its sample; see core/batch-extras.ts BatchCreated. */
  created?(labels: Labels, createdMs: number, histogram: boolean): void;
}

export interface ExpositionExemplar {
  readonly labels: Labels;
  readonly value: number;
  /** Of the exemplar itself, else of its sample, else undefined. */
  readonly timeMs: number | undefined;
}
