/** The last run of a scheduled job. */
export interface JobRun {
  readonly job: string;
  readonly slotMs: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number | null;
  readonly outcome: "ok" | "failed" | null;
  readonly detail: string | null;
}

/** A slot whose run failed, or died, is run again after this. */
export const RETRY_AFTER_MS = 10 * 60_000;

export interface JobStore {
  runs(): Promise<JobRun[]>;
  /**
   * Claims a slot for one runner: false where it, or a later one, was claimed before, unless
   * that run failed or never ended and began RETRY_AFTER_MS ago.
   */
  claim(job: string, slotMs: number, nowMs: number): Promise<boolean>;
  finish(job: string, outcome: "ok" | "failed", detail: string, nowMs: number): Promise<void>;
  /** Notes a run of a job that runs each minute: written when its outcome changes, and every ten minutes. */
  noteMinute(job: string, outcome: "ok" | "failed", detail: string, nowMs: number): Promise<void>;
}
