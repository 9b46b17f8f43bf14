import type { Histogram } from "../core/histogram";
import { labelsKey } from "../core/labels";
import { compileMatchers } from "../core/matchers";
import type { Queryable, SelectRequest } from "../core/metric-store";
import type { Series } from "../core/series";
import { bitsOf, setStaleAt } from "../core/stale";
import type { PendingSample, PendingSamples } from "./pending";

/**
 * What is stored, with the samples that the group's earlier rules gave laid over it: a later
 * rule sees them at the same timestamp, though all are written in one batch at the end.
 */
export function overlay(stored: Queryable, pending: PendingSamples): Queryable {
  return {
    async select(requests, limits) {
      const answers = await stored.select(requests, limits);
      return answers.map((answer, i) => withPending(answer, requests[i], pending));
    },
  };
}

function withPending(
  answer: readonly Series[],
  request: SelectRequest | undefined,
  pending: PendingSamples,
): readonly Series[] {
  if (request === undefined) return answer;
  const candidates = pending.under(request.matchers);
  if (candidates.length === 0) return answer;
  const matches = compileMatchers(request.matchers);
  const fresh = candidates.filter(
    (p) => p.timeMs > request.startMs && p.timeMs <= request.endMs && matches(p.labels),
  );
  if (fresh.length === 0) return answer;
  const byKey = new Map(answer.map((s) => [labelsKey(s.labels), s]));
  for (const p of fresh) {
    const key = labelsKey(p.labels);
    byKey.set(key, withSample(byKey.get(key), p));
  }
  return [...byKey.values()];
}

/** The series with `p` in its place; of the same time the pending sample counts. */
function withSample(series: Series | undefined, p: PendingSample): Series {
  const old = series ?? {
    labels: p.labels,
    timestamps: new Float64Array(0),
    values: new Float64Array(0),
  };
  let at = old.timestamps.length;
  while (at > 0 && (old.timestamps[at - 1] as number) >= p.timeMs) at--;
  const after = old.timestamps[at] === p.timeMs ? at + 1 : at;
  const size = at + 1 + old.timestamps.length - after;
  const timestamps = new Float64Array(size);
  const values = new Float64Array(size);
  timestamps.set(old.timestamps.subarray(0, at));
  timestamps[at] = p.timeMs;
  timestamps.set(old.timestamps.subarray(after), at + 1);
  // As bits: a float copy may change those of a stale marker.
  const from = bitsOf(old.values);
  const to = bitsOf(values);
  to.set(from.subarray(0, 2 * at));
  to.set(from.subarray(2 * after), 2 * (at + 1));
  if (p.value === undefined) setStaleAt(to, at);
  else values[at] = p.value;
  if (old.histograms === undefined && p.histogram === undefined)
    return { labels: old.labels, timestamps, values };
  const histograms: (Histogram | undefined)[] = [];
  for (let i = 0; i < at; i++) histograms.push(old.histograms?.[i]);
  histograms.push(p.histogram);
  for (let i = after; i < old.timestamps.length; i++) histograms.push(old.histograms?.[i]);
  return { labels: old.labels, timestamps, values, histograms };
}
