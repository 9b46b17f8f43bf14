import { Cron } from "croner";

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
