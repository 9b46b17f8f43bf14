/** The last run of a scheduled job. */
export interface JobRun {
  readonly job: string;
  readonly slotMs: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number | null;
  readonly outcome: "ok" | "failed" | null;
  readonly detail: string | null;
}

export interface JobStore {
  runs(): Promise<JobRun[]>;
  /** Claims a slot for one runner: false where it, or a later one, was claimed before. */
  claim(job: string, slotMs: number, nowMs: number): Promise<boolean>;
  finish(job: string, outcome: "ok" | "failed", detail: string, nowMs: number): Promise<void>;
  /** Notes a run of a job that runs each minute: written when its outcome changes, and every ten minutes. */
  noteMinute(job: string, outcome: "ok" | "failed", detail: string, nowMs: number): Promise<void>;
}
