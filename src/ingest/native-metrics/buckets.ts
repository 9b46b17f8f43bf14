/**
 * Bounds of the histograms that single observations add up to. The unit is told by the
 * name's ending; a name that tells none gets bounds that suit ratios, seconds and
 * milliseconds alike, at the price of more series.
 */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const MILLISECONDS = [
  1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000,
];
const BYTES = [
  256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
  268_435_456, 1_073_741_824,
];
const ANY = [
  0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000,
  10_000, 30_000, 60_000,
];

const BY_ENDING: readonly (readonly [ending: RegExp, bounds: readonly number[]])[] = [
  [/_(?:ms|millis|milliseconds)$/, MILLISECONDS],
  [/_(?:s|sec|secs|seconds)$/, SECONDS],
  [/_bytes$/, BYTES],
];

export function boundsFor(metric: string): readonly number[] {
  return BY_ENDING.find(([ending]) => ending.test(metric))?.[1] ?? ANY;
}
