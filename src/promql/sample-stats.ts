import type { Histogram } from "../core/histogram";
import { bitsOf, isStaleAt } from "../core/stale";
import type { Series } from "../core/series";
import type { Expr, Subquery, VectorSelector } from "./ast";
import { type Grid, timeAt } from "./columns";
import type { QueryContext } from "./env";
import type { Timing } from "./plan";
import { referenceGrid, subqueryGrid } from "./selectors";

/**
 * How many samples each step of an evaluation looks at, as Prometheus counts
 * (https://prometheus.io/docs/prometheus/latest/querying/api/#query-statistics): at an instant selector one for each
 * series, in a range all within it; what a subquery reads, at the last step. Counted apart from the evaluation, so
 * that only those pay who ask.
 */
export function samplesPerStep(e: Expr, q: QueryContext, grid: Grid): Float64Array {
  const counts = new Float64Array(grid.steps);
  new Counter(q).visit(e, grid, counts);
  return counts;
}

class Counter {
  constructor(private readonly q: QueryContext) {}

  visit(e: Expr, grid: Grid, counts: Float64Array): void {
    if (grid.steps > 1 && this.q.plan.invariant.has(e)) {
      const once = new Float64Array(1);
      this.visitParts(e, { ...grid, steps: 1 }, once);
      for (let i = 0; i < counts.length; i++)
        counts[i] = (counts[i] as number) + (once[0] as number);
    } else this.visitParts(e, grid, counts);
  }

  private visitParts(e: Expr, grid: Grid, counts: Float64Array): void {
    switch (e.kind) {
      case "number":
      case "string":
        return;
      case "paren":
      case "unary":
        return this.visit(e.expr, grid, counts);
      case "binary":
        this.visit(e.lhs, grid, counts);
        return this.visit(e.rhs, grid, counts);
      case "aggregate":
        if (e.param !== undefined) this.visit(e.param, grid, counts);
        return this.visit(e.expr, grid, counts);
      case "call": {
        const info = this.q.plan.infoSelectors.get(e);
        e.args.forEach((arg, i) => {
          if (e.func !== "info" || i === 0) this.visit(arg, grid, counts);
        });
        if (info !== undefined) this.instant(info, grid, counts);
        return;
      }
      case "vectorSelector":
        return this.instant(e, grid, counts);
      case "matrixSelector":
        return this.range(e.selector, grid, counts);
      case "subquery":
        return this.subquery(e, grid, counts);
    }
  }

  private timing(e: VectorSelector | Subquery): Timing {
    const t = this.q.plan.timings.get(e);
    if (t === undefined) throw new Error("selector was not planned");
    return t;
  }

  private series(e: VectorSelector): readonly Series[] {
    const i = this.q.plan.requestOf.get(e);
    return i === undefined ? [] : (this.q.data[i] ?? []);
  }

  private instant(e: VectorSelector, grid: Grid, counts: Float64Array): void {
    const refs = referenceGrid(this.timing(e), grid);
    for (const s of this.series(e)) {
      const ts = s.timestamps;
      const stale = bitsOf(s.values);
      let next = 0;
      for (let i = 0; i < refs.steps; i++) {
        const ref = timeAt(refs, i);
        while (next < ts.length && (ts[next] as number) <= ref) next++;
        const at = next - 1;
        if (at < 0 || (ts[at] as number) <= ref - this.q.lookbackMs || isStaleAt(stale, at))
          continue;
        counts[i] = (counts[i] as number) + weightOf(s.histograms?.[at]);
      }
    }
  }

  private range(e: VectorSelector, grid: Grid, counts: Float64Array): void {
    const t = this.timing(e);
    const refs = referenceGrid(t, grid);
    for (const s of this.series(e)) {
      const ts = s.timestamps;
      const stale = bitsOf(s.values);
      // Up to each sample, how many there are.
      const before = new Float64Array(ts.length + 1);
      for (let i = 0; i < ts.length; i++)
        before[i + 1] =
          (before[i] as number) + (isStaleAt(stale, i) ? 0 : weightOf(s.histograms?.[i]));
      let lo = 0;
      let hi = 0;
      for (let i = 0; i < refs.steps; i++) {
        const end = timeAt(refs, i);
        while (hi < ts.length && (ts[hi] as number) <= end) hi++;
        while (lo < hi && (ts[lo] as number) <= end - t.rangeMs) lo++;
        counts[i] = (counts[i] as number) + (before[hi] as number) - (before[lo] as number);
      }
    }
  }

  private subquery(e: Subquery, grid: Grid, counts: Float64Array): void {
    const t = this.timing(e);
    const inner = subqueryGrid(t, referenceGrid(t, grid));
    if (inner === undefined) return;
    const read = new Float64Array(inner.steps);
    this.visit(e.expr, inner, read);
    const last = counts.length - 1;
    counts[last] = read.reduce((a, b) => a + b, counts[last] as number);
  }
}

/** What a sample counts for: a histogram by its memory, in floats with their time (16 bytes). */
export function weightOf(h: Histogram | undefined): number {
  if (h === undefined) return 1;
  const entries =
    h.positiveSpans.length +
    h.negativeSpans.length +
    h.positiveBuckets.length +
    h.negativeBuckets.length +
    h.customValues.length;
  return Math.floor((HISTOGRAM_BYTES + 8 * entries + 8) / 16);
}

/** A float histogram without its spans and buckets, as Prometheus holds it. */
const HISTOGRAM_BYTES = 168;
