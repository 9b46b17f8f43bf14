import { CUSTOM_BUCKETS, type Histogram, RESET_UNKNOWN } from "../../../src/core/histogram";
import {
  METRIC_NAME,
  labelValue,
  labelsKey,
  metricName,
  withLabel,
} from "../../../src/core/labels";
import {
  type DescribedPoint,
  type SeriesDescription,
  parseNumber,
} from "../../../src/promql/series-description";

interface Classic {
  readonly labels: SeriesDescription["labels"];
  /** Cumulative counts by bound, at each point. */
  readonly buckets: Map<number, Map<number, number>>;
  readonly counts: Map<number, number>;
  readonly sums: Map<number, number>;
  points: number;
}

/** What `load_with_nhcb` loads beside the series themselves: their classic histograms as native ones of custom buckets. */
export function nativeFromClassic(series: readonly SeriesDescription[]): SeriesDescription[] {
  const found = new Map<string, Classic>();
  for (const s of series) {
    const m = /^(.+)_(bucket|count|sum)$/.exec(metricName(s.labels));
    if (m === null) continue;
    const bound = parseNumber(labelValue(s.labels, "le"));
    if (m[2] === "bucket" && Number.isNaN(bound)) continue;
    const labels = withLabel(withLabel(s.labels, "le", ""), METRIC_NAME, m[1] as string);
    const key = labelsKey(labels);
    let c = found.get(key);
    if (c === undefined) {
      c = { labels, buckets: new Map(), counts: new Map(), sums: new Map(), points: 0 };
      found.set(key, c);
    }
    const into = m[2] === "count" ? c.counts : m[2] === "sum" ? c.sums : bucketOf(c, bound);
    c.points = Math.max(c.points, s.points.length);
    s.points.forEach((p, i) => {
      if (p.kind === "float") into.set(i, p.value);
    });
  }
  return Array.from(found.values(), (c) => ({
    labels: c.labels,
    points: Array.from({ length: c.points }, (_, i) => pointAt(c, i)),
  }));
}

function bucketOf(c: Classic, bound: number): Map<number, number> {
  let b = c.buckets.get(bound);
  if (b === undefined) c.buckets.set(bound, (b = new Map<number, number>()));
  return b;
}

function pointAt(c: Classic, i: number): DescribedPoint {
  const buckets = [...c.buckets]
    .flatMap(([bound, counts]) => {
      const count = counts.get(i);
      return count === undefined ? [] : [[bound, count] as const];
    })
    .sort(([a], [b]) => a - b);
  const known = c.counts.get(i);
  const sum = c.sums.get(i);
  if (buckets.length === 0 && known === undefined && sum === undefined) return { kind: "gap" };
  const count = known ?? buckets.at(-1)?.[1] ?? 0;
  const finite = buckets.filter(([bound]) => bound !== Infinity);
  let before = 0;
  const counts = [...finite.map(([, n]) => n), count].map((n) => {
    if (n < before) throw new Error("cumulative bucket counts fall");
    const own = n - before;
    before = n;
    return own;
  });
  const histogram: Histogram = {
    schema: CUSTOM_BUCKETS,
    resetHint: RESET_UNKNOWN,
    zeroThreshold: 0,
    zeroCount: 0,
    count,
    sum: sum ?? 0,
    positiveSpans: [{ offset: 0, length: counts.length }],
    positiveBuckets: Float64Array.from(counts),
    negativeSpans: [],
    negativeBuckets: new Float64Array(0),
    customValues: Float64Array.from(finite, ([bound]) => bound),
  };
  return { kind: "histogram", text: "", histogram };
}
