import type { Context } from "hono";
import { type Result, err, ok } from "../../core/result";
import { QueryError, type QueryResult, evalInstant, evalRange } from "../../promql";
import { quote } from "../../promql/quoting";
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

/** `/api/v1/query` */
export async function instantQuery(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const started = deps.clock();
  const params = await readParams(c);
  if (!params.ok) return failure(params.error);
  const p = params.value;
  const common = commonParams(p);
  if (!common.ok) return failure(common.error);
  const time = optionalTimeParam(p, "time", started);
  if (!time.ok) return failure(time.error);
  const expr = queryParam(p);
  if (!expr.ok) return failure(expr.error);
  const queryable = deps.metrics(c.get("actor").projectId);
  const { lookbackMs } = common.value;
  return answer(c, started, common.value, () =>
    evalInstant(expr.value, {
      queryable,
      atMs: time.value,
      ...(lookbackMs === undefined ? {} : { lookbackMs }),
    }),
  );
}

/** `/api/v1/query_range` */
export async function rangeQuery(c: Context<AppEnv>): Promise<Response> {
  const deps = c.get("deps");
  const started = deps.clock();
  const params = await readParams(c);
  if (!params.ok) return failure(params.error);
  const p = params.value;
  const common = commonParams(p);
  if (!common.ok) return failure(common.error);
  const range = rangeParams(p);
  if (!range.ok) return failure(range.error);
  const expr = queryParam(p);
  if (!expr.ok) return failure(expr.error);
  const queryable = deps.metrics(c.get("actor").projectId);
  const { lookbackMs } = common.value;
  return answer(c, started, common.value, () =>
    evalRange(expr.value, {
      queryable,
      ...range.value,
      ...(lookbackMs === undefined ? {} : { lookbackMs }),
    }),
  );
}

interface Common {
  readonly limit: number;
  readonly lookbackMs: number | undefined;
  readonly timeoutMs: number;
  readonly stats: boolean;
}

function commonParams(p: URLSearchParams): Result<Common, ApiError> {
  const limit = limitParam(p);
  if (!limit.ok) return limit;
  const timeout = durationParam(p, "timeout");
  if (!timeout.ok) return timeout;
  const lookbackText = p.get("lookback_delta") ?? "";
  const lookback = lookbackText === "" ? 0 : parseStep(lookbackText);
  if (lookback === undefined) {
    return err(
      badData(
        `error parsing lookback delta duration: cannot parse ${quote(lookbackText)} to a valid duration`,
      ),
    );
  }
  return ok({
    limit: limit.value,
    // Zero or less means the default, as in Prometheus.
    lookbackMs: lookback > 0 ? lookback : undefined,
    timeoutMs: Math.min(timeout.value ?? DEFAULT_TIMEOUT_MS, DEFAULT_TIMEOUT_MS),
    stats: (p.get("stats") ?? "") !== "",
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
  const step = durationParam(p, "step");
  if (!step.ok) return step;
  if (step.value === undefined) return err(invalid("step", 'cannot parse "" to a valid duration'));
  if (step.value <= 0) {
    return err(
      invalid(
        "step",
        "zero or negative query resolution step widths are not accepted. Try a positive integer",
      ),
    );
  }
  if ((end.value - start.value) / step.value > MAX_POINTS) {
    return err(
      badData(
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
      ),
    );
  }
  return ok({ startMs: start.value, endMs: end.value, stepMs: step.value });
}

async function answer(
  c: Context<AppEnv>,
  started: number,
  common: Common,
  run: () => Promise<QueryResult>,
): Promise<Response> {
  try {
    const full = await withTimeout(run(), common.timeoutMs);
    const { result, cut } = limited(full, common.limit);
    const warnings = cut ? [...full.warnings, "results truncated due to limit"] : full.warnings;
    return queryResponse(
      result,
      { warnings, infos: full.infos },
      common.stats ? statsOf(full, c.get("deps").clock() - started) : undefined,
      encodingOf(c.get("deps").config),
    );
  } catch (e) {
    const known = apiErrorOf(e);
    if (known === undefined) throw e;
    return failure(known);
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

function statsOf(r: QueryResult, ms: number): unknown {
  const total = ms / 1000;
  return {
    timings: {
      evalTotalTime: total,
      resultSortTime: 0,
      queryPreparationTime: 0,
      innerEvalTime: total,
      execQueueTime: 0,
      execTotalTime: total,
    },
    samples: { totalQueryableSamples: r.stats.totalSamples, peakSamples: r.stats.peakSamples },
  };
}
