import { KahanSum } from "./columns";
import { QueryError } from "./query-error";

/** A window over one series: samples lo ≤ i < hi, at least one. One object serves every window of a query. */
export class Window {
  timestamps: Float64Array = new Float64Array(0);
  values: Float64Array = new Float64Array(0);
  lo = 0;
  hi = 0;
  /** The step's evaluation time, which an `@` modifier does not move. */
  evalMs = 0;
  /** Set by a kernel that has no value to give. */
  absent = false;
}

/** Computes one window; `p` and `q` are the function's scalar arguments at this step. */
export type Kernel = (w: Window, p: number, q: number) => number;

const kahan = new KahanSum();
const kahan2 = new KahanSum();

/*
 * The two sums below run for every sample of every window, so they keep Neumaier's
 * compensated sum (KahanSum) in local variables.
 */
export const sumOverTime: Kernel = (w) => {
  const vs = w.values;
  let sum = 0;
  let comp = 0;
  for (let i = w.lo; i < w.hi; i++) {
    const x = vs[i] as number;
    const t = sum + x;
    if (t === Infinity || t === -Infinity) comp = 0;
    else if (Math.abs(sum) >= Math.abs(x)) comp += sum - t + x;
    else comp += x - t + sum;
    sum = t;
  }
  return sum + comp;
};

export const avgOverTime: Kernel = (w) => {
  const vs = w.values;
  const count = w.hi - w.lo;
  let sum = 0;
  let comp = 0;
  for (let i = w.lo; i < w.hi; i++) {
    const x = vs[i] as number;
    const t = sum + x;
    if (t === Infinity || t === -Infinity) {
      // The sum overflows: go on with a running mean. A first sample may be infinite itself.
      if (i > w.lo) return runningMean(w, i, sum, comp);
      comp = 0;
    } else if (Math.abs(sum) >= Math.abs(x)) comp += sum - t + x;
    else comp += x - t + sum;
    sum = t;
  }
  return sum / count + comp / count;
};

/** The mean of the window, given the compensated sum of its samples before `from`. */
function runningMean(w: Window, from: number, sum: number, comp: number): number {
  let count = from - w.lo;
  kahan.reset(sum / count, comp / count);
  for (let i = from; i < w.hi; i++) {
    count++;
    const share = (count - 1) / count;
    kahan.reset(share * kahan.sum, share * kahan.comp);
    kahan.add((w.values[i] as number) / count);
  }
  return kahan.total;
}

export const countOverTime: Kernel = (w) => w.hi - w.lo;
export const presentOverTime: Kernel = () => 1;
export const firstOverTime: Kernel = (w) => w.values[w.lo] as number;
export const lastOverTime: Kernel = (w) => w.values[w.hi - 1] as number;
export const tsOfFirst: Kernel = (w) => (w.timestamps[w.lo] as number) / 1000;
export const tsOfLast: Kernel = (w) => (w.timestamps[w.hi - 1] as number) / 1000;

function extremeIndex(w: Window, beats: (x: number, best: number) => boolean): number {
  let best = w.lo;
  for (let i = w.lo + 1; i < w.hi; i++) {
    const b = w.values[best] as number;
    if (Number.isNaN(b) || beats(w.values[i] as number, b)) best = i;
  }
  return best;
}

export const maxOverTime: Kernel = (w) => {
  let max = w.values[w.lo] as number;
  for (let i = w.lo + 1; i < w.hi; i++) {
    const x = w.values[i] as number;
    if (x > max || max !== max) max = x;
  }
  return max;
};

export const minOverTime: Kernel = (w) => {
  let min = w.values[w.lo] as number;
  for (let i = w.lo + 1; i < w.hi; i++) {
    const x = w.values[i] as number;
    if (x < min || min !== min) min = x;
  }
  return min;
};

export const tsOfMax: Kernel = (w) =>
  (w.timestamps[extremeIndex(w, (x, best) => x >= best)] as number) / 1000;
export const tsOfMin: Kernel = (w) =>
  (w.timestamps[extremeIndex(w, (x, best) => x <= best)] as number) / 1000;

export const stdvarOverTime: Kernel = (w) => {
  let count = 0;
  kahan.reset();
  kahan2.reset();
  for (let i = w.lo; i < w.hi; i++) {
    const x = w.values[i] as number;
    count++;
    const delta = x - kahan.total;
    kahan.add(delta / count);
    kahan2.add(delta * (x - kahan.total));
  }
  return kahan2.total / count;
};

export const stddevOverTime: Kernel = (w, p, q) => Math.sqrt(stdvarOverTime(w, p, q));

export const changes: Kernel = (w) => {
  let n = 0;
  let prev = w.values[w.lo] as number;
  for (let i = w.lo + 1; i < w.hi; i++) {
    const x = w.values[i] as number;
    if (x !== prev && !(Number.isNaN(x) && Number.isNaN(prev))) n++;
    prev = x;
  }
  return n;
};

export const resets: Kernel = (w) => {
  let n = 0;
  for (let i = w.lo + 1; i < w.hi; i++)
    if ((w.values[i] as number) < (w.values[i - 1] as number)) n++;
  return n;
};

