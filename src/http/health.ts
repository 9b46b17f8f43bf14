import { Hono } from "hono";
import type { AppEnv, Deps } from "./deps";
import { OUTBOUND_WATCHDOG } from "../jobs/outbound-watchdog";
import { requireScope } from "./auth/require";

interface Check {
  readonly status: "healthy" | "degraded" | "unhealthy";
  /** Milliseconds. */
  readonly latency?: number;
  readonly error?: string;
}

/** `/healthz`: the Worker runs. `/api/health`: each dependency with its latency, in seed 004's shape. */
export function healthRoutes(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get("/healthz", (c) => c.text("ok\n"));
  app.get("/api/health", async (c) => {
    const deps = c.get("deps");
    const report = await checkAll(deps);
    return c.json(report, report.status === "healthy" ? 200 : 503, { "cache-control": "no-store" });
  });
  // Totals of one isolate: the whole deployment's are the series vedette_* of the default project.
  app.get("/metrics", requireScope("read"), (c) =>
    c.text(c.get("deps").selfMetrics.render(), 200, {
      "content-type": "text/plain; version=0.0.4; charset=utf-8",
    }),
  );
  return app;
}

async function checkAll(deps: Deps) {
  const [database, metrics, alerting] = await Promise.all([
    timed(deps, () => deps.pingDatabase()),
    timed(deps, () => deps.objects("default").metricShard(0).status()),
    timed(deps, () => deps.objects("default").alertRouter().ensureTicking()),
  ]);
  // What works in the isolate's memory cannot be down while this answers; the field is the contract's.
  const cache: Check = { status: "healthy" };
  const spilled = await spillCheck(deps);
  const watchdog =
    deps.config.watchdogUrl === undefined ? {} : { watchdog: await watchdogCheck(deps) };
  const checks: Readonly<Record<string, Check>> = {
    database,
    cache,
    external_apis: alerting,
    metrics,
    spill: spilled,
    ...watchdog,
  };
  return {
    status: overall(Object.values(checks)),
    timestamp: new Date(deps.clock()).toISOString(),
    version: deps.config.version,
    checks,
  };
}

/** Spilled batches mean that D1 refuses writes and records wait: degraded, not down. */
async function spillCheck(deps: Deps): Promise<Check> {
  try {
    const states = await Promise.all(
      ["events", "logs", "traces"].map((signal) => deps.objects("default").spill(signal).status()),
    );
    const pending = states.reduce((n, s) => n + s.pending, 0);
    return pending === 0
      ? { status: "healthy" }
      : { status: "degraded", error: `${pending} batches wait for D1` };
  } catch (e) {
    return { status: "unhealthy", error: messageOf(e) };
  }
}

/** The last minutes' call to the outside. */
async function watchdogCheck(deps: Deps): Promise<Check> {
  try {
    const last = (await deps.jobs.runs()).find((r) => r.job === OUTBOUND_WATCHDOG);
    if (last === undefined) return { status: "degraded", error: "it has not run yet" };
    return last.outcome === "failed"
      ? { status: "degraded", error: last.detail ?? "it failed" }
      : { status: "healthy" };
  } catch (e) {
    return { status: "degraded", error: messageOf(e) };
  }
}

async function timed(deps: Deps, probe: () => Promise<unknown>): Promise<Check> {
  const start = deps.clock();
  try {
    await probe();
    return { status: "healthy", latency: deps.clock() - start };
  } catch (e) {
    return { status: "unhealthy", latency: deps.clock() - start, error: messageOf(e) };
  }
}

/** Worst wins: seed 004 answers 503 unless everything is healthy. */
export function overall(checks: readonly Check[]): Check["status"] {
  if (checks.some((c) => c.status === "unhealthy")) return "unhealthy";
  if (checks.some((c) => c.status === "degraded")) return "degraded";
  return "healthy";
}

function messageOf(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}
