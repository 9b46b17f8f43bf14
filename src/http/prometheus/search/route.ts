import type { Context } from "hono";
import { METRIC_NAME, compareStrings } from "../../../core/labels";
import type { MetricReader } from "../../../core/metric-store";
import type { MetricMetadata } from "../../../core/series";
import type { AppEnv } from "../../deps";
import { readParams } from "../params";
import { badData, failure, refusable } from "../respond";
import { type SearchQuestion, searchQuestion } from "./question";
import { scorer } from "./score";

/** Names or values that are looked through. */
const MAX_SEARCHED = 200_000;

interface Found {
  readonly name: string;
  readonly score: number;
}

/** `/api/v1/search/metric_names` */
export function searchMetricNames(c: Context<AppEnv>): Promise<Response> {
  return search(c, (r, q) =>
    r.labelValues(METRIC_NAME, q.matchers, q.startMs, q.endMs, MAX_SEARCHED),
  );
}

/** `/api/v1/search/label_names` */
export function searchLabelNames(c: Context<AppEnv>): Promise<Response> {
  return search(c, (r, q) => r.labelNames(q.matchers, q.startMs, q.endMs, MAX_SEARCHED));
}

/** `/api/v1/search/label_values` */
export function searchLabelValues(c: Context<AppEnv>): Promise<Response> {
  return search(c, (r, q, p) => {
    const label = p.get("label") ?? "";
    return label === ""
      ? undefined
      : r.labelValues(label, q.matchers, q.startMs, q.endMs, MAX_SEARCHED);
  });
}

/** Lines of JSON: batches of results, then how it ended. `candidates` gives nothing where the label is missing. */
async function search(
  c: Context<AppEnv>,
  candidates: (
    r: MetricReader,
    q: SearchQuestion,
    p: URLSearchParams,
  ) => Promise<string[]> | undefined,
): Promise<Response> {
  const params = await readParams(c);
  if (!params.ok) return failure(params.error);
  const deps = c.get("deps");
  const question = searchQuestion(params.value, deps.clock());
  if (!question.ok) return failure(question.error);
  const q = question.value;
  const reader = deps.metrics(c.get("actor").projectId);
  return refusable(async () => {
    const all = await candidates(reader, q, params.value);
    if (all === undefined) return failure(badData('missing required parameter "label"'));
    const found = ranked(all, q);
    const described = q.includeMetadata ? await metadataOf(reader) : undefined;
    const shown = found.slice(0, q.limit);
    let body = "";
    for (let i = 0; i < Math.max(shown.length, 1); i += q.batchSize) {
      const results = shown.slice(i, i + q.batchSize).map(({ name, score }) => ({
        name,
        ...(q.includeScore ? { score } : {}),
        ...described?.get(name),
      }));
      body += `${JSON.stringify({ results })}\n`;
    }
    body += `${JSON.stringify({ status: "success", has_more: found.length > q.limit })}\n`;
    return new Response(body, {
      headers: { "content-type": "application/x-ndjson; charset=utf-8" },
    });
  });
}

function ranked(all: readonly string[], q: SearchQuestion): Found[] {
  const scoreOf = scorer(q.terms);
  const found: Found[] = [];
  for (const name of all) {
    const score = scoreOf(name);
    if (score !== undefined) found.push({ name, score });
  }
  switch (q.order) {
    case "ascending":
      return found;
    case "descending":
      return found.toReversed();
    case "score":
      return found.sort((a, b) => b.score - a.score || compareStrings(a.name, b.name));
  }
}

async function metadataOf(
  reader: MetricReader,
): Promise<ReadonlyMap<string, Pick<MetricMetadata, "type" | "help" | "unit">>> {
  const list = await reader.metadata(undefined, MAX_SEARCHED);
  return new Map(list.map(({ name, type, help, unit }) => [name, { type, help, unit }]));
}
