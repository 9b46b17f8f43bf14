import type { Matcher } from "../core/matchers";
import type { Queryable } from "../core/metric-store";
import { labelValue } from "../core/labels";
import type { Series } from "../core/series";
import { REQUEST_CONVENTIONS, STATUS_LABELS } from "../live/figures";
import { bucketQuantile, exactIncrease, sumIncrease } from "./exact-increase";

const HOUR = 3_600_000;
/** A day is read in slices, so that 1,000 series at 15 s stay within a query's sample budget. */
const SLICE_MS = 2 * HOUR;
/** How far before a slice its base sample may lie. */
const BASE_MS = HOUR;

/** What the counters of a day say. */
export interface DayMetrics {
  readonly requests: number;
  readonly errors: number;
  readonly p95Seconds: number | null;
  readonly logLines: number;
  readonly logErrors: number;
  readonly spans: number;
}

const named = (name: string): Matcher[] => [{ type: "=", name: "__name__", value: name }];

/** Adds up one day's counters, exactly (exact-increase.ts). Requests are those of the first naming convention that counted any. */
export async function dayMetrics(
  metrics: Queryable,
  startMs: number,
  endMs: number,
): Promise<DayMetrics> {
  const requestSums = REQUEST_CONVENTIONS.map(() => ({
    requests: 0,
    errors: 0,
    buckets: new Map<number, number>(),
  }));
  let [logLines, logErrors, spans] = [0, 0, 0];
  for (let at = startMs; at < endMs; at += SLICE_MS) {
    const to = Math.min(endMs, at + SLICE_MS);
    const names = [
      "log_lines_total",
      "traces_spanmetrics_calls_total",
      ...REQUEST_CONVENTIONS.flatMap((c) => [c.requests, c.buckets?.metric ?? ""]),
    ];
    const answers = await metrics.select(
      names.map((n) => ({ matchers: named(n), startMs: at - BASE_MS, endMs: to })),
    );
    const [logs = [], calls = []] = answers;
    logLines += sumIncrease(logs, at, to);
    logErrors += sumIncrease(logs.filter(isErrorLog), at, to);
    spans += sumIncrease(calls, at, to);
    REQUEST_CONVENTIONS.forEach((c, i) => {
      const sums = requestSums[i] as (typeof requestSums)[number];
      const requests = answers[2 + 2 * i] ?? [];
      sums.requests += sumIncrease(requests, at, to);
      sums.errors += sumIncrease(requests.filter(isFailure), at, to);
      for (const s of answers[3 + 2 * i] ?? [])
        addBucket(sums.buckets, s, c.buckets?.perSecond ?? 1, at, to);
    });
  }
  const first = requestSums.find((s) => s.requests > 0);
  return {
    requests: first?.requests ?? 0,
    errors: first?.errors ?? 0,
    p95Seconds: first === undefined ? null : bucketQuantile(0.95, first.buckets),
    logLines,
    logErrors,
    spans,
  };
}

function isErrorLog(s: Series): boolean {
  const level = labelValue(s.labels, "level");
  return level === "error" || level === "fatal";
}

function isFailure(s: Series): boolean {
  return STATUS_LABELS.some((l) => {
    const v = labelValue(s.labels, l);
    return /^5..$/.test(v) || v === "error";
  });
}

function addBucket(
  into: Map<number, number>,
  s: Series,
  perSecond: number,
  startMs: number,
  endMs: number,
): void {
  const le = labelValue(s.labels, "le");
  const bound = le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le) / perSecond;
  if (le === "" || Number.isNaN(bound)) return;
  into.set(bound, (into.get(bound) ?? 0) + exactIncrease(s, startMs, endMs));
}
