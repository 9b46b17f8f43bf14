import { BatchBuilder } from "../core/batch";
import { labelsOf } from "../core/labels";
import type { Deps } from "../http/deps";
import { reportError } from "../http/report-error";
import { dueSlot, slotToRepeat } from "./due";
import { type Job, EVERY_MINUTE } from "./job";
import { JOBS } from "./table";

/** What the Cron Trigger does each minute: every job whose slot has come, side by side. One that fails stops no other. */
export async function runDueJobs(deps: Deps, nowMs: number): Promise<void> {
  // Without D1 nobody knows what is due; what runs each minute runs all the same.
  const known = await deps.jobs.runs().catch((e: unknown) => {
    console.warn("the schedule cannot be read", e);
    return undefined;
  });
  const last = new Map((known ?? []).map((r) => [r.job, r]));
  // All are waited for: what one cannot write down must not end the invocation under the others.
  const ran = await Promise.allSettled(
    JOBS.map(async (job): Promise<Ran | undefined> => {
      if (job.pattern === EVERY_MINUTE) {
        const done = await attempt(deps, job, nowMs);
        await deps.jobs.noteMinute(job.name, done.outcome, done.detail, nowMs);
        return { job: job.name, outcome: done.outcome };
      }
      if (known === undefined) return undefined;
      const before = last.get(job.name);
      const slotMs = dueSlot(job.pattern, before?.slotMs, nowMs) ?? slotToRepeat(before, nowMs);
      if (slotMs === undefined || !(await deps.jobs.claim(job.name, slotMs, nowMs)))
        return undefined;
      const done = await attempt(deps, job, nowMs);
      await deps.jobs.finish(job.name, done.outcome, done.detail, deps.clock());
      return { job: job.name, outcome: done.outcome };
    }),
  );
  await countRuns(
    deps,
    ran.flatMap((r) => (r.status === "fulfilled" && r.value !== undefined ? [r.value] : [])),
  );
  for (const r of ran)
    if (r.status === "rejected")
      console.warn("what became of a job was not written down", r.reason);
}

export interface JobOutcome {
  readonly outcome: "ok" | "failed";
  readonly detail: string;
}

interface Ran {
  readonly job: string;
  readonly outcome: string;
}

/** Runs one job now and writes down what became of it: in D1, and as `vedette_job_runs_total`. */
export async function runJob(deps: Deps, job: Job, nowMs: number): Promise<JobOutcome> {
  const done = await attempt(deps, job, nowMs);
  await deps.jobs.finish(job.name, done.outcome, done.detail, deps.clock());
  await countRuns(deps, [{ job: job.name, outcome: done.outcome }]);
  return done;
}

async function attempt(deps: Deps, job: Job, nowMs: number): Promise<JobOutcome> {
  try {
    return { outcome: "ok", detail: await job.run(deps, nowMs) };
  } catch (e) {
    const detail = e instanceof Error ? e.message : String(e);
    console.error(`job ${job.name} failed: ${detail}`);
    reportError(deps, e, { job: job.name });
    return { outcome: "failed", detail };
  }
}

/** One append for all runs of a minute. */
async function countRuns(deps: Deps, runs: readonly Ran[]): Promise<void> {
  if (runs.length === 0) return;
  const batch = new BatchBuilder(deps.newId());
  for (const { job, outcome } of runs) {
    const series = batch.series(labelsOf({ __name__: "vedette_job_runs_total", job, outcome }));
    batch.increment(series, deps.clock(), 1);
  }
  try {
    await deps.metrics("default").append(batch.finish());
  } catch (e) {
    console.warn(`runs of jobs were not counted: ${e instanceof Error ? e.message : String(e)}`);
  }
}
