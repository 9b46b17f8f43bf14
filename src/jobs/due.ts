import { Cron } from "croner";
import { type JobRun, RETRY_AFTER_MS } from "../core/jobs";

const MINUTE = 60_000;

/**
 * The newest slot of `pattern` at or before `nowMs` that comes after `lastSlotMs`, or
 * undefined. Slots missed while nothing ran are caught up by one run, not by many.
 */
export function dueSlot(
  pattern: string,
  lastSlotMs: number | undefined,
  nowMs: number,
): number | undefined {
  const cron = new Cron(pattern, { timezone: "UTC" });
  // A job that never ran waits for its next slot, at most a minute back: a new deployment reports nothing of yesterday.
  const from = lastSlotMs ?? nowMs - MINUTE;
  let newest: number | undefined;
  let next = cron.nextRun(new Date(Math.max(from, nowMs - 2 * 86_400_000)));
  while (next !== null && next.getTime() <= nowMs) {
    newest = next.getTime();
    next = cron.nextRun(next);
  }
  return newest;
}

/** A slot is not run again for longer than this: what fails that long will fail on. */
const REPEATED_FOR_MS = 6 * 3_600_000;

/** The slot of a run that failed or never ended, where it is time to run it again. */
export function slotToRepeat(last: JobRun | undefined, nowMs: number): number | undefined {
  if (last === undefined || last.outcome === "ok") return undefined;
  const early = nowMs - last.startedAtMs < RETRY_AFTER_MS;
  return early || nowMs - last.slotMs > REPEATED_FOR_MS ? undefined : last.slotMs;
}
