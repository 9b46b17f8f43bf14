import type { Histogram } from "../core/histogram";
import { parseHistogram } from "../core/histogram-notation";
import { type Labels, labelsFromPairs } from "../core/labels";
import { type Result, err, ok } from "../core/result";
import { HistogramSum } from "./histogram-sum";
import { parseExpr } from "./parser";

/** One point of a described series; of a native histogram also how the first of its run is written. */
export type DescribedPoint =
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "gap" }
  | { readonly kind: "stale" }
  | { readonly kind: "histogram"; readonly text: string; readonly histogram: Histogram };

export interface SeriesDescription {
  readonly labels: Labels;
  readonly points: readonly DescribedPoint[];
}

const MAX_POINTS = 1_000_000;
const NUMBER = String.raw`[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|nan)`;
const FLOAT_ITEM = new RegExp(`^(${NUMBER})(?:([+-])(${NUMBER})x(\\d+)|x(\\d+))?$`, "i");

/**
 * `name{a="b"} 1 2+3x2 _ stale`: a series and its points in the notation of
 * Prometheus' unit tests
 * (https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series).
 */
export function parseSeriesDescription(line: string): Result<SeriesDescription, string> {
  const split = headEnd(line);
  const labels = parseLabelSet(line.slice(0, split));
  if (!labels.ok) return labels;
  const points = parsePoints(line.slice(split));
  return points.ok ? ok({ labels: labels.value, points: points.value }) : points;
}

/** Where the label set ends and the points begin. */
function headEnd(line: string): number {
  let i = 0;
  while (i < line.length && !/[\s{]/.test(line[i] as string)) i++;
  if (line[i] !== "{") return i;
  let quoted = "";
  for (; i < line.length; i++) {
    const c = line[i] as string;
    if (quoted !== "") {
      if (c === "\\" && quoted !== "`") i++;
      else if (c === quoted) quoted = "";
    } else if (c === '"' || c === "'" || c === "`") quoted = c;
    else if (c === "}") return i + 1;
  }
  return i;
}

/** A label set written as a selector with `=` matchers alone. */
export function parseLabelSet(text: string): Result<Labels, string> {
  const head = text.trim();
  if (head === "" || /^\{\s*\}$/.test(head)) return ok([]);
  const parsed = parseExpr(head);
  if (!parsed.ok) return err(`${head}: ${parsed.error.message}`);
  const e = parsed.value;
  if (e.kind !== "vectorSelector" || e.matchers.some((m) => m.type !== "="))
    return err(`not a series: ${head}`);
  return ok(labelsFromPairs(e.matchers.map((m) => [m.name, m.value] as const)));
}

export function parsePoints(text: string): Result<DescribedPoint[], string> {
  const out: DescribedPoint[] = [];
  for (const item of text.match(/\{\{[^}]*\}\}(?:[+-]\{\{[^}]*\}\})?(?:x\d+)?|\S+/g) ?? []) {
    const problem = item.startsWith("{{") ? pushHistograms(item, out) : pushItem(item, out);
    if (problem !== undefined) return err(problem);
    if (out.length > MAX_POINTS) return err(`more than ${MAX_POINTS} points in a series`);
  }
  return ok(out);
}

function pushItem(item: string, out: DescribedPoint[]): string | undefined {
  const gap = /^_(?:x(\d+))?$/.exec(item);
  if (gap !== null) {
    for (let n = Number(gap[1] ?? 1); n > 0; n--) out.push({ kind: "gap" });
    return undefined;
  }
  if (item === "stale") {
    out.push({ kind: "stale" });
    return undefined;
  }
  const m = FLOAT_ITEM.exec(item);
  if (m === null) return `not a value: ${item}`;
  const [, start = "", sign, stepText, stepped, same] = m;
  const step = stepText === undefined ? 0 : (sign === "-" ? -1 : 1) * parseNumber(stepText);
  const times = Number(stepped ?? same ?? 0);
  if (times > MAX_POINTS) return `more than ${MAX_POINTS} points in a series`;
  let value = parseNumber(start);
  // Added up, not multiplied, as Prometheus expands it.
  for (let i = 0; i <= times; i++, value += step) out.push({ kind: "float", value });
  return undefined;
}

function pushHistograms(item: string, out: DescribedPoint[]): string | undefined {
  const m = /^(\{\{[^}]*\}\})(?:([+-])(\{\{[^}]*\}\})x(\d+)|x(\d+))?$/.exec(item);
  if (m === null) return `not a histogram: ${item}`;
  const [, text = "", sign, stepText, stepped, same] = m;
  const times = Number(stepped ?? same ?? 0);
  if (out.length + times > MAX_POINTS) return `more than ${MAX_POINTS} points in a series`;
  const first = parseHistogram(text);
  if (!first.ok) return first.error;
  const step = stepText === undefined ? undefined : parseHistogram(stepText);
  if (step?.ok === false) return step.error;
  let histogram = first.value;
  for (let i = 0; i <= times; i++) {
    out.push({ kind: "histogram", text, histogram });
    if (step === undefined) continue;
    const sum = new HistogramSum(histogram);
    if (!sum.add(step.value, sign === "-" ? -1 : 1))
      return "a histogram of custom buckets and one of exponential ones cannot be added";
    histogram = sum.result();
  }
  return undefined;
}

/** A number as PromQL writes it, `Inf` and `NaN` included. */
export function parseNumber(text: string): number {
  const lower = text.toLowerCase();
  const negative = lower.startsWith("-");
  const body = lower.replace(/^[+-]/, "");
  const value = body === "inf" ? Infinity : body === "nan" ? Number.NaN : Number(body);
  return negative ? -value : value;
}
