// SERIES, POINTS and RUNS change what the comparisons with Prometheus are made on.
export const SERIES = Number(process.env.SERIES ?? 5000);
export const POINTS = Number(process.env.POINTS ?? 240);
export const RUNS = Math.max(5, Number(process.env.RUNS ?? 5));
export const STEP_S = 15;

/** The newest point of the scrape grid, less `agoS`. */
export function gridEnd(agoS = 0) {
  return Math.floor((Date.now() / 1000 - agoS) / STEP_S) * STEP_S;
}
