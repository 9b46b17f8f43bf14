import { type AppendResult, ShardUnavailableError } from "../../core/metric-store";
import { BatchBuilder } from "../../core/batch";
import { type Result, err, ok } from "../../core/result";
import { EXAMPLE_LIMIT, type Rejection } from "../../ingest/rejections";
import type { Deps } from "../deps";

/** Seconds after which a sender may try again when a shard did not answer. */
export const RETRY_AFTER_S = 5;

const EMPTY_BATCH_BYTES = new BatchBuilder().finish().length;

export interface Unavailable {
  readonly reason: "shard_unavailable";
  readonly message: string;
}

/** What a request came to: samples that are durable, and those that are not, by reason. */
export interface Stored {
  readonly accepted: number;
  readonly rejected: readonly Rejection[];
}

/** Appends a batch; `before` are rejections that the decoder made already. */
export async function appendBatch(
  deps: Deps,
  projectId: string,
  batch: Uint8Array,
  before: readonly Rejection[] = [],
): Promise<Result<Stored, Unavailable>> {
  // SDKs export on a timer, also where there is nothing to tell: that wakes no shard.
  if (batch.length === EMPTY_BATCH_BYTES) return ok({ accepted: 0, rejected: before });
  let result: AppendResult;
  try {
    result = await deps.metrics(projectId).append(batch);
  } catch (e) {
    if (e instanceof ShardUnavailableError)
      return err({ reason: "shard_unavailable", message: e.message });
    throw e;
  }
  const told = result.rejected.map((r) => ({ ...r, example: r.example.slice(0, EXAMPLE_LIMIT) }));
  return ok({ accepted: result.accepted, rejected: [...before, ...told] });
}

const WHY: Readonly<Record<string, string>> = {
  too_old: "older than the out-of-order window",
  too_far_in_future: "more than 10 minutes in the future",
  duplicate_timestamp: "another value is stored for the same series and time",
  invalid_labels: "labels outside the rules",
  series_limit: "the project's limit of active series (series_limit) is reached",
  native_histogram_unsupported: "native histograms are not taken here",
};

/** `2 samples rejected: 1 too_old (older than …), e.g. up{job="a"}; 1 …`. */
export function rejectionText(rejected: readonly Rejection[]): string {
  const total = rejected.reduce((n, r) => n + r.count, 0);
  const parts = rejected.map(
    (r) =>
      `${r.count} ${r.reason}${r.reason in WHY ? ` (${WHY[r.reason]})` : ""}, e.g. ${r.example}`,
  );
  return `${total} ${total === 1 ? "sample" : "samples"} rejected: ${parts.join("; ")}`;
}

/** 429 where the cardinality budget was among the reasons, as only that may change by waiting; else 400. */
export function rejectionStatus(rejected: readonly Rejection[]): 400 | 429 {
  return rejected.some((r) => r.reason === "series_limit") ? 429 : 400;
}
