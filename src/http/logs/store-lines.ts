import type { Actor } from "../../core/auth";
import type { LogLine } from "../../core/logs";
import { type Result, err, ok } from "../../core/result";
import { scrubRules } from "../../core/scrub";
import { RejectionCount, type Rejection } from "../../ingest/rejections";
import { logMetrics } from "../../logs/derived";
import { MAX_AGE_MS, MAX_AHEAD_MS, cleanLine, rejectionOf } from "../../logs/limits";
import { countDerived } from "../derived-metrics";
import type { Deps } from "../deps";
import { bodyBatchId, clientBatchId } from "../ingest-metrics/batch-id";
import { publishLive } from "../live-publish";
import { type StoreRefusal, storeRefusal } from "../store-refusal";

export interface StoredLines {
  readonly accepted: number;
  readonly rejected: readonly Rejection[];
}

/** A live tail shows no more of one request. */
const MAX_LIVE_LINES = 50;

/** By what a repeat of a request is known. */
export interface BatchIdentity {
  readonly id: string;
  /** Whether a repeat would bring lines of other times, so that the id must be remembered by itself. */
  readonly rememberId: boolean;
}

/** The client's own key, or the content where every line carries its time (`content`), or none. */
export async function identify(
  deps: Deps,
  request: Request,
  actor: Actor,
  allTimed: boolean,
  content: Uint8Array | undefined,
): Promise<BatchIdentity> {
  const own = await clientBatchId(request, actor);
  if (own !== undefined) return { id: own, rememberId: !allTimed };
  const id = allTimed && content !== undefined ? await bodyBatchId(actor, content) : deps.newId();
  return { id, rememberId: false };
}

/** Cleans, keeps, counts and shows the lines of one request, once per batch. */
export async function storeLines(
  deps: Deps,
  actor: Actor,
  batch: BatchIdentity,
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
      await deps.logs(actor.projectId).append(batch.id, kept, { rememberId: batch.rememberId });
    } catch (e) {
      const refusal = storeRefusal(e);
      if (refusal === undefined) throw e;
      return err(refusal);
    }
    const counted = await countDerived(
      deps,
      actor.projectId,
      "logs",
      logMetrics(batch.id, kept, now),
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
