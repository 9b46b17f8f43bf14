import type { Context } from "hono";
import { labelsToRecord } from "../../core/labels";
import type { ExemplarSeries } from "../../core/series";
import { parseExpr, renderParseError, selectorsOf } from "../../promql";
import type { AppEnv } from "../deps";
import { formatValue } from "./json-bytes";
import { MAX_TIME_MS, MIN_TIME_MS, optionalTimeParam, readParams } from "./params";
import { badData, failure, refusable, success } from "./respond";

/** `/api/v1/query_exemplars`: the exemplars of every series that a selector of the expression accepts. */
export async function queryExemplars(c: Context<AppEnv>): Promise<Response> {
  const params = await readParams(c);
  if (!params.ok) return failure(params.error);
  const p = params.value;
  const start = optionalTimeParam(p, "start", MIN_TIME_MS);
  if (!start.ok) return failure(start.error);
  const end = optionalTimeParam(p, "end", MAX_TIME_MS);
  if (!end.ok) return failure(end.error);
  if (end.value < start.value)
    return failure(badData("end timestamp must not be before start timestamp"));
  const expr = parseExpr(p.get("query") ?? "");
  if (!expr.ok) return failure(badData(renderParseError(expr.error)));
  const matchers = selectorsOf(expr.value).map((s) => s.matchers);
  if (matchers.length === 0) return new Response(null, { status: 204 });
  const reader = c.get("deps").metrics(c.get("actor").projectId);
  return refusable(async () =>
    success((await reader.exemplars(matchers, start.value, end.value)).map(exemplarsJson)),
  );
}

function exemplarsJson(s: ExemplarSeries): unknown {
  return {
    seriesLabels: labelsToRecord(s.seriesLabels),
    exemplars: s.exemplars.map((e) => ({
      labels: labelsToRecord(e.labels),
      value: formatValue(e.value),
      timestamp: e.timestampMs / 1000,
    })),
  };
}
