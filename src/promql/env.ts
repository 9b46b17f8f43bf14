import type { Histogram } from "../core/histogram";
import type { Series } from "../core/series";
import type { Annotations } from "./annotations";
import type { Expr } from "./ast";
import { ABSENT, type Column, FLOAT, type Grid, HISTOGRAM, type Value } from "./columns";
import type { Plan } from "./plan";
import { QueryError, TOO_MANY_SAMPLES } from "./query-error";

/** How often samples may be read in windows before a query counts as timed out: some seconds of work. */
const MAX_VISITS = 1_000_000_000;

/**
 * Counts the samples held at once, and ends a query that would hold too many. It
 * counts their reading too: the clock of a Worker stands still while it computes,
 * so that time itself cannot be looked at.
 */
export class SampleBudget {
  held = 0;
  peak = 0;
  visitsLeft: number;
  constructor(
    readonly max: number,
    maxVisits: number = MAX_VISITS,
  ) {
    this.visitsLeft = Math.min(maxVisits, MAX_VISITS);
  }

  /** Before anything is made of `samples` samples. */
  foresee(samples: number): void {
    if (!(samples <= this.max)) throw new QueryError("execution", TOO_MANY_SAMPLES);
  }

  timedOut(): never {
    throw new QueryError("timeout", "query timed out in expression evaluation");
  }

  take(samples: number): void {
    this.held += samples;
    if (this.held > this.peak) this.peak = this.held;
    if (this.held > this.max) throw new QueryError("execution", TOO_MANY_SAMPLES);
  }
}

/** What stays the same through one query. */
export interface QueryContext {
  readonly plan: Plan;
  /** Answers to `plan.requests`. */
  readonly data: readonly (readonly Series[])[];
  readonly lookbackMs: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  /** A range query's values are sorted by labels, so that sort() has no effect in it. */
  readonly isRange: boolean;
  readonly annotations: Annotations;
  readonly budget: SampleBudget;
}

/** One evaluation: the query and the times it is asked for (a subquery has its own). */
export interface Env {
  readonly query: QueryContext;
  readonly grid: Grid;
  readonly evaluate: (e: Expr, env: Env) => Value;
}

export function scalarOf(e: Expr, env: Env): Float64Array {
  const v = env.evaluate(e, env);
  if (v.type !== "scalar") throw new Error(`expected a scalar, got ${v.type}`);
  return v.values;
}

export function vectorOf(e: Expr, env: Env): readonly Column[] {
  const v = env.evaluate(e, env);
  if (v.type !== "vector") throw new Error(`expected a vector, got ${v.type}`);
  return v.columns;
}

export function stringOf(e: Expr, env: Env): string {
  const v = env.evaluate(e, env);
  if (v.type !== "string") throw new Error(`expected a string, got ${v.type}`);
  return v.value;
}

/** A fresh value array, charged to the query's budget. */
export function newValues(env: Env): Float64Array {
  env.query.budget.take(env.grid.steps);
  return new Float64Array(env.grid.steps);
}

/** A fresh array for histograms, charged to the query's budget. */
export function newHistograms(env: Env): (Histogram | undefined)[] {
  env.query.budget.take(env.grid.steps);
  return Array.from({ length: env.grid.steps }, () => undefined);
}

/** Every column of floats through `f`, in place of its values; the metric name is marked to go. Histograms go. */
export function mapValues(
  columns: readonly Column[],
  env: Env,
  f: (x: number, step: number) => number,
): Column[] {
  return floatsOf(columns).map((c) => {
    const values = newValues(env);
    for (let i = 0; i < values.length; i++)
      if (c.kinds[i] === FLOAT) values[i] = f(c.values[i] as number, i);
    return { labels: c.labels, dropName: true, kinds: c.kinds, values };
  });
}

/** The columns without their histograms; the same list where there are none. */
export function floatsOf(columns: readonly Column[]): readonly Column[] {
  if (!hasHistograms(columns)) return columns;
  return columns
    .map((c): Column => {
      if (c.histograms === undefined) return c;
      const kinds = c.kinds.map((k) => (k === FLOAT ? FLOAT : ABSENT));
      return { ...c, kinds, histograms: undefined };
    })
    .filter((c) => !isEmpty(c.kinds));
}

export function hasHistograms(columns: readonly Column[]): boolean {
  return columns.some((c) => c.histograms !== undefined);
}

/** The histogram at a step, where one stands there. */
export function histogramAt(c: Column, i: number): Histogram | undefined {
  return c.kinds[i] === HISTOGRAM ? c.histograms?.[i] : undefined;
}

export function isEmpty(kinds: Uint8Array): boolean {
  for (let i = 0; i < kinds.length; i++) if (kinds[i] !== ABSENT) return false;
  return true;
}
