import { KahanSum } from "./columns";
import type { Kernel, Window } from "./window-kernels";

/**
 * What averages, sums and counts make of downsampled samples: each value is the mean of
 * `weights[i]` raw ones, so that sums and counts are those of the raw samples and the spread
 * is that between the means. Functions not named here look at the values alone.
 */
export function weightedKernel(func: string, weights: Float64Array): Kernel | undefined {
  switch (func) {
    case "count_over_time":
      return (w) => totalWeight(w, weights);
    case "sum_over_time":
      return (w) => weightedSum(w, weights);
    case "avg_over_time":
      return (w) => weightedMean(w, weights);
    case "stdvar_over_time":
      return (w) => weightedVariance(w, weights);
    case "stddev_over_time":
      return (w) => Math.sqrt(weightedVariance(w, weights));
    default:
      return undefined;
  }
}

const sum = new KahanSum();

function totalWeight(w: Window, weights: Float64Array): number {
  let total = 0;
  for (let i = w.lo; i < w.hi; i++) total += weights[i] as number;
  return total;
}

function weightedSum(w: Window, weights: Float64Array): number {
  sum.reset();
  for (let i = w.lo; i < w.hi; i++) sum.add((w.values[i] as number) * (weights[i] as number));
  return sum.total;
}

/** The mean, moved on sample by sample so that a great sum cannot overflow. */
function weightedMean(w: Window, weights: Float64Array): number {
  const direct = weightedSum(w, weights) / totalWeight(w, weights);
  if (Number.isFinite(direct)) return direct;
  let mean = 0;
  let seen = 0;
  for (let i = w.lo; i < w.hi; i++) {
    const weight = weights[i] as number;
    seen += weight;
    mean = mean * ((seen - weight) / seen) + (w.values[i] as number) * (weight / seen);
  }
  return mean;
}

function weightedVariance(w: Window, weights: Float64Array): number {
  const mean = weightedMean(w, weights);
  sum.reset();
  for (let i = w.lo; i < w.hi; i++) {
    const delta = (w.values[i] as number) - mean;
    sum.add(delta * delta * (weights[i] as number));
  }
  return sum.total / totalWeight(w, weights);
}
