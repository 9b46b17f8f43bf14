import { Hono } from "hono";
import { runJob } from "../../jobs/run";
import { JOBS } from "../../jobs/table";
import { requireScope } from "../auth/require";
import type { AppEnv } from "../deps";
import { problem } from "../problem";

/** `/api/v1/jobs`: what runs on schedule, how its last run went, and running one now. */
export function jobRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.get("/api/v1/jobs", requireScope("read"), async (c) => {
    const runs = new Map((await c.get("deps").jobs.runs()).map((r) => [r.job, r]));
    const jobs = JOBS.map((job) => {
      const last = runs.get(job.name);
      return {
        name: job.name,
        schedule: job.pattern,
        what: job.what,
        last_run:
          last === undefined
            ? null
            : {
                scheduled_for: iso(last.slotMs),
                started_at: iso(last.startedAtMs),
                finished_at: iso(last.finishedAtMs),
                outcome: last.outcome,
                detail: last.detail,
              },
      };
    });
    return c.json({ jobs });
  });

  app.post("/api/v1/jobs/:name/run", requireScope("admin"), async (c) => {
    const name = c.req.param("name");
    const job = JOBS.find((j) => j.name === name);
    if (job === undefined) {
      return problem(c, {
        status: 404,
        code: "job_unknown",
        detail: `there is no job ${name}; there are ${JOBS.map((j) => j.name).join(", ")}`,
      });
    }
    const deps = c.get("deps");
    const start = deps.clock();
    const done = await runJob(deps, job, start);
    return c.json(
      { job: name, ...done, duration_ms: deps.clock() - start },
      done.outcome === "ok" ? 200 : 500,
    );
  });
  return app;
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
