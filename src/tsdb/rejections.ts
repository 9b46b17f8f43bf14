import type { AppendResult, SampleRejection } from "../core/metric-store";

/** What a shard takes in. */
export interface ShardLimits {
  /** Samples older than now − this are refused, ms. */
  readonly outOfOrderMs: number;
  /** Samples later than now + this are refused, ms. */
  readonly futureMs: number;
  /** Series the shard keeps active at once. About 330 bytes each, beside caches and two heads in 128 MB. */
  readonly maxSeries: number;
}

export const DEFAULT_LIMITS: ShardLimits = {
  outOfOrderMs: 2 * 3_600_000,
  futureMs: 600_000,
  maxSeries: 150_000,
};

/** Whether a time may be stored now, else why not. NaN counts as too old. */
export function checkTime(
  timeMs: number,
  now: number,
  limits: ShardLimits,
): "ok" | "too_old" | "too_far_in_future" {
  if (!(timeMs >= now - limits.outOfOrderMs)) return "too_old";
  return timeMs > now + limits.futureMs ? "too_far_in_future" : "ok";
}

/** Counts the fate of one batch. Of each reason the first example is worded, for the sender's message. */
export class AppendTally {
  accepted = 0;
  duplicates = 0;
  /** How many of both are histograms. */
  histograms = 0;
  exemplars = 0;
  private readonly reasons = new Map<
    SampleRejection,
    { count: number; readonly example: string }
  >();

  reject(reason: SampleRejection, example: () => string): void {
    const known = this.reasons.get(reason);
    if (known === undefined) this.reasons.set(reason, { count: 1, example: example() });
    else known.count++;
  }

  result(): AppendResult {
    return {
      accepted: this.accepted,
      duplicates: this.duplicates,
      ...(this.histograms === 0 ? {} : { histograms: this.histograms }),
      ...(this.exemplars === 0 ? {} : { exemplars: this.exemplars }),
      rejected: [...this.reasons].map(([reason, r]) => ({
        reason,
        count: r.count,
        example: r.example,
      })),
    };
  }
}

/** The results of a batch's parts, as one. */
export function mergeResults(parts: readonly AppendResult[]): AppendResult {
  const reasons = new Map<SampleRejection, { count: number; example: string }>();
  for (const r of parts.flatMap((p) => p.rejected)) {
    const known = reasons.get(r.reason);
    if (known === undefined) reasons.set(r.reason, { count: r.count, example: r.example });
    else known.count += r.count;
  }
  const histograms = parts.reduce((n, p) => n + (p.histograms ?? 0), 0);
  const exemplars = parts.reduce((n, p) => n + (p.exemplars ?? 0), 0);
  return {
    accepted: parts.reduce((n, p) => n + p.accepted, 0),
    duplicates: parts.reduce((n, p) => n + p.duplicates, 0),
    ...(histograms === 0 ? {} : { histograms }),
    ...(exemplars === 0 ? {} : { exemplars }),
    rejected: [...reasons].map(([reason, r]) => ({ reason, ...r })),
  };
}
