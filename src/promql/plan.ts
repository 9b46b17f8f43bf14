import { METRIC_NAME } from "../core/labels";
import type { Matcher } from "../core/matchers";
import type { SelectHints, SelectRequest } from "../core/metric-store";
import type { AtModifier, CallExpr, DurationExpr, Expr, Subquery, VectorSelector } from "./ast";
import { type DurationContext, resolveDuration } from "./durations";
import { QueryError } from "./query-error";
import { SIGNATURES } from "./signatures";

export const DEFAULT_LOOKBACK_MS = 300_000;

/** A selector's or subquery's modifiers with every duration worked out, in milliseconds. */
export interface Timing {
  readonly offsetMs: number;
  /** The fixed time of `@`. */
  readonly atMs: number | undefined;
  /** 0 for an instant selector. */
  readonly rangeMs: number;
  /** Of a subquery. */
  readonly stepMs: number;
}

export interface PlanOptions {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  readonly lookbackMs: number;
  readonly subqueryStepMs: number;
}

export interface Plan {
  readonly timings: ReadonlyMap<VectorSelector | Subquery, Timing>;
  readonly requests: readonly SelectRequest[];
  /** Which request answers a selector. */
  readonly requestOf: ReadonlyMap<VectorSelector, number>;
  /** What each call of info() selects its info series by. */
  readonly infoSelectors: ReadonlyMap<CallExpr, VectorSelector>;
  /** Expressions whose value is the same at every step. */
  readonly invariant: ReadonlySet<Expr>;
  /** Selectors of whose histograms only count and sum are looked at, resets between them found on the way. */
  readonly statistics: ReadonlySet<VectorSelector>;
}

/** Works out once what the evaluation needs to know: what to read, and what never changes between steps. */
export function planQuery(root: Expr, o: PlanOptions): Plan {
  const planner = new Planner(o);
  planner.visit(root, o.startMs, o.endMs);
  return planner;
}

/** One selector of an expression and how far around the evaluation time it reads. */
export interface SelectorReach {
  readonly matchers: readonly Matcher[];
  /** It reads samples later than evaluation time − `backMs` … */
  readonly backMs: number;
  /** … and up to evaluation time + `aheadMs` (above 0 only for a negative offset). */
  readonly aheadMs: number;
  /** With `@` the times are absolute: the selector never moves with the evaluation time. */
  readonly pinned: boolean;
}

/** The selectors of an expression, for registration and planning. */
export function selectorsOf(expr: Expr, lookbackMs: number = DEFAULT_LOOKBACK_MS): SelectorReach[] {
  const planner = new Planner({
    startMs: 0,
    endMs: 0,
    stepMs: 0,
    lookbackMs,
    subqueryStepMs: 60_000,
  });
  planner.visit(expr, 0, 0);
  return planner.reaches.map((r) => ({
    matchers: r.matchers,
    backMs: -r.startMs,
    aheadMs: Math.max(0, r.endMs),
    pinned: r.pinned,
  }));
}

/** Functions that look at the evaluation time itself, so that `@` does not make them constant. */
const TIME_DEPENDENT = new Set(
  "time timestamp predict_linear days_in_month day_of_month day_of_week day_of_year hour minute month year".split(
    " ",
  ),
);

/** What a store may answer from downsampled samples; functions of one class agree on which. Others take raw samples. */
const HINT_CLASS: ReadonlyMap<string, string> = new Map([
  ["avg_over_time", "mean"],
  ["sum_over_time", "mean"],
  ["count_over_time", "mean"],
  ["stddev_over_time", "mean"],
  ["stdvar_over_time", "mean"],
  ["min_over_time", "min"],
  ["max_over_time", "max"],
]);

const STATISTICS = new Set(["histogram_count", "histogram_sum", "histogram_avg"]);
const BUCKET_FUNCTIONS = new Set([
  "histogram_quantile",
  "histogram_quantiles",
  "histogram_fraction",
  "histogram_stddev",
  "histogram_stdvar",
]);

