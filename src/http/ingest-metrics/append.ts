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
  /** Samples, histograms and increments. */
  readonly accepted: number;
  /** Of those before, and of repeats of what was stored before. */
  readonly written: {
    readonly samples: number;
    readonly histograms: number;
    readonly exemplars: number;
  };
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
  if (batch.length === EMPTY_BATCH_BYTES) {
    return ok({
      accepted: 0,
      written: { samples: 0, histograms: 0, exemplars: 0 },
      rejected: before,
    });
  }
  let result: AppendResult;
  try {
    result = await deps.metrics(projectId).append(batch);
  } catch (e) {
    if (e instanceof ShardUnavailableError)
      return err({ reason: "shard_unavailable", message: e.message });
    throw e;
  }
  const told = result.rejected.map((r) => ({ ...r, example: r.example.slice(0, EXAMPLE_LIMIT) }));
  const histograms = result.histograms ?? 0;
  return ok({
    accepted: result.accepted,
    written: {
      samples: result.accepted + result.duplicates - histograms,
      histograms,
      exemplars: result.exemplars ?? 0,
    },
    rejected: [...before, ...told],
  });
}

/** In the words of Prometheus, for senders that look for them. */
const WHY: Readonly<Record<string, string>> = {
  too_old: "too old sample: out of order and older than the out-of-order window",
  too_far_in_future: "out of bounds: more than 10 minutes in the future",
  duplicate_timestamp:
    "duplicate sample for timestamp: another value is stored for the same series and time",
  invalid_labels: "labels outside the rules",
  invalid_histogram: "a native histogram outside the rules",
  series_limit: "the project's limit of active series (series_limit) is reached",
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
