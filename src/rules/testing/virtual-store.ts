import type { Histogram } from "../../core/histogram";
import { type Labels, METRIC_NAME, labelsKey, metricName } from "../../core/labels";
import { compileMatchers } from "../../core/matchers";
import { type Queryable, SampleBudgetError, type SelectRequest } from "../../core/metric-store";
import type { Series } from "../../core/series";
import { bitsOf, setStaleAt } from "../../core/stale";
import type { PendingSample } from "../pending";

/** Samples of one series, by time rising. */
interface Held {
  readonly labels: Labels;
  readonly times: number[];
  /** Undefined stands for a stale marker. */
  readonly values: (number | undefined)[];
  readonly histograms: (Histogram | undefined)[];
  /** One of them is a histogram. */
  mixed: boolean;
}

/** The samples of a test, on virtual time: what is later than `visibleUntilMs` is not there yet. */
export class VirtualStore implements Queryable {
  visibleUntilMs = Number.NEGATIVE_INFINITY;
  private readonly series = new Map<string, Held>();
  private readonly byName = new Map<string, Held[]>();
  private count = 0;

  /** Samples held. */
  get size(): number {
    return this.count;
  }

  /** Adds a sample; one at a time that the series has already takes its place. */
  add(s: PendingSample): void {
    const held = this.held(s.labels);
    let at = held.times.length;
    while (at > 0 && (held.times[at - 1] as number) >= s.timeMs) at--;
    const replaced = held.times[at] === s.timeMs ? 1 : 0;
    held.times.splice(at, replaced, s.timeMs);
    held.values.splice(at, replaced, s.value);
    held.histograms.splice(at, replaced, s.histogram);
    held.mixed ||= s.histogram !== undefined;
    this.count += 1 - replaced;
  }

  /** The last histogram of a series, where its last sample is one. */
  lastHistogram(labels: Labels): Histogram | undefined {
    return this.series.get(labelsKey(labels))?.histograms.at(-1);
  }

  select(
    requests: readonly SelectRequest[],
    limits?: { readonly maxSamples?: number },
  ): Promise<readonly (readonly Series[])[]> {
    let left = limits?.maxSamples ?? Infinity;
    const answers: Series[][] = [];
    for (const r of requests) {
      const matches = compileMatchers(r.matchers);
      const named = r.matchers.find((m) => m.name === METRIC_NAME && m.type === "=");
      const candidates =
        named === undefined ? this.series.values() : (this.byName.get(named.value) ?? []);
      const endMs = Math.min(r.endMs, this.visibleUntilMs);
      const answer: Series[] = [];
      for (const s of candidates) {
        if (!matches(s.labels)) continue;
        const [from, to] = [firstAfter(s.times, r.startMs), firstAfter(s.times, endMs)];
        if (from >= to) continue;
        left -= to - from;
        if (left < 0) return Promise.reject(new SampleBudgetError("too many samples"));
        answer.push(slice(s, from, to));
      }
      answers.push(answer);
    }
    return Promise.resolve(answers);
  }

  private held(labels: Labels): Held {
    const key = labelsKey(labels);
    const known = this.series.get(key);
    if (known !== undefined) return known;
    const made: Held = { labels, times: [], values: [], histograms: [], mixed: false };
    this.series.set(key, made);
    const name = metricName(labels);
    const list = this.byName.get(name);
    if (list === undefined) this.byName.set(name, [made]);
    else list.push(made);
    return made;
  }
}

/** The index of the first time that is later than `ms`. */
function firstAfter(times: readonly number[], ms: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const mid = (low + high) >> 1;
    if ((times[mid] as number) <= ms) low = mid + 1;
    else high = mid;
  }
  return low;
}

function slice(s: Held, from: number, to: number): Series {
  const values = new Float64Array(to - from);
  const bits = bitsOf(values);
  for (let i = from; i < to; i++) {
    const v = s.values[i];
    if (v === undefined) setStaleAt(bits, i - from);
    else values[i - from] = v;
  }
  const timestamps = Float64Array.from(s.times.slice(from, to));
  if (!s.mixed) return { labels: s.labels, timestamps, values };
  return { labels: s.labels, timestamps, values, histograms: s.histograms.slice(from, to) };
}