class Planner implements Plan {
  readonly timings = new Map<VectorSelector | Subquery, Timing>();
  readonly requests: SelectRequest[] = [];
  readonly requestOf = new Map<VectorSelector, number>();
  readonly infoSelectors = new Map<CallExpr, VectorSelector>();
  readonly invariant = new Set<Expr>();
  readonly statistics = new Set<VectorSelector>();
  readonly reaches: (SelectRequest & { readonly pinned: boolean })[] = [];
  private readonly durations: DurationContext;
  private readonly byMatchers = new Map<string, number>();
  /** The function or aggregation around what is visited, "" past an operator or subquery. */
  private func = "";
  /** The step of what is visited: the query's, or the innermost subquery's. */
  private stepMs: number;
  private forStatistics = false;

  constructor(private readonly o: PlanOptions) {
    this.durations = { stepMs: o.stepMs, rangeMs: o.endMs - o.startMs };
    this.stepMs = o.stepMs;
  }

  private visitUnder(func: string, stepMs: number, e: Expr, from: number, to: number): boolean {
    const before = [this.func, this.stepMs, this.forStatistics] as const;
    this.func = func;
    this.stepMs = stepMs;
    if (STATISTICS.has(func)) this.forStatistics = true;
    else if (BUCKET_FUNCTIONS.has(func)) this.forStatistics = false;
    const same = this.visit(e, from, to);
    [this.func, this.stepMs, this.forStatistics] = before;
    return same;
  }

  /** Plans `e` evaluated over [from, to]; says whether its value is the same at every step. */
  visit(e: Expr, from: number, to: number): boolean {
    const same = this.visitInner(e, from, to);
    if (same) this.invariant.add(e);
    return same;
  }

  private visitInner(e: Expr, from: number, to: number): boolean {
    switch (e.kind) {
      case "number":
      case "string":
        return true;
      case "paren":
      case "unary":
        return this.visit(e.expr, from, to);
      case "binary": {
        this.forStatistics = false;
        const l = this.visitUnder("", this.stepMs, e.lhs, from, to);
        const r = this.visitUnder("", this.stepMs, e.rhs, from, to);
        return l && r;
      }
      case "aggregate": {
        const p = e.param === undefined || this.visitUnder("", this.stepMs, e.param, from, to);
        return this.visitUnder(e.op, this.stepMs, e.expr, from, to) && p;
      }
      case "call": {
        let same = SIGNATURES.has(e.func) && !TIME_DEPENDENT.has(e.func);
        for (const [i, a] of e.args.entries()) {
          // The second argument of info() is read by the function itself.
          if (e.func === "info" && i === 1) same = false;
          else same = this.visitUnder(e.func, this.stepMs, a, from, to) && same;
        }
        if (e.func === "info") {
          this.infoSelector(e, from, to);
          return false;
        }
        if (e.args.length === 0 && TIME_DEPENDENT.has(e.func)) return false;
        return same;
      }
      case "vectorSelector":
        return this.selector(e, 0, from, to);
      case "matrixSelector":
        return this.selector(e.selector, this.positive(e.range), from, to);
      case "subquery": {
        const timing = this.timing(
          e,
          this.positive(e.range),
          e.step === undefined ? this.o.subqueryStepMs : this.positive(e.step),
        );
        const first = (timing.atMs ?? from) - timing.offsetMs - timing.rangeMs;
        const last = (timing.atMs ?? to) - timing.offsetMs;
        const { forStatistics } = this;
        this.forStatistics = false;
        this.visitUnder("", timing.stepMs, e.expr, first, last);
        this.forStatistics = forStatistics;
        return timing.atMs !== undefined;
      }
    }
  }

