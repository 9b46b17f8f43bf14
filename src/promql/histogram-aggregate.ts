import type { Histogram } from "../core/histogram";
import { metricName } from "../core/labels";
import type { AggregateExpr } from "./ast";
import { ABSENT, type Column, FLOAT, HISTOGRAM } from "./columns";
import { type Env, floatsOf, histogramAt, newHistograms } from "./env";
import { formatFloat } from "./format-float";
import { combined } from "./histogram-arithmetic";
import { compacted } from "./histogram-buckets";
import { histogramText } from "./histogram-text";

/** Aggregations that look at floats alone: histograms are left out, which is told. */
const FLOATS_ONLY: ReadonlySet<string> = new Set([
  "min",
  "max",
  "stddev",
  "stdvar",
  "quantile",
  "topk",
  "bottomk",
]);

/** What an aggregation may look at. Free where there are no histograms. */
export function aggregable(
  e: AggregateExpr,
  columns: readonly Column[],
  env: Env,
): readonly Column[] {
  if (!FLOATS_ONLY.has(e.op)) return columns;
  const floats = floatsOf(columns);
  if (floats !== columns)
    env.query.annotations.info(`ignored histogram in ${e.op} aggregation`, e.expr.span);
  return floats;
}

/**
 * sum or avg over members of which some hold histograms, into `kinds` and the answer: at each step
 * either floats alone, which `values` has already, or histograms alone.
 */
export function aggregateHistograms(
  e: AggregateExpr,
  members: readonly Column[],
  kinds: Uint8Array,
  env: Env,
): (Histogram | undefined)[] {
  const out = newHistograms(env);
  const { annotations } = env.query;
  for (let i = 0; i < kinds.length; i++) {
    const found: Histogram[] = [];
    let name = "";
    let floats = false;
    for (const c of members) {
      if (c.kinds[i] === FLOAT) floats = true;
      const h = histogramAt(c, i);
      if (h === undefined) continue;
      found.push(h);
      name = metricName(c.labels);
    }
    if (found.length === 0) continue;
    kinds[i] = ABSENT;
    if (floats) {
      annotations.warn("encountered a mix of histograms and floats for aggregation", e.expr.span);
      continue;
    }
    const made = combined(found, e.op === "avg");
    if (made === undefined) {
      annotations.warn(mixedSchemas(name), e.expr.span);
      continue;
    }
    if (made.resetCollision)
      annotations.warn("conflicting counter resets during histogram aggregation", e.expr.span);
    if (made.boundsReconciled)
      annotations.info("mismatched custom buckets were reconciled during aggregation", e.expr.span);
    kinds[i] = HISTOGRAM;
    out[i] = compacted(made.histogram);
  }
  return out;
}

export function mixedSchemas(name: string): string {
  return `vector contains a mix of histograms with exponential and custom buckets schemas for metric name ${JSON.stringify(name)}`;
}

/** A sample as count_values labels it; undefined where there is none. */
export function valueText(c: Column, i: number): string | undefined {
  if (c.kinds[i] === ABSENT) return undefined;
  const h = histogramAt(c, i);
  return h === undefined ? formatFloat(c.values[i] as number) : histogramText(h);
}
