import { type Result, err, ok } from "../core/result";
import type { Deps } from "./deps";
import type { StoreRefusal } from "./store-refusal";

/** The spill kind of a metric batch whose records are stored already (storage/spill-writers.ts). */
export const METRIC_BATCH_KIND = "metric-batch";

/**
 * Appends the counters of records that are stored already. Where the shard does not answer, the
 * batch waits in the signal's spill, so that the request need not fail and be sent again; only
 * where that fails too must the sender repeat it, which its batch id makes harmless.
 */
export async function countDerived(
  deps: Deps,
  projectId: string,
  signal: string,
  batch: Uint8Array,
): Promise<Result<"counted" | "spilled", StoreRefusal>> {
  try {
    await deps.metrics(projectId).append(batch);
    return ok("counted");
  } catch {
    try {
      await deps.objects(projectId).spill(signal).put(METRIC_BATCH_KIND, batch);
      return ok("spilled");
    } catch (e) {
      return err({
        reason: "store_unavailable",
        message: `neither the metrics nor the spill answer: ${e instanceof Error ? e.message : String(e)}`,
      });
    }
  }
}
