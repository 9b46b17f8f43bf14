import { getJson } from "./client";

/** The Prometheus HTTP API's envelope. */
interface Answer<T> {
  readonly status: "success" | "error";
  readonly data: T;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

/** A native histogram as the API writes it; a bucket is its boundary rule, bounds and count. */
export interface HistogramSample {
  readonly count: string;
  readonly sum: string;
  readonly buckets?: readonly (readonly [number, string, string, string])[];
}

export interface RangeSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values?: readonly (readonly [number, string])[];
  readonly histograms?: readonly (readonly [number, HistogramSample])[];
}

export interface RangeAnswer {
  readonly series: readonly RangeSeries[];
  /** Warnings and infos, as they are said. */
  readonly warnings: readonly string[];
}

export async function queryRange(
  query: string,
  startS: number,
  endS: number,
  stepS: number,
  signal?: AbortSignal,
): Promise<RangeAnswer> {
  const params = new URLSearchParams({
    query,
    start: String(startS),
    end: String(endS),
    step: String(stepS),
  });
  const answer = await getJson<Answer<{ readonly result: readonly RangeSeries[] }>>(
    `/api/v1/query_range?${params}`,
    signal,
  );
  return {
    series: answer.data.result,
    warnings: [...(answer.warnings ?? []), ...(answer.infos ?? [])],
  };
}

export async function metricNames(signal?: AbortSignal): Promise<readonly string[]> {
  return (await getJson<Answer<readonly string[]>>("/api/v1/label/__name__/values", signal)).data;
}

/** `name{a="b"}` */
export function renderMetric(metric: Readonly<Record<string, string>>): string {
  const { __name__: name = "", ...labels } = metric;
  const pairs = Object.entries(labels).map(([k, v]) => `${k}=${JSON.stringify(v)}`);
  return pairs.length === 0 && name !== "" ? name : `${name}{${pairs.join(", ")}}`;
}

/** Prometheus writes samples as text: "NaN", "+Inf". */
export function parseSample(text: string): number | null {
  const value =
    text === "+Inf"
      ? Number.POSITIVE_INFINITY
      : text === "-Inf"
        ? Number.NEGATIVE_INFINITY
        : Number(text);
  return Number.isFinite(value) ? value : null;
}

/** What is drawn of a series: its values, and of its histograms how many observations they count. */
export function drawn(s: RangeSeries): readonly (readonly [number, string])[] {
  const counts = (s.histograms ?? []).map(([t, h]) => [t, h.count] as const);
  return [...(s.values ?? []), ...counts].sort(([a], [b]) => a - b);
}

/** Series laid on one time axis, as a chart wants them. */
export function aligned(series: readonly RangeSeries[]): {
  readonly times: readonly number[];
  readonly columns: readonly (readonly (number | null)[])[];
} {
  const times = [...new Set(series.flatMap((s) => drawn(s).map(([t]) => t)))].sort((a, b) => a - b);
  const index = new Map(times.map((t, i) => [t, i]));
  const columns = series.map((s) => {
    const column: (number | null)[] = Array.from({ length: times.length }, () => null);
    for (const [t, v] of drawn(s)) column[index.get(t) ?? 0] = parseSample(v);
    return column;
  });
  return { times, columns };
}
