import { Cron } from "croner";
import type { PingSchedule } from "./model";

/** When the ping after `afterMs` is expected; undefined where a pattern has no further time. */
export function expectedAfter(schedule: PingSchedule, afterMs: number): number | undefined {
  if (schedule.kind === "every") return afterMs + schedule.everyMs;
  const next = cronOf(schedule.pattern, schedule.timeZone).nextRun(new Date(afterMs));
  return next?.getTime();
}

/** Why a pattern or zone cannot be used; undefined where it can. */
export function cronProblem(pattern: string, timeZone: string): string | undefined {
  // Croner takes six fields and names as well; cron has five.
  if (!pattern.startsWith("@") && pattern.trim().split(/\s+/).length !== 5)
    return "a cron pattern has five fields: minute, hour, day of month, month, day of week";
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch {
    return `there is no time zone ${JSON.stringify(timeZone)}`;
  }
  try {
    const never = cronOf(pattern, timeZone).nextRun(new Date(Date.UTC(2026, 0, 1))) === null;
    return never ? "the pattern never comes true" : undefined;
  } catch (e) {
    return e instanceof Error ? e.message : String(e);
  }
}

function cronOf(pattern: string, timeZone: string): Cron {
  return new Cron(pattern, { timezone: timeZone, paused: true });
}
