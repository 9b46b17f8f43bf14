import { type Result, err, ok } from "../../core/result";
import { type Sender, admits } from "../../ingest/replicas/election";
import type { Deps } from "../deps";
import type { Unavailable } from "./append";

/** Whether the samples of this replica are to be stored. While D1 is down the last known election counts. */
export async function isElected(
  deps: Pick<Deps, "elections" | "clock">,
  projectId: string,
  sender: Sender,
): Promise<Result<boolean, Unavailable>> {
  const { store, cache } = deps.elections(projectId);
  try {
    return ok(await admits(sender, store, cache, deps.clock()));
  } catch (e) {
    const known = cache.get(sender.cluster);
    if (known !== undefined) return ok(known.replica === sender.replica);
    return err({
      reason: "shard_unavailable",
      message: `the election between the replicas of ${sender.cluster} could not be read: ${e instanceof Error ? e.message : String(e)}`,
    });
  }
}
