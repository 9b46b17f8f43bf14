import {
  type Labels,
  METRIC_NAME,
  labelsToRecord,
  metricName,
  withoutLabels,
} from "../../core/labels";
import { PUSH_FAILURE_TIME, PUSH_TIME, type PushFamily, type PushGroup } from "./group";

/**
 * One group as Pushgateway's `/api/v1/metrics` shows it: its labels, and each family by name
 * (https://github.com/prometheus/pushgateway#query-api).
 */
export interface ListedGroup {
  readonly labels: Readonly<Record<string, string>>;
  readonly last_push_successful: boolean;
  readonly [family: string]: unknown;
}

export interface ListedFamily {
  /** RFC 3339, of the push that brought it. */
  readonly time_stamp: string;
  readonly type: string;
  readonly help: string;
  readonly metrics: readonly ListedMetric[];
}

interface ListedMetric {
  readonly labels: Readonly<Record<string, string>>;
  readonly value?: string;
  readonly count?: string;
  readonly sum?: string;
  readonly buckets?: Readonly<Record<string, string>>;
  readonly quantiles?: Readonly<Record<string, string>>;
}

export function listGroup(g: PushGroup): ListedGroup {
  const failedAtMs = g.failedAtMs ?? 0;
  const time = (ms: number, help: string): ListedFamily => ({
    time_stamp: new Date(Math.max(g.pushedAtMs, failedAtMs)).toISOString(),
    type: "GAUGE",
    help,
    metrics: [{ labels: labelsToRecord(g.grouping), value: String(ms / 1000) }],
  });
  return {
    labels: labelsToRecord(g.grouping),
    last_push_successful: g.pushedAtMs >= failedAtMs,
    [PUSH_TIME]: time(g.pushedAtMs, PUSH_TIME_HELP),
    [PUSH_FAILURE_TIME]: time(failedAtMs, PUSH_FAILURE_TIME_HELP),
    ...Object.fromEntries(
      g.families.map((f): [string, ListedFamily] => [
        f.name,
        {
          time_stamp: new Date(f.pushedAtMs ?? g.pushedAtMs).toISOString(),
          type: f.type === "unknown" ? "UNTYPED" : f.type.toUpperCase(),
          help: f.help,
          metrics: metricsOf(f),
        },
      ]),
    ),
  };
}

const PUSH_TIME_HELP = "Last Unix time when changing this group in the Pushgateway succeeded.";
const PUSH_FAILURE_TIME_HELP = "Last Unix time when changing this group in the Pushgateway failed.";

/** The series of a family put together again: a histogram's buckets, sum and count are one metric. */
function metricsOf(f: PushFamily): ListedMetric[] {
  if (f.type !== "histogram" && f.type !== "summary")
    return f.series.map(([labels, value]) => ({ labels: own(labels), value }));
  const part = f.type === "histogram" ? "le" : "quantile";
  const found = new Map<
    string,
    {
      labels: Readonly<Record<string, string>>;
      count: string;
      sum: string;
      parts: Record<string, string>;
    }
  >();
  for (const [labels, value] of f.series) {
    const rest = own(labels);
    const { [part]: bound, ...others } = rest;
    const key = JSON.stringify(others);
    let metric = found.get(key);
    if (metric === undefined) {
      metric = { labels: others, count: "0", sum: "0", parts: {} };
      found.set(key, metric);
    }
    const name = metricName(labels);
    if (bound !== undefined) metric.parts[bound] = value;
    else if (name === `${f.name}_count`) metric.count = value;
    else if (name === `${f.name}_sum`) metric.sum = value;
  }
  return [...found.values()].map(({ labels, count, sum, parts }) => ({
    labels,
    count,
    sum,
    [f.type === "histogram" ? "buckets" : "quantiles"]: parts,
  }));
}

function own(labels: Labels): Record<string, string> {
  return labelsToRecord(withoutLabels(labels, NAME));
}

const NAME = new Set([METRIC_NAME]);
