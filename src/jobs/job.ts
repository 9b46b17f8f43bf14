import type { Deps } from "../http/deps";

/**
 * Jobs of this pattern run whenever the trigger fires. No slot of theirs is claimed, and
 * their outcome is written when it changes: a row a minute and job would be a tenth of what
 * the free plan may write in a day.
 */
export const EVERY_MINUTE = "* * * * *";

/** What runs on schedule. `pattern` is a cron pattern in UTC; the Cron Trigger fires each minute. */
export interface Job {
  readonly name: string;
  readonly pattern: string;
  readonly what: string;
  /**
   * Does the work once; gives what it did, in a line. Runs at least once per slot, so it
   * must be safe to run twice. A thrown error is the outcome `failed`.
   */
  run(deps: Deps, nowMs: number): Promise<string>;
}