function instantChange(w: Window, isRate: boolean): number {
  if (w.hi - w.lo < 2) {
    w.absent = true;
    return 0;
  }
  const last = w.values[w.hi - 1] as number;
  const prev = w.values[w.hi - 2] as number;
  const ms = (w.timestamps[w.hi - 1] as number) - (w.timestamps[w.hi - 2] as number);
  if (!isRate) return last - prev;
  // After a reset the counter has risen from zero.
  return (last < prev ? last : last - prev) / (ms / 1000);
}

export const irate: Kernel = (w) => instantChange(w, true);
export const idelta: Kernel = (w) => instantChange(w, false);

const line = { slope: 0, intercept: 0 };
const sums = { x: new KahanSum(), y: new KahanSum(), xy: new KahanSum(), x2: new KahanSum() };

/** Least squares through the window; x is seconds since `originMs`. */
function regress(w: Window, originMs: number): typeof line {
  const y0 = w.values[w.lo] as number;
  let constant = true;
  const n = w.hi - w.lo;
  sums.x.reset();
  sums.y.reset();
  sums.xy.reset();
  sums.x2.reset();
  for (let i = w.lo; i < w.hi; i++) {
    const y = w.values[i] as number;
    if (y !== y0) constant = false;
    const x = ((w.timestamps[i] as number) - originMs) / 1000;
    sums.x.add(x);
    sums.y.add(y);
    sums.xy.add(x * y);
    sums.x2.add(x * x);
  }
  if (constant) {
    line.slope = Number.isFinite(y0) ? 0 : Number.NaN;
    line.intercept = Number.isFinite(y0) ? y0 : Number.NaN;
    return line;
  }
  const x = sums.x.total;
  const y = sums.y.total;
  const cov = sums.xy.total - (x * y) / n;
  const variance = sums.x2.total - (x * x) / n;
  line.slope = cov / variance;
  line.intercept = y / n - (line.slope * x) / n;
  return line;
}

export const deriv: Kernel = (w) => {
  if (w.hi - w.lo < 2) {
    w.absent = true;
    return 0;
  }
  return regress(w, w.timestamps[w.lo] as number).slope;
};

export const predictLinear: Kernel = (w, seconds) => {
  if (w.hi - w.lo < 2) {
    w.absent = true;
    return 0;
  }
  const { slope, intercept } = regress(w, w.evalMs);
  return slope * seconds + intercept;
};

/** Go's `%f`. */
function fixed(n: number): string {
  return Number.isFinite(n) ? n.toFixed(6) : n > 0 ? "+Inf" : "-Inf";
}

/** Holt's linear smoothing; `sf` smooths the level, `tf` the trend. */
export const doubleExponentialSmoothing: Kernel = (w, sf, tf) => {
  // A NaN passes, as it does in Prometheus, and makes every value NaN.
  if (sf <= 0 || sf >= 1)
    throw new QueryError(
      "execution",
      `invalid smoothing factor. Expected: 0 < sf < 1, got: ${fixed(sf)}`,
    );
  if (tf <= 0 || tf >= 1)
    throw new QueryError(
      "execution",
      `invalid trend factor. Expected: 0 < tf < 1, got: ${fixed(tf)}`,
    );
  if (w.hi - w.lo < 2) {
    w.absent = true;
    return 0;
  }
  let before = 0;
  let level = w.values[w.lo] as number;
  let trend = (w.values[w.lo + 1] as number) - level;
  for (let i = w.lo + 1; i < w.hi; i++) {
    if (i > w.lo + 1) trend = tf * (level - before) + (1 - tf) * trend;
    const next = sf * (w.values[i] as number) + (1 - sf) * (level + trend);
    before = level;
    level = next;
  }
  return level;
};

/** φ-quantile by linear interpolation over the first `n` values, sorted; NaN counts as the smallest. */
export function quantileOf(q: number, sorted: Float64Array, n: number = sorted.length): number {
  if (n === 0 || q !== q) return Number.NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const rank = q * (n - 1);
  const lower = Math.floor(rank);
  const upper = Math.min(n - 1, lower + 1);
  const weight = rank - lower;
  return (sorted[lower] as number) * (1 - weight) + (sorted[upper] as number) * weight;
}

/** Sorts in place, rising, NaN first (a typed array's own sort puts it last). */
export function sortNanFirst(values: Float64Array): Float64Array {
  values.sort();
  const n = values.length;
  let nans = 0;
  while (nans < n && Number.isNaN(values[n - 1 - nans] as number)) nans++;
  if (nans > 0 && nans < n) {
    values.copyWithin(nans, 0, n - nans);
    values.fill(Number.NaN, 0, nans);
  }
  return values;
}

/** The `p`-quantile of one window by itself; quantileColumn slides over many. */
export const quantileKernel: Kernel = (w, p) =>
  quantileOf(p, sortNanFirst(w.values.slice(w.lo, w.hi)));

/** Median absolute deviation. */
export const madOverTime: Kernel = (w) => {
  const sorted = sortNanFirst(w.values.slice(w.lo, w.hi));
  if (Number.isNaN(sorted[0] as number)) return Number.NaN;
  const median = quantileOf(0.5, sorted);
  for (let i = 0; i < sorted.length; i++) sorted[i] = Math.abs((sorted[i] as number) - median);
  return quantileOf(0.5, sortNanFirst(sorted));
};
