import type { Figures } from "../../core/live";
import type { Queryable } from "../../core/metric-store";
import { figureOf, type FigureDefinition, type FigureKey, NO_FIGURES } from "../../live/figures";
import { evalInstant, parseExpr, type QueryResult, renderParseError } from "../../promql";
import { batched } from "./batched";

/** Samples that one figure may hold at once; a page that ticks each second must not load millions. */
const MAX_SAMPLES = 1_000_000;

export interface ToldFigures {
  readonly figures: Figures;
  /** Which figures could not be told, and why. */
  readonly problem?: string;
}

/** Tells what PromQL does not: figures without an expression. */
export type OtherFigure = (key: FigureKey, nowMs: number) => Promise<number | null>;

/** Every figure at one time; one that fails is null and named in `problem`, the others stand. */
export async function evaluateFigures(
  metrics: Queryable,
  other: OtherFigure,
  definitions: readonly FigureDefinition[],
  nowMs: number,
): Promise<ToldFigures> {
  const together = batched(metrics);
  const answers = await Promise.allSettled(
    definitions.map(({ key, expr }) =>
      expr === undefined ? other(key, nowMs) : evaluateExpr(together, expr, nowMs),
    ),
  );
  const figures: Record<FigureKey, number | null> = { ...NO_FIGURES };
  const problems: string[] = [];
  answers.forEach((answer, i) => {
    const key = definitions[i]?.key;
    if (key === undefined) return;
    if (answer.status === "fulfilled") figures[key] = answer.value;
    else problems.push(`${key}: ${messageOf(answer.reason)}`);
  });
  return problems.length === 0 ? { figures } : { figures, problem: problems.join("; ") };
}

/** The one number of an expression at one time, or null. */
export async function evaluateExpr(
  metrics: Queryable,
  text: string,
  atMs: number,
): Promise<number | null> {
  const parsed = parseExpr(text);
  if (!parsed.ok) throw new Error(renderParseError(parsed.error));
  return figureOf(
    numbersOf(
      await evalInstant(parsed.value, { queryable: metrics, atMs, maxSamples: MAX_SAMPLES }),
    ),
  );
}

function numbersOf(result: QueryResult): readonly number[] {
  switch (result.type) {
    case "scalar":
      return [result.value];
    case "vector":
      return result.samples.map((s) => s.value);
    case "string":
    case "matrix":
      throw new Error(`a figure is one number; the expression gives a ${result.type}`);
  }
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
