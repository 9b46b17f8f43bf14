import type { Labels } from "./labels";
import type { Matcher } from "./matchers";
import type { MetricMetadata, Series } from "./series";

/** One selector's question: samples with startMs < t ≤ endMs (left-open, as Prometheus 3 ranges). */
export interface SelectRequest {
  readonly matchers: readonly Matcher[];
  readonly startMs: number;
  readonly endMs: number;
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
}

export type SampleRejection =
  | "too_old" // older than now − out_of_order_window
  | "too_far_in_future" // later than now + 10 min
  | "duplicate_timestamp" // same series and time, another value
  | "invalid_value" // an increment that is not finite
  | "invalid_labels" // a name outside the rules, an empty set, broken bytes
  | "series_limit"; // the project's cardinality budget is used up

/** What became of a batch. `accepted` counts samples and increments that are durable now. */
export interface AppendResult {
  readonly accepted: number;
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

export class ShardUnavailableError extends Error {
  override readonly name = "ShardUnavailableError";
}

export class SampleBudgetError extends Error {
  override readonly name = "SampleBudgetError";
}
