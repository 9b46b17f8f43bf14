import { RESET_UNKNOWN, type ResetHint } from "../../../src/core/histogram";
import { type Labels, labelsKey } from "../../../src/core/labels";
import { compileMatchers } from "../../../src/core/matchers";
import {
  type Queryable,
  SampleBudgetError,
  type SelectRequest,
} from "../../../src/core/metric-store";
import type { Series } from "../../../src/core/series";
import { bitsOf, setStaleAt } from "../../../src/core/stale";
import type { DescribedPoint, SeriesDescription } from "../../../src/promql/series-description";
import { storedHints } from "./chunk-hints";

/** Samples in memory, loaded from described series; the real port without a store. */
export class MemoryQueryable implements Queryable {
  private readonly series = new Map<
    string,
    { labels: Labels; points: Map<number, DescribedPoint> }
  >();

  clear(): void {
    this.series.clear();
  }

  /** Points stand at startMs, startMs + stepMs, …; a series described twice in one load is the last of them. */
  load(stepMs: number, described: readonly SeriesDescription[], startMs = 0): void {
    for (const d of new Map(described.map((s) => [labelsKey(s.labels), s])).values()) {
      const key = labelsKey(d.labels);
      const held = this.series.get(key) ?? {
        labels: d.labels,
        points: new Map<number, DescribedPoint>(),
      };
      d.points.forEach((p, i) => {
        if (p.kind !== "gap") held.points.set(startMs + i * stepMs, p);
      });
      this.series.set(key, held);
    }
  }

  select(
    requests: readonly SelectRequest[],
    limits?: { readonly maxSamples?: number },
  ): Promise<readonly (readonly Series[])[]> {
    let samples = 0;
    const answers = requests.map((r) => {
      const matches = compileMatchers(r.matchers);
      const out: Series[] = [];
      for (const s of this.series.values()) {
        if (!matches(s.labels)) continue;
        const points = [...s.points]
          .filter(([t]) => t > r.startMs && t <= r.endMs)
          .sort(([a], [b]) => a - b);
        if (points.length === 0) continue;
        samples += points.length;
        out.push(seriesFrom(s.labels, points, s.points));
      }
      return out;
    });
    if (samples > (limits?.maxSamples ?? Infinity))
      return Promise.reject(new SampleBudgetError("too many samples"));
    return Promise.resolve(answers);
  }
}

function seriesFrom(
  labels: Labels,
  points: readonly (readonly [number, DescribedPoint])[],
  all: ReadonlyMap<number, DescribedPoint>,
): Series {
  const timestamps = Float64Array.from(points, ([t]) => t);
  const values = Float64Array.from(points, ([, p]) => (p.kind === "float" ? p.value : Number.NaN));
  const bits = bitsOf(values);
  points.forEach(([, p], i) => {
    if (p.kind === "stale") setStaleAt(bits, i);
  });
  if (!points.some(([, p]) => p.kind === "histogram")) return { labels, timestamps, values };
  const stored = [...all].sort(([a], [b]) => a - b);
  const hints = storedHints(stored.map(([, p]) => p));
  const hintAt = new Map(stored.map(([t], i) => [t, hints[i] as ResetHint]));
  const histograms = points.map(([t, p]) =>
    p.kind === "histogram"
      ? { ...p.histogram, resetHint: hintAt.get(t) ?? RESET_UNKNOWN }
      : undefined,
  );
  return { labels, timestamps, values, histograms };
}
