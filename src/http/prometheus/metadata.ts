import type { Context } from "hono";
import { labelsToRecord } from "../../core/labels";
import type { MetricReader } from "../../core/metric-store";
import type { AppEnv } from "../deps";
import {
  MAX_TIME_MS,
  MIN_TIME_MS,
  limitParam,
  matchParams,
  optionalTimeParam,
  readParams,
} from "./params";
import { type ApiError, apiErrorOf, badData, failure, success } from "./respond";
import { type Result, ok } from "../../core/result";
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

function seriesQuestion(p: URLSearchParams): Result<SeriesQuestion, ApiError> {
  const limit = limitParam(p);
  if (!limit.ok) return limit;
  const start = optionalTimeParam(p, "start", MIN_TIME_MS);
  if (!start.ok) return start;
  const end = optionalTimeParam(p, "end", MAX_TIME_MS);
  if (!end.ok) return end;
  const matchers = matchParams(p);
  if (!matchers.ok) return matchers;
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
  try {
    const reader = c.get("deps").metrics(c.get("actor").projectId);
    const found = await ask(reader, { ...q, limit: q.limit + 1 });
    return found.length > q.limit ? success(found.slice(0, q.limit), CUT) : success(found);
  } catch (e) {
    const known = apiErrorOf(e);
    if (known === undefined) throw e;
    return failure(known);
  }
}

/** `/api/v1/series` */
export async function seriesQuery(c: Context<AppEnv>): Promise<Response> {
  const params = await readParams(c);
  if (!params.ok) return failure(params.error);
  if (!params.value.has("match[]")) return failure(badData("no match[] parameter provided"));
  const q = seriesQuestion(params.value);
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
  const name = raw.startsWith("U__") ? unescapeName(raw.slice(3)) : raw;
  if (name === "" || !name.isWellFormed())
    return failure(badData(`invalid label name: ${quote(raw)}`));
  const q = seriesQuestion(params.value);
  if (!q.ok) return failure(q.error);
  return listed(c, q.value, (r, { matchers, startMs, endMs, limit }) =>
    r.labelValues(name, matchers, startMs, endMs, limit),
  );
}

/** UTF-8 names in a path: `_2e_` is a dot, `__` an underscore (Prometheus' value escaping). */
function unescapeName(escaped: string): string {
  return escaped.replace(/__|_([0-9a-fA-F]{1,6})_/g, (whole, hex: string | undefined) => {
    if (hex === undefined) return "_";
    const code = Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** `/api/v1/metadata` */
export async function metadata(c: Context<AppEnv>): Promise<Response> {
  const params = await readParams(c);
  if (!params.ok) return failure(params.error);
  const p = params.value;
  for (const name of ["limit", "limit_per_metric"]) {
    if (!/^-?\d*$/.test(p.get(name) ?? "")) return failure(badData(`${name} must be a number`));
  }
  const limit = Number(p.get("limit") ?? 0);
  try {
    const metric = p.get("metric") ?? "";
    const reader = c.get("deps").metrics(c.get("actor").projectId);
    const found = await reader.metadata(
      metric === "" ? undefined : metric,
      limit > 0 ? limit : UNLIMITED,
    );
    return success(
      Object.fromEntries(
        found.map((m) => [m.name, [{ type: m.type, help: m.help, unit: m.unit }]]),
      ),
    );
  } catch (e) {
    const known = apiErrorOf(e);
    if (known === undefined) throw e;
    return failure(known);
  }
}