  private infoSelector(e: CallExpr, from: number, to: number): void {
    const given = e.args[1]?.kind === "vectorSelector" ? e.args[1] : undefined;
    const matchers = given?.matchers ?? [];
    const names = matchers.filter((m) => m.name === METRIC_NAME);
    // Negated names alone name no info metric: they are looked for among all that are called so.
    const negated = names.length > 0 && names.every((m) => m.type === "!=" || m.type === "!~");
    const selector: VectorSelector = {
      kind: "vectorSelector",
      name: "",
      matchers: negated
        ? [{ type: "=~", name: METRIC_NAME, value: ".+_info" }, ...matchers]
        : names.length > 0
          ? matchers
          : [{ type: "=", name: METRIC_NAME, value: "target_info" }, ...matchers],
      offset: given?.offset,
      at: given?.at,
      span: given?.span ?? e.span,
    };
    this.infoSelectors.set(e, selector);
    const { func } = this;
    this.func = e.func;
    this.selector(selector, 0, from, to);
    this.func = func;
  }

  private timing(e: VectorSelector | Subquery, rangeMs: number, stepMs: number): Timing {
    const offsetMs = e.offset === undefined ? 0 : this.resolve(e.offset);
    const timing = { offsetMs, atMs: this.at(e.at), rangeMs, stepMs };
    this.timings.set(e, timing);
    return timing;
  }

  private at(at: AtModifier | undefined): number | undefined {
    switch (at?.kind) {
      case undefined:
        return undefined;
      case "time":
        return at.ms;
      case "start":
        return this.o.startMs;
      case "end":
        return this.o.endMs;
    }
  }

  private resolve(d: DurationExpr): number {
    const ms = resolveDuration(d, this.durations);
    if (!ms.ok) throw new QueryError("bad_data", ms.error);
    return ms.value;
  }

  private positive(d: DurationExpr): number {
    const ms = this.resolve(d);
    if (ms <= 0) throw new QueryError("bad_data", "duration must be greater than 0");
    return ms;
  }

  private selector(e: VectorSelector, rangeMs: number, from: number, to: number): boolean {
    const { offsetMs, atMs } = this.timing(e, rangeMs, 0);
    const startMs = (atMs ?? from) - offsetMs - (rangeMs === 0 ? this.o.lookbackMs : rangeMs);
    const endMs = (atMs ?? to) - offsetMs;
    if (this.forStatistics) this.statistics.add(e);
    this.reaches.push({ matchers: e.matchers, startMs, endMs, pinned: atMs !== undefined });
    const hints = { func: this.func, rangeMs, stepMs: this.stepMs };
    this.requestOf.set(e, this.request({ matchers: e.matchers, startMs, endMs, hints }));
    return atMs !== undefined;
  }

  /** Selectors alike whose ranges touch are read once, where they may be answered from the same samples. */
  private request(r: SelectRequest & { readonly hints: SelectHints }): number {
    const matchers = r.matchers.map((m) => `${m.name}\xff${m.type}${m.value}`).join("\xfe");
    const key = `${r.hints.rangeMs === 0 ? "" : (HINT_CLASS.get(r.hints.func) ?? "")}\xfd${matchers}`;
    const known = this.byMatchers.get(key);
    const old = known === undefined ? undefined : this.requests[known];
    if (
      known !== undefined &&
      old?.hints !== undefined &&
      old.startMs <= r.endMs &&
      r.startMs <= old.endMs
    ) {
      this.requests[known] = {
        matchers: r.matchers,
        startMs: Math.min(old.startMs, r.startMs),
        endMs: Math.max(old.endMs, r.endMs),
        hints: {
          // Of one class, so that either name asks for the same samples.
          func:
            HINT_CLASS.has(r.hints.func) || old.hints.func === r.hints.func ? old.hints.func : "",
          rangeMs: Math.min(old.hints.rangeMs, r.hints.rangeMs),
          stepMs: Math.min(old.hints.stepMs, r.hints.stepMs),
        },
      };
      return known;
    }
    const index = this.requests.push(r) - 1;
    this.byMatchers.set(key, index);
    return index;
  }
}
