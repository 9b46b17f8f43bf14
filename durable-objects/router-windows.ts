import type { Outcome } from "../src/alerting/state";
import { isWindowEvent } from "../src/alerting/windows";
import type { Timers } from "./timers";

/** Lets a named timer follow what it stands for; costs a row where that has changed, and none else. */
export async function follow(
  timers: Timers,
  name: string,
  atMs: number | undefined,
): Promise<void> {
  const armed = timers.at(name);
  if (atMs === undefined) {
    if (armed !== undefined) await timers.clear(name);
  } else if (Math.ceil(atMs) !== armed) await timers.set(name, atMs);
}

/** A maintenance window has started or ended: what is shown of its alerts is no longer so. */
export function hasTurned(outcome: Outcome): boolean {
  return outcome.log.some((e) => isWindowEvent(e.reason));
}
