import { getJson } from "./client";

export interface NamedCount {
  readonly name: string;
  readonly value: number;
}

/** `/api/v1/status/tsdb`: Prometheus' fields, and what Vedette adds. */
export interface Cardinality {
  readonly headStats: {
    readonly numSeries: number;
    readonly numLabelPairs: number;
    readonly chunkCount: number;
    readonly minTime: number;
    readonly maxTime: number;
    readonly maxSeries?: number;
  };
  readonly seriesCountByMetricName: readonly NamedCount[];
  readonly labelValueCountByLabelName: readonly NamedCount[];
  readonly memoryInBytesByLabelName: readonly NamedCount[];
  readonly seriesCountByLabelValuePair: readonly NamedCount[];
  /** Series that began within the last hour. */
  readonly newSeriesByMetricName?: readonly NamedCount[];
}

export async function cardinality(limit: number, signal?: AbortSignal): Promise<Cardinality> {
  const path = `/api/v1/status/tsdb?limit=${limit}`;
  return (await getJson<{ readonly data: Cardinality }>(path, signal)).data;
}

export interface Target {
  readonly labels: Readonly<Record<string, string>>;
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  readonly lastError: string;
  readonly lastScrape: string;
  /** Seconds. */
  readonly lastScrapeDuration: number;
  readonly health: "up" | "down" | "unknown";
  readonly scrapeInterval: string;
}

export interface Targets {
  readonly activeTargets: readonly Target[];
  readonly droppedTargets: readonly unknown[];
}

export async function targets(signal?: AbortSignal): Promise<Targets> {
  return (await getJson<{ readonly data: Targets }>("/api/v1/targets", signal)).data;
}
