import type { Labels } from "./labels";
import type { Matcher } from "./matchers";
import type { ExemplarSeries, MetricMetadata, Series } from "./series";

/** One selector's question: samples with startMs < t ≤ endMs (left-open, as Prometheus 3 ranges). */
export interface SelectRequest {
  readonly matchers: readonly Matcher[];
  readonly startMs: number;
  readonly endMs: number;
  /** What is done with the samples, so that the store may answer from downsampled ones. None: raw samples. */
  readonly hints?: SelectHints;
}

/** As Prometheus' storage.SelectHints: a store may use them, and stays right where it does not. */
export interface SelectHints {
  /** The function or aggregation right around the selector (`rate`, `max_over_time`, `sum`), else "". */
  readonly func: string;
  /** The range of a range selector, 0 for an instant one, ms. */
  readonly rangeMs: number;
  /** The step of the evaluation, 0 for one instant, ms. */
  readonly stepMs: number;
}

/**
 * What PromQL asks data through. All selectors of a query go in one call, so
 * that each shard is asked once.
 */
export interface Queryable {
  /**
   * Answers in request order; each answer holds every matching series with at least one
   * sample in range, each label set once, in no particular order.
   * @throws SampleBudgetError when more than `maxSamples` samples would be held at once
   * @throws ShardUnavailableError when a shard does not answer: never a partial answer
   */
  select(
    requests: readonly SelectRequest[],
    limits?: { readonly maxSamples?: number },
  ): Promise<readonly (readonly Series[])[]>;
}

/** A project's metrics, for reading. Empty `matchers` lists mean every series; several lists are united. */
export interface MetricReader extends Queryable {
  series(
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    limit: number,
  ): Promise<Labels[]>;
  labelNames(
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    limit: number,
  ): Promise<string[]>;
  labelValues(
    name: string,
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
    limit: number,
  ): Promise<string[]>;
  metadata(metric: string | undefined, limit: number): Promise<MetricMetadata[]>;
  /** Exemplars with startMs ≤ t ≤ endMs of the series that one of the matcher lists accepts. */
  exemplars(
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
  ): Promise<ExemplarSeries[]>;
  /** What fills the index, the `limit` largest of each list. */
  cardinality(limit: number): Promise<Cardinality>;
}

/** Keeping a project's metrics in order: what deletes, and what writes past the ordinary way in. */
export interface MetricKeeper {
  /** Deletes the samples with startMs ≤ t ≤ endMs of the series that one of the matcher lists accepts. */
  deleteSeries(
    matchers: readonly (readonly Matcher[])[],
    startMs: number,
    endMs: number,
  ): Promise<DeletedSeries>;
  /** Has what was deleted leave the disk, in the background; reads miss it already. */
  cleanTombstones(): Promise<void>;
  /**
   * Writes a packed batch of any age straight into blocks. What a block holds already stays: a sample
   * at the same time with another value is refused as `duplicate_timestamp`.
   */
  importSamples(batch: Uint8Array): Promise<AppendResult>;
  /**
   * Deletes what is older than `beforeMs`, in the shards of every epoch. Days that end before `rawBeforeMs` are
   * downsampled to five minutes, in the background.
   */
  retain(beforeMs: number, rawBeforeMs?: number): Promise<{ readonly deletedRows: number }>;
}

export interface DeletedSeries {
  readonly series: number;
  readonly samples: number;
}

/** A name with how often it occurs, or how many bytes it takes. */
export interface NamedCount {
  readonly name: string;
  readonly value: number;
}

/** What Prometheus tells at /api/v1/status/tsdb, and what came and went in the last hour. */
export interface Cardinality {
  /** Series with samples in the head or the open window. */
  readonly activeSeries: number;
  readonly maxSeries: number;
  readonly chunks: number;
  readonly minTimeMs: number;
  readonly maxTimeMs: number;
  readonly seriesCountByMetricName: readonly NamedCount[];
  readonly labelValueCountByLabelName: readonly NamedCount[];
  readonly memoryInBytesByLabelName: readonly NamedCount[];
  /** Names are `label=value`. */
  readonly seriesCountByLabelValuePair: readonly NamedCount[];
  /** Series that began within the last hour, by metric name. */
  readonly newSeriesByMetricName: readonly NamedCount[];
}

export type SampleRejection =
  | "too_old" // older than now − out_of_order_window
  | "too_far_in_future" // later than now + 10 min
  | "duplicate_timestamp" // same series and time, another value
  | "invalid_value" // an increment that is not finite
  | "invalid_labels" // a name outside the rules, an empty set, broken bytes
  | "invalid_histogram" // buckets that do not add up, spans that overlap, an unknown schema
  | "series_limit"; // the project's cardinality budget is used up

/** What became of a batch. `accepted` counts samples (histograms too) and increments that are durable now. */
export interface AppendResult {
  readonly accepted: number;
  /** How many of `accepted` and of `duplicates` are histograms; none where absent. */
  readonly histograms?: number;
  /** Exemplars kept (or known already); one that is refused is no error of the batch. */
  readonly exemplars?: number;
  /** Exact repeats (same series, time and value) and repeated batch ids: stored before, so not an error. */
  readonly duplicates: number;
  readonly rejected: readonly {
    readonly reason: SampleRejection;
    readonly count: number;
    readonly example: string;
  }[];
}

/** A project's metrics, for writing. Durable when the promise resolves. */
export interface MetricWriter {
  /**
   * Appends a packed batch (batch.ts), split over the project's shards by label-set hash.
   * Rejections are counted, never thrown.
   * @throws ShardUnavailableError when a shard did not answer; sending the same batch again is safe
   */
  append(batch: Uint8Array): Promise<AppendResult>;
}

/** From `from` (ms) on, new samples went to `n` shards. Epochs stand oldest first; the last one takes the writes. */
export interface ShardEpoch {
  readonly from: number;
  readonly n: number;
}

export class ShardUnavailableError extends Error {
  override readonly name = "ShardUnavailableError";
}

export class SampleBudgetError extends Error {
  override readonly name = "SampleBudgetError";
}
