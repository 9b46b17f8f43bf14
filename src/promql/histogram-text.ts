import type { Histogram } from "../core/histogram";
import { formatShortest } from "./format-float";
import { indexesOf, upperBound, usesCustomBuckets } from "./histogram-buckets";

/** `{count:4, sum:10, [-0.001,0.001]:1, (1,2]:3}`: populated buckets, the lowest first, with which bounds they include. */
export function histogramText(h: Histogram): string {
  const parts = [`count:${formatShortest(h.count)}`, `sum:${formatShortest(h.sum)}`];
  const custom = usesCustomBuckets(h);
  const bucket = (lower: number, upper: number, count: number, closed: string): void => {
    if (count === 0) return;
    const bounds = `${formatShortest(lower)},${formatShortest(upper)}`;
    parts.push(`${closed[0]}${bounds}${closed[1]}:${formatShortest(count)}`);
  };
  indexesOf(h.negativeSpans)
    .map((index, i) => [index, h.negativeBuckets[i] as number] as const)
    .reverse()
    .forEach(([index, count]) =>
      bucket(-upperBound(h, index), -upperBound(h, index - 1), count, "[)"),
    );
  bucket(-h.zeroThreshold, h.zeroThreshold, h.zeroCount, "[]");
  indexesOf(h.positiveSpans).forEach((index, i) =>
    bucket(
      upperBound(h, index - 1),
      upperBound(h, index),
      h.positiveBuckets[i] as number,
      custom && index === 0 ? "[]" : "(]",
    ),
  );
  return `{${parts.join(", ")}}`;
}
