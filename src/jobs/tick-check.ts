import { BatchBuilder } from "../core/batch";
import { labelsOf } from "../core/labels";
import type { Deps } from "../http/deps";
import { type Job, EVERY_MINUTE } from "./job";

const AT_ONCE = 6; // simultaneous connections of one invocation (D:workers/platform/limits)

/**
 * An alarm that died six times is gone. This asks every object that must tick, which arms
 * its alarm anew where that was lost.
 */
export const tickCheck: Job = {
  name: "tick-check",
  pattern: EVERY_MINUTE,
  what: "asks every object that must tick whether it still does",
  async run(deps, nowMs) {
    const objects = await deps.tickingObjects();
    const rearmed: string[] = [];
    const silent: string[] = [];
    for (let i = 0; i < objects.length; i += AT_ONCE) {
      await Promise.all(
        objects.slice(i, i + AT_ONCE).map(async (o) => {
          try {
            if ((await o.ensureTicking()).rearmed) rearmed.push(`${o.className} ${o.objectName}`);
          } catch (e) {
            silent.push(
              `${o.className} ${o.objectName}: ${e instanceof Error ? e.message : String(e)}`,
            );
          }
        }),
      );
    }
    await publish(deps, nowMs, rearmed.length, silent.length);
    if (silent.length > 0)
      throw new Error(
        `${silent.length} of ${objects.length} objects did not answer: ${silent.slice(0, 5).join("; ")}`,
      );
    return `${objects.length} objects tick, ${rearmed.length} armed again${rearmed.length > 0 ? `: ${rearmed.slice(0, 5).join(", ")}` : ""}`;
  },
};

async function publish(deps: Deps, nowMs: number, rearmed: number, silent: number): Promise<void> {
  const batch = new BatchBuilder(deps.newId());
  batch.sample(batch.series(labelsOf({ __name__: "vedette_overdue_objects" })), nowMs, rearmed);
  batch.sample(batch.series(labelsOf({ __name__: "vedette_silent_objects" })), nowMs, silent);
  await deps.metrics("default").append(batch.finish());
}
