import type { Context } from "hono";
import { labelsToRecord } from "../../core/labels";
import type { MetricReader } from "../../core/metric-store";
import type { AppEnv } from "../deps";
import {
  MAX_TIME_MS,
  MIN_TIME_MS,
  atoi,
  invalid,
  limitParam,
  matchParams,
  optionalTimeParam,
  readParams,
} from "./params";
import { type ApiError, badData, failure, refusable, success } from "./respond";
import { type Result, err, ok } from "../../core/result";
import type { Matcher } from "../../core/matchers";
import { quote } from "../../promql/quoting";

/** What "no limit" is to a reader. */
const UNLIMITED = 2 ** 31 - 2;
const CUT = { warnings: ["results truncated due to limit"] };

interface SeriesQuestion {
  readonly matchers: Matcher[][];
  readonly startMs: number;
  readonly endMs: number;
  /** At least 1. */
  readonly limit: number;
}

/** `refused`: what a wrong selector is told as. */
function seriesQuestion(
  p: URLSearchParams,
  refused: (why: string) => ApiError = badData,
): Result<SeriesQuestion, ApiError> {
  const limit = limitParam(p);
  if (!limit.ok) return limit;
  const start = optionalTimeParam(p, "start", MIN_TIME_MS);
  if (!start.ok) return start;
  const end = optionalTimeParam(p, "end", MAX_TIME_MS);
  if (!end.ok) return end;
  const matchers = matchParams(p);
  if (!matchers.ok) return err(refused(matchers.error));
  return ok({
    matchers: matchers.value,
    startMs: start.value,
    endMs: end.value,
    limit: limit.value === 0 ? UNLIMITED : limit.value,
  });
}

/** Asks for one more than the limit, to know whether there is more. */
async function listed<T>(
  c: Context<AppEnv>,
  q: SeriesQuestion,
  ask: (r: MetricReader, q: SeriesQuestion) => Promise<T[]>,
): Promise<Response> {
  return refusable(async () => {
    const reader = c.get("deps").metrics(c.get("actor").projectId);
    const found = await ask(reader, { ...q, limit: q.limit + 1 });
    return found.length > q.limit ? success(found.slice(0, q.limit), CUT) : success(found);
  });
}

/** `/api/v1/series` */
export async function seriesQuery(c: Context<AppEnv>): Promise<Response> {
  const params = await readParams(c);
  if (!params.ok) return failure(params.error);
  if (!params.value.has("match[]")) return failure(badData("no match[] parameter provided"));
  const q = seriesQuestion(params.value, (why) => invalid("match[]", why));
  if (!q.ok) return failure(q.error);
  return listed(c, q.value, async (r, { matchers, startMs, endMs, limit }) =>
    (await r.series(matchers, startMs, endMs, limit)).map(labelsToRecord),
  );
}

/** `/api/v1/labels` */
export async function labelNames(c: Context<AppEnv>): Promise<Response> {
  const params = await readParams(c);
  if (!params.ok) return failure(params.error);
  const q = seriesQuestion(params.value);
  if (!q.ok) return failure(q.error);
  return listed(c, q.value, (r, { matchers, startMs, endMs, limit }) =>
    r.labelNames(matchers, startMs, endMs, limit),
  );
}

/** `/api/v1/label/<name>/values` */
export async function labelValues(c: Context<AppEnv>): Promise<Response> {
  const params = await readParams(c);
  if (!params.ok) return failure(params.error);
  const raw = c.req.param("name") ?? "";
  const name = unescapeName(raw);
  if (name === "" || !name.isWellFormed())
    return failure(badData(`invalid label name: ${quote(raw)}`));
  const q = seriesQuestion(params.value);
  if (!q.ok) return failure(q.error);
  return listed(c, q.value, (r, { matchers, startMs, endMs, limit }) =>
    r.labelValues(name, matchers, startMs, endMs, limit),
  );
}

/**
 * UTF-8 names in a path: `_2e_` is a dot, `__` an underscore (Prometheus' value escaping). A name that
 * is no such escaping stands for itself.
 */
export function unescapeName(name: string): string {
  if (!name.startsWith("U__")) return name;
  const escaped = name.slice(3);
  if (escaped.replaceAll(/__|_[0-9a-fA-F]{1,6}_/g, "").includes("_")) return name;
  let valid = true;
  const text = escaped.replaceAll(/__|_([0-9a-fA-F]{1,6})_/g, (_, hex: string | undefined) => {
    if (hex === undefined) return "_";
    const code = Number.parseInt(hex, 16);
    valid &&= code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return valid ? String.fromCodePoint(code) : "";
  });
  return valid ? text : name;
}

/** `/api/v1/metadata` */
export async function metadata(c: Context<AppEnv>): Promise<Response> {
  const params = await readParams(c);
  if (!params.ok) return failure(params.error);
  const p = params.value;
  const [limit, perMetric] = ["limit", "limit_per_metric"].map((name) => {
    const text = p.get(name) ?? "";
    return text === "" ? ok(-1) : atoi(text);
  });
  if (limit?.ok !== true) return failure(badData("limit must be a number"));
  if (perMetric?.ok !== true) return failure(badData("limit_per_metric must be a number"));
  // Nought is a limit; less than that is none. A metric has one entry here, so that the other limit cuts nothing.
  if (limit.value === 0) return success({});
  return refusable(async () => {
    const metric = p.get("metric") ?? "";
    const reader = c.get("deps").metrics(c.get("actor").projectId);
    const found = await reader.metadata(
      metric === "" ? undefined : metric,
      limit.value > 0 ? limit.value : UNLIMITED,
    );
    return success(
      Object.fromEntries(
        found.map((m) => [m.name, [{ type: m.type, help: m.help, unit: m.unit }]]),
      ),
    );
  });
}
