/** How the last hour compares with the same hour of earlier days, and why it was judged so. */
export type Verdict =
  | { readonly reason: "not_enough_history"; readonly days: number }
  | { readonly reason: "within_band"; readonly mean: number; readonly sigma: number }
  | {
      readonly reason: "three_sigma";
      readonly mean: number;
      readonly sigma: number;
      readonly deviations: number;
    }
  | { readonly reason: "twice_mean"; readonly mean: number; readonly ratio: number };

export interface DetectorSettings {
  /** Earlier days that must have had data. */
  readonly minDays: number;
  readonly sigmas: number;
  /** More than this many times the mean is an anomaly whatever the spread. */
  readonly ratio: number;
  /**
   * The least spread that is believed, as a share of the mean: days that were alike by
   * chance must not make every small change an alarm.
   */
  readonly leastSigmaShare: number;
}

export const DEFAULT_SETTINGS: DetectorSettings = {
  minDays: 3,
  sigmas: 3,
  ratio: 2,
  leastSigmaShare: 0.05,
};

/**
 * Judges one value.
 * @param current mean of the last hour
 * @param history means of the same hour of earlier days, absent days left out
 */
export function judge(
  current: number,
  history: readonly number[],
  settings: DetectorSettings = DEFAULT_SETTINGS,
): Verdict {
  const days = history.filter((v) => Number.isFinite(v));
  if (days.length < settings.minDays || !Number.isFinite(current))
    return { reason: "not_enough_history", days: days.length };
  const mean = days.reduce((a, b) => a + b, 0) / days.length;
  const variance = days.reduce((a, b) => a + (b - mean) ** 2, 0) / days.length;
  const sigma = Math.max(Math.sqrt(variance), Math.abs(mean) * settings.leastSigmaShare);
  const deviations = sigma === 0 ? 0 : (current - mean) / sigma;
  if (Math.abs(deviations) > settings.sigmas)
    return { reason: "three_sigma", mean, sigma, deviations };
  if (mean > 0 && current > settings.ratio * mean)
    return { reason: "twice_mean", mean, ratio: current / mean };
  return { reason: "within_band", mean, sigma };
}

/** Whether a verdict is worth an alert. */
export function isAnomaly(v: Verdict): boolean {
  return v.reason === "three_sigma" || v.reason === "twice_mean";
}
