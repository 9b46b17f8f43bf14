import type { Histogram } from "../core/histogram";
import type { Labels } from "../core/labels";

/** What stands at one step of a column. */
export const ABSENT = 0;
export const FLOAT = 1;
export const HISTOGRAM = 2;

/** Native histograms side by side with values; only where there are any. */
export type Histograms = readonly (Histogram | undefined)[];

/**
 * One output series over every step of the evaluation: `values[i]` holds where
 * `kinds[i]` is not ABSENT. Columns are immutable once returned, so that
 * operators may share `kinds` and `labels`.
 */
export interface Column {
  readonly labels: Labels;
  /** The metric name goes when the query ends (or a label function asks for it before). */
  readonly dropName: boolean;
  readonly kinds: Uint8Array;
  readonly values: Float64Array;
  /** `histograms[i]` holds where `kinds[i]` is HISTOGRAM. A column of floats alone has none, so that it pays for none. */
  readonly histograms?: Histograms | undefined;
}

/** Evaluation times: startMs, startMs + stepMs, …; `stepMs` is 0 where there is one. */
export interface Grid {
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
}

export type Value =
  | { readonly type: "scalar"; readonly values: Float64Array }
  | { readonly type: "vector"; readonly columns: readonly Column[] }
  | { readonly type: "string"; readonly value: string };

export function timeAt(grid: Grid, i: number): number {
  return grid.startMs + i * grid.stepMs;
}

/** Neumaier's compensated sum over two accumulators: `sum[i] + comp[i]` is the total. */
export function kahanAdd(sum: Float64Array, comp: Float64Array, i: number, x: number): void {
  const s = sum[i] as number;
  const t = s + x;
  sum[i] = t;
  if (t === Infinity || t === -Infinity) comp[i] = 0;
  else if (Math.abs(s) >= Math.abs(x)) comp[i] = (comp[i] as number) + (s - t + x);
  else comp[i] = (comp[i] as number) + (x - t + s);
}

/** A running compensated sum. */
export class KahanSum {
  sum = 0;
  comp = 0;

  reset(sum = 0, comp = 0): void {
    this.sum = sum;
    this.comp = comp;
  }

  add(x: number): void {
    const s = this.sum;
    const t = s + x;
    this.sum = t;
    if (t === Infinity || t === -Infinity) this.comp = 0;
    else if (Math.abs(s) >= Math.abs(x)) this.comp += s - t + x;
    else this.comp += x - t + s;
  }

  get total(): number {
    return this.sum + this.comp;
  }
}
