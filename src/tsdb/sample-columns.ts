import type { Histogram } from "../core/histogram";
import { encodeHistogram } from "../core/histogram-bytes";
import { isHistogramAt, markHistogram } from "./histogram-mark";

/** Decoded samples as two columns, with views over the values so that a NaN's bits can move as integers or bytes. */
export class SampleColumns {
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly bits: Uint32Array;
  readonly bytes: Uint8Array;
  /** Only where some samples stand for several: for how many, 0 where for itself alone. */
  weights: Float64Array | undefined;
  /** What the samples that are histograms (histogram-mark.ts) point to. Rows move, this list does not. */
  readonly histograms: Histogram[] = [];

  constructor(size: number) {
    this.times = new Float64Array(size);
    this.values = new Float64Array(size);
    this.bits = new Uint32Array(this.values.buffer);
    this.bytes = new Uint8Array(this.values.buffer);
  }

  /** The weights, made where there were none. */
  weigh(): Float64Array {
    return (this.weights ??= new Float64Array(this.times.length));
  }
}

/** Makes row `i` a histogram. */
export function setHistogram(columns: SampleColumns, i: number, h: Histogram): void {
  markHistogram(columns.bits, i, columns.histograms.push(h) - 1);
}

/** The histogram of row `i`; undefined where it is a float. */
export function histogramAt(columns: SampleColumns, i: number): Histogram | undefined {
  return isHistogramAt(columns.bits, i)
    ? columns.histograms[columns.bits[2 * i] as number]
    : undefined;
}

/** Whether row `i` of one and row `k` of the other have the same value: of floats bit for bit. */
export function sameValue(a: SampleColumns, i: number, b: SampleColumns, k: number): boolean {
  const x = histogramAt(a, i);
  const y = histogramAt(b, k);
  if (x !== undefined && y !== undefined) return sameBytes(encodeHistogram(x), encodeHistogram(y));
  if (x !== undefined || y !== undefined) return false;
  return a.bits[2 * i] === b.bits[2 * k] && a.bits[2 * i + 1] === b.bits[2 * k + 1];
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((v, i) => v === b[i]);
}

/** Sorts samples from..to by time; of a repeated time the first stays. Gives the new end. */
export function sortAndDedupe(columns: SampleColumns, from: number, to: number): number {
  const { times, bits, weights } = columns;
  const order = Array.from({ length: to - from }, (_, i) => from + i).sort(
    (x, y) => (times[x] as number) - (times[y] as number) || x - y,
  );
  const t = order.map((i) => times[i] as number);
  const lo = order.map((i) => bits[2 * i] as number);
  const hi = order.map((i) => bits[2 * i + 1] as number);
  const weight = weights && order.map((i) => weights[i] as number);
  let at = from;
  for (let i = 0; i < order.length; i++) {
    if (i > 0 && t[i] === t[i - 1]) continue;
    times[at] = t[i] as number;
    bits[2 * at] = lo[i] as number;
    bits[2 * at + 1] = hi[i] as number;
    if (weight !== undefined) (weights as Float64Array)[at] = weight[i] as number;
    at++;
  }
  return at;
}

/** Closes up the first `count` samples to those that `keep` accepts; gives how many are left. */
export function keepRows(
  columns: SampleColumns,
  count: number,
  keep: (row: number) => boolean,
): number {
  let at = 0;
  for (let i = 0; i < count; i++) if (keep(i)) copyRow(columns, i, at++);
  return at;
}

/** Puts sample `from` in the place of sample `to` of the same columns. */
export function copyRow(columns: SampleColumns, from: number, to: number): void {
  if (from === to) return;
  columns.times[to] = columns.times[from] as number;
  columns.bits[2 * to] = columns.bits[2 * from] as number;
  columns.bits[2 * to + 1] = columns.bits[2 * from + 1] as number;
  if (columns.weights !== undefined) columns.weights[to] = columns.weights[from] as number;
}
