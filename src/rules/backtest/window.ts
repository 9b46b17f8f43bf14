import type { Queryable, SelectHints, SelectRequest } from "../../core/metric-store";
import type { Series } from "../../core/series";

/** How far ahead of the present evaluation samples are fetched. */
const AHEAD_STEPS = 240;
/** Selectors held at once; those with a time of their own (`@`) are new ones at each step. */
const MAX_FETCHED = 500;

interface Fetched {
  /** Holds startMs < t ≤ endMs. */
  readonly startMs: number;
  readonly endMs: number;
  readonly series: readonly Series[];
}

/**
 * A store for evaluations that follow each other in time: a selector that is asked at one step is
 * fetched for the steps to come as well, so that hundreds of evaluations cost one call. What an
 * evaluation sees ends where it asks, as it did then.
 */
export class SteppedStore implements Queryable {
  /** The time of the present evaluation, ms. */
  atMs = 0;
  /** Samples that evaluations have been given so far: what they cost. */
  samplesRead = 0;
  private readonly fetched = new Map<string, Fetched>();

  constructor(
    private readonly stored: Queryable,
    private readonly stepMs: number,
  ) {}

  async select(
    requests: readonly SelectRequest[],
    limits?: { readonly maxSamples?: number },
  ): Promise<readonly (readonly Series[])[]> {
    const missing = requests.filter((r) => this.find(r) === undefined);
    if (missing.length > 0) await this.fetch(missing, limits);
    const answers = requests.map((r) => cut(this.find(r)?.series ?? [], r.startMs, r.endMs));
    for (const series of answers) for (const s of series) this.samplesRead += s.timestamps.length;
    return answers;
  }

  private find(r: SelectRequest): Fetched | undefined {
    const f = this.fetched.get(this.keyOf(r));
    return f !== undefined && f.startMs <= r.startMs && f.endMs >= r.endMs ? f : undefined;
  }

  private async fetch(
    missing: readonly SelectRequest[],
    limits: { readonly maxSamples?: number } | undefined,
  ): Promise<void> {
    if (this.fetched.size > MAX_FETCHED) this.fetched.clear();
    const wider = missing.map((r) => ({ ...r, endMs: r.endMs + AHEAD_STEPS * this.stepMs }));
    const answers = await this.stored.select(wider, limits);
    for (const [i, r] of wider.entries())
      this.fetched.set(this.keyOf(missing[i] as SelectRequest), {
        startMs: r.startMs,
        endMs: r.endMs,
        series: answers[i] ?? [],
      });
  }

  /** The same selector of the same place in the expression, at whatever step. */
  private keyOf(r: SelectRequest): string {
    const { func, rangeMs }: Partial<SelectHints> = r.hints ?? {};
    return JSON.stringify([r.matchers, r.endMs - r.startMs, this.atMs - r.endMs, func, rangeMs]);
  }
}

function cut(series: readonly Series[], startMs: number, endMs: number): Series[] {
  const out: Series[] = [];
  for (const s of series) {
    const [from, to] = [firstAfter(s.timestamps, startMs), firstAfter(s.timestamps, endMs)];
    if (from >= to) continue;
    out.push({
      ...s,
      timestamps: s.timestamps.subarray(from, to),
      values: s.values.subarray(from, to),
      ...(s.histograms === undefined ? {} : { histograms: s.histograms.slice(from, to) }),
      ...(s.weights === undefined ? {} : { weights: s.weights.subarray(from, to) }),
    });
  }
  return out;
}

/** The index of the first time that is later than `ms`. */
function firstAfter(times: Float64Array, ms: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const mid = (low + high) >> 1;
    if ((times[mid] as number) <= ms) low = mid + 1;
    else high = mid;
  }
  return low;
}
