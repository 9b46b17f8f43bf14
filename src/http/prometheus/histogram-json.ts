import { CUSTOM_BUCKETS, type Histogram } from "../../core/histogram";
import { allBuckets } from "../../promql/histogram-buckets";
import { formatValue } from "./json-bytes";

/** Which ends of a bucket belong to it, as numbers on the wire. */
const OPEN_LEFT = 0;
const OPEN_RIGHT = 1;
const OPEN = 2;
const CLOSED = 3;

/**
 * A native histogram as Prometheus' JSON has it: count, sum, and each populated bucket as
 * `[which ends are closed, "left", "right", "count"]`, the lowest first
 * (https://prometheus.io/docs/prometheus/latest/querying/api/#native-histograms).
 */
export function histogramJson(h: Histogram): string {
  let buckets = "";
  for (const b of allBuckets(h)) {
    if (b.count === 0) continue;
    const rule = ends(h, b.lower, b.upper);
    buckets += `${buckets === "" ? "" : ","}[${rule},"${formatValue(b.lower)}","${formatValue(b.upper)}","${formatValue(b.count)}"]`;
  }
  const shown = buckets === "" ? "" : `,"buckets":[${buckets}]`;
  return `{"count":"${formatValue(h.count)}","sum":"${formatValue(h.sum)}"${shown}}`;
}

function ends(h: Histogram, lower: number, upper: number): number {
  if (h.schema === CUSTOM_BUCKETS) return lower === -Infinity ? CLOSED : OPEN_LEFT;
  if (lower === -h.zeroThreshold && upper === h.zeroThreshold) return CLOSED;
  if (lower < 0) return upper > 0 ? CLOSED : OPEN_RIGHT;
  return upper > 0 ? OPEN_LEFT : OPEN;
}
