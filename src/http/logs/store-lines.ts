import type { Actor } from "../../core/auth";
import type { LogLine } from "../../core/logs";
import { type Result, err, ok } from "../../core/result";
import { scrubRules } from "../../core/scrub";
import { RejectionCount, type Rejection } from "../../ingest/rejections";
import { logMetrics } from "../../logs/derived";
import { MAX_AGE_MS, MAX_AHEAD_MS, cleanLine, rejectionOf } from "../../logs/limits";
import { countDerived } from "../derived-metrics";
import type { Deps } from "../deps";
import { publishLive } from "../live-publish";
import { type StoreRefusal, storeRefusal } from "../store-refusal";

export interface StoredLines {
  readonly accepted: number;
  readonly rejected: readonly Rejection[];
}

/** A live tail shows no more of one request. */
const MAX_LIVE_LINES = 50;

/** Cleans, keeps, counts and shows the lines of one request. `batchId` makes a repeat harmless. */
export async function storeLines(
  deps: Deps,
  actor: Actor,
  batchId: string,
  lines: readonly LogLine[],
): Promise<Result<StoredLines, StoreRefusal>> {
  const now = deps.clock();
  const rejected = new RejectionCount();
  const rules = scrubRules();
  const kept: LogLine[] = [];
  for (const line of lines) {
    const reason = rejectionOf(line.timeMs, now);
    if (reason === undefined) kept.push(cleanLine(rules, line));
    else rejected.add(reason, 1, () => new Date(line.timeMs).toISOString());
  }
  if (kept.length > 0) {
    try {
      await deps.logs(actor.projectId).append(batchId, kept);
    } catch (e) {
      const refusal = storeRefusal(e);
      if (refusal === undefined) throw e;
      return err(refusal);
    }
    const counted = await countDerived(
      deps,
      actor.projectId,
      "logs",
      logMetrics(batchId, kept, now),
    );
    if (!counted.ok) return counted;
    publishLive(deps, actor.projectId, () => [
      {
        type: "logs",
        lines: kept
          .slice(-MAX_LIVE_LINES)
          .map(({ timeMs, level, service, message }) => ({ timeMs, level, service, message })),
      },
    ]);
  }
  return ok({ accepted: kept.length, rejected: rejected.list });
}

const WHY: Readonly<Record<string, string>> = {
  too_old: `older than ${MAX_AGE_MS / 86_400_000} days`,
  too_far_in_future: `more than ${MAX_AHEAD_MS / 60_000} minutes in the future`,
};

/** `2 log records rejected: 2 too_old (older than 30 days), e.g. 1970-01-01T00:00:00.000Z`. */
export function lineRejectionText(rejected: readonly Rejection[], what: string): string {
  const total = rejected.reduce((n, r) => n + r.count, 0);
  const parts = rejected.map(
    (r) => `${r.count} ${r.reason} (${WHY[r.reason] ?? ""}), e.g. ${r.example}`,
  );
  return `${total} ${what} rejected: ${parts.join("; ")}`;
}
