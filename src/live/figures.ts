import type { Figures } from "../core/live";

export type FigureKey = keyof Figures;

/** From `amber` on a figure warns, from `red` on it alarms. */
export interface Threshold {
  readonly amber: number;
  readonly red: number;
}

export interface FigureDefinition {
  readonly key: FigureKey;
  /** PromQL whose result is one number; the product-event store answers where this is absent. */
  readonly expr?: string;
  readonly threshold?: Threshold;
}

/** A naming convention of request metrics that instrumented programs follow. */
export interface RequestConvention {
  /** A counter of all requests. */
  readonly requests: string;
  /** Buckets of the response time, with what turns a bound into seconds. */
  readonly buckets?: { readonly metric: string; readonly perSecond: number };
}

/** The first convention with samples answers; Vedette's own requests come last, so that the page is never empty. */
export const REQUEST_CONVENTIONS: readonly RequestConvention[] = [
  {
    requests: "http_requests_total",
    buckets: { metric: "http_request_duration_seconds_bucket", perSecond: 1 },
  },
  {
    requests: "api_requests_total",
    buckets: { metric: "api_response_time_bucket", perSecond: 1_000 },
  },
  // OpenTelemetry's http.server.request.duration, and its milliseconds before semantic conventions 1.21.
  {
    requests: "http_server_request_duration_seconds_count",
    buckets: { metric: "http_server_request_duration_seconds_bucket", perSecond: 1 },
  },
  {
    requests: "http_server_duration_milliseconds_count",
    buckets: { metric: "http_server_duration_milliseconds_bucket", perSecond: 1_000 },
  },
  {
    requests: "vedette_http_requests_total",
    buckets: { metric: "vedette_http_request_duration_seconds_bucket", perSecond: 1 },
  },
];

/** Labels under which programs write the response's status. */
export const STATUS_LABELS = [
  "code",
  "status",
  "status_code",
  "http_status_code",
  "http_response_status_code",
];

/**
 * Per-series rate over the last minute, or over five where a series has less than two samples in
 * a minute: OpenTelemetry exports, and many scrapes run, once a minute.
 */
function rate(selector: string): string {
  return `rate(${selector}[1m]) or rate(${selector}[5m])`;
}

function requestRateOf({ requests }: RequestConvention): string {
  return `sum(${rate(requests)})`;
}

function errorRateOf({ requests }: RequestConvention): string {
  const failures = STATUS_LABELS.map((l) => rate(`${requests}{${l}=~"5..|error"}`)).join(" or ");
  // Times 0: no failure among requests is a share of 0, not an absent one.
  return `(sum(${failures}) or sum(${rate(requests)}) * 0) / sum(${rate(requests)})`;
}

function p95Of({ buckets }: RequestConvention): string | undefined {
  if (buckets === undefined) return undefined;
  const quantile = `histogram_quantile(0.95, sum by (le) (${rate(buckets.metric)}))`;
  return buckets.perSecond === 1 ? quantile : `${quantile} / ${buckets.perSecond}`;
}

const firstOf = (of: (c: RequestConvention) => string | undefined): string =>
  REQUEST_CONVENTIONS.map(of)
    .filter((e) => e !== undefined)
    .join("\nor ");

export const DEFAULT_FIGURES: readonly FigureDefinition[] = [
  { key: "requestRate", expr: firstOf(requestRateOf) },
  { key: "errorRate", expr: firstOf(errorRateOf), threshold: { amber: 0.01, red: 0.05 } },
  { key: "p95Seconds", expr: firstOf(p95Of), threshold: { amber: 0.5, red: 1 } },
  { key: "activeUsers" },
  { key: "eventsPerMinute" },
];

export const NO_FIGURES: Figures = {
  requestRate: null,
  errorRate: null,
  p95Seconds: null,
  activeUsers: null,
  eventsPerMinute: null,
};

export type FigureLevel = "unknown" | "fine" | "amber" | "red";

/** How a figure is to be coloured. */
export function levelOf(value: number | null, threshold: Threshold | undefined): FigureLevel {
  if (value === null) return "unknown";
  if (threshold === undefined || value <= threshold.amber) return "fine";
  return value > threshold.red ? "red" : "amber";
}

/** The one number of an instant answer: NaN (no requests, so no share of them) and an empty answer are no figure. */
export function figureOf(samples: readonly number[]): number | null {
  const [first] = samples;
  return first === undefined || !Number.isFinite(first) ? null : first;
}

/** The definitions in the shape that configuration has. */
export function figuresToJson(
  definitions: readonly FigureDefinition[],
): Readonly<Record<string, Omit<FigureDefinition, "key">>> {
  return Object.fromEntries(definitions.map(({ key, ...rest }) => [key, rest]));
}
