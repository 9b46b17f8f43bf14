import { BatchBuilder } from "../core/batch";
import { labelsOf } from "../core/labels";
import type { Deps } from "../http/deps";
import { reportError } from "../http/report-error";
import { dueSlot } from "./due";
import type { Job } from "./job";
import { JOBS } from "./table";

/** What the Cron Trigger does each minute: every job whose slot has come, side by side. One that fails stops no other. */
export async function runDueJobs(deps: Deps, nowMs: number): Promise<void> {
  const last = new Map((await deps.jobs.runs()).map((r) => [r.job, r.slotMs]));
  const due = JOBS.map((job) => ({ job, slotMs: dueSlot(job.pattern, last.get(job.name), nowMs) }));
  await Promise.all(
    due.map(async ({ job, slotMs }) => {
      if (slotMs === undefined) return;
      if (await deps.jobs.claim(job.name, slotMs, nowMs)) await runJob(deps, job, nowMs);
    }),
  );
}

export interface JobOutcome {
  readonly outcome: "ok" | "failed";
  readonly detail: string;
}

/** Runs one job now and writes down what became of it: in D1, and as `vedette_job_runs_total`. */
export async function runJob(deps: Deps, job: Job, nowMs: number): Promise<JobOutcome> {
  let done: JobOutcome;
  try {
    done = { outcome: "ok", detail: await job.run(deps, nowMs) };
  } catch (e) {
    done = { outcome: "failed", detail: e instanceof Error ? e.message : String(e) };
    console.error(`job ${job.name} failed: ${done.detail}`);
    reportError(deps, e, { job: job.name });
  }
  await deps.jobs.finish(job.name, done.outcome, done.detail, deps.clock());
  await countRun(deps, job.name, done.outcome);
  return done;
}

async function countRun(deps: Deps, job: string, outcome: string): Promise<void> {
  const batch = new BatchBuilder(deps.newId());
  batch.increment(
    batch.series(labelsOf({ __name__: "vedette_job_runs_total", job, outcome })),
    deps.clock(),
    1,
  );
  try {
    await deps.metrics("default").append(batch.finish());
  } catch (e) {
    console.warn(
      `the run of ${job} was not counted: ${e instanceof Error ? e.message : String(e)}`,
    );
  }
}
