import type { Context } from "hono";
import { type Result, err, ok } from "../../core/result";
import {
  QueryError,
  type QueryOptions,
  type QueryResult,
  evalInstant,
  evalRange,
} from "../../promql";
import type { AppEnv } from "../deps";
import {
  durationParam,
  invalid,
  limitParam,
  optionalTimeParam,
  parseStep,
  queryParam,
  readParams,
  timeParam,
} from "./params";
import { type ApiError, apiErrorOf, badData, failure } from "./respond";
import { queryResponse } from "./result-json";

const MAX_POINTS = 11_000;
const DEFAULT_TIMEOUT_MS = 120_000;

/**
 * Samples that are read in windows in a millisecond of evaluation, by which a `timeout` is counted: a
 * Worker's clock stands still while it computes.
 */
const VISITS_PER_MS = 200_000;

/** `/api/v1/query` */
export async function instantQuery(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const started = deps.clock();
  const params = await readParams(c);
  if (!params.ok) return failure(params.error);
  const p = params.value;
  const limit = limitParam(p);
  if (!limit.ok) return failure(limit.error);
  const time = optionalTimeParam(p, "time", started);
  if (!time.ok) return failure(time.error);
  const settings = settingsOf(p, limit.value);
  if (!settings.ok) return failure(settings.error);
  const expr = queryParam(p);
  if (!expr.ok) return failure(expr.error);
  return answer(c, started, settings.value, (o) =>
    evalInstant(expr.value, { ...o, atMs: time.value }),
  );
}

/** `/api/v1/query_range` */
export async function rangeQuery(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const started = deps.clock();
  const params = await readParams(c);
  if (!params.ok) return failure(params.error);
  const p = params.value;
  const limit = limitParam(p);
  if (!limit.ok) return failure(limit.error);
  const range = rangeParams(p);
  if (!range.ok) return failure(range.error);
  const settings = settingsOf(p, limit.value);
  if (!settings.ok) return failure(settings.error);
  const expr = queryParam(p);
  if (!expr.ok) return failure(expr.error);
  return answer(c, started, settings.value, (o) => evalRange(expr.value, { ...o, ...range.value }));
}

interface Settings {
  /** Series that are answered; 0: all. */
  readonly limit: number;
  readonly lookbackMs: number | undefined;
  readonly timeoutMs: number;
  /** `all`: those of every step too. */
  readonly stats: "none" | "some" | "all";
}

function settingsOf(p: URLSearchParams, limit: number): Result<Settings, ApiError> {
  const timeout = durationParam(p, "timeout");
  if (!timeout.ok) return timeout;
  const lookbackText = p.get("lookback_delta") ?? "";
  const lookback = lookbackText === "" ? ok(0) : parseStep(lookbackText);
  if (!lookback.ok) return err(badData(`error parsing lookback delta duration: ${lookback.error}`));
  const lookbackMs = Math.trunc(lookback.value);
  const stats = p.get("stats") ?? "";
  return ok({
    limit,
    // Zero or less means the default, as in Prometheus.
    lookbackMs: lookbackMs > 0 ? lookbackMs : undefined,
    timeoutMs: Math.min(timeout.value ?? DEFAULT_TIMEOUT_MS, DEFAULT_TIMEOUT_MS),
    stats: stats === "" ? "none" : stats === "all" ? "all" : "some",
  });
}

function rangeParams(
  p: URLSearchParams,
): Result<{ startMs: number; endMs: number; stepMs: number }, ApiError> {
  const start = timeParam(p, "start");
  if (!start.ok) return start;
  const end = timeParam(p, "end");
  if (!end.ok) return end;
  if (end.value < start.value)
    return err(invalid("end", "end timestamp must not be before start time"));
  const step = parseStep(p.get("step") ?? "");
  if (!step.ok) return err(invalid("step", step.error));
  const stepMs = Math.trunc(step.value);
  if (stepMs <= 0) {
    return err(
      invalid(
        "step",
        "zero or negative query resolution step widths are not accepted. Try a positive integer",
      ),
    );
  }
  if (Math.floor((end.value - start.value) / step.value) > MAX_POINTS) {
    return err(
      badData(
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
      ),
    );
  }
  return ok({ startMs: start.value, endMs: end.value, stepMs });
}

async function answer(
  c: Context<AppEnv>,
  started: number,
  settings: Settings,
  run: (o: QueryOptions) => Promise<QueryResult>,
): Promise<Response> {
  const { config, metrics, clock } = c.get("deps");
  const { lookbackMs, timeoutMs } = settings;
  const options: QueryOptions = {
    queryable: metrics(c.get("actor").projectId),
    maxVisits: timeoutMs * VISITS_PER_MS,
    // The total is made of them, too.
    perStepStats: settings.stats !== "none",
    ...(lookbackMs === undefined ? {} : { lookbackMs }),
    ...(config.queryMaxSamples === undefined ? {} : { maxSamples: config.queryMaxSamples }),
  };
  try {
    if (timeoutMs <= 0) throw new QueryError("timeout", "query timed out in query queue");
    const full = await withTimeout(run(options), timeoutMs);
    const { result, cut } = limited(full, settings.limit);
    const warnings = cut ? [...full.warnings, "results truncated due to limit"] : full.warnings;
    return queryResponse(
      result,
      { warnings, infos: full.infos },
      settings.stats === "none"
        ? undefined
        : statsOf(full, clock() - started, settings.stats === "all"),
      encodingOf(config),
    );
  } catch (e) {
    const known = apiErrorOf(e);
    if (known === undefined) throw e;
    // Found only when it was planned, but still the expression's own mistake.
    return failure(known.errorType === "bad_data" ? invalid("query", known.error) : known);
  }
}

/**
 * Deployed, the edge compresses answers for nothing. The local runtime imitates it on the Worker's own
 * thread, where that takes longer than the evaluation; over loopback nothing is won by it.
 */
function encodingOf(config: { readonly hosts: unknown }): Readonly<Record<string, string>> {
  return config.hosts === undefined ? {} : { "content-encoding": "identity" };
}

/** Bounds the wait for stores. The evaluation itself is bounded by its sample budget. */
async function withTimeout<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new QueryError("timeout", "query timed out in expression evaluation")),
      ms,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function limited(r: QueryResult, limit: number): { result: QueryResult; cut: boolean } {
  if (limit > 0 && r.type === "vector" && r.samples.length > limit)
    return { result: { ...r, samples: r.samples.slice(0, limit) }, cut: true };
  if (limit > 0 && r.type === "matrix" && r.series.length > limit)
    return { result: { ...r, series: r.series.slice(0, limit) }, cut: true };
  return { result: r, cut: false };
}

/** A Worker's clock tells only the time that was waited for stores. */
function statsOf({ stats }: QueryResult, ms: number, eachStep: boolean): unknown {
  const total = ms / 1000;
  const steps = eachStep ? stats.samplesPerStep : undefined;
  return {
    timings: {
      evalTotalTime: total,
      resultSortTime: 0,
      queryPreparationTime: 0,
      innerEvalTime: total,
      execQueueTime: 0,
      execTotalTime: total,
    },
    samples: {
      ...(steps === undefined
        ? {}
        : {
            totalQueryableSamplesPerStep: steps.map((s) => [s.timestampMs / 1000, s.samples]),
          }),
      totalQueryableSamples: stats.totalSamples,
      peakSamples: stats.peakSamples,
    },
  };
}
