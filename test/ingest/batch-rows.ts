import { readBatch } from "../../src/core/batch";
import { decodeLabels } from "../../src/core/label-bytes";
import { renderLabels } from "../../src/core/labels";
import { bitsOf, isStaleAt } from "../../src/core/stale";

/** A batch as text lines: `series time value` for samples, `series time +amount` for increments, in order. */
export function batchRows(batch: Uint8Array): string[] {
  const b = readBatch(batch);
  const names: string[] = [];
  for (let i = 0; i + 1 < b.labelOffsets.length; i++) {
    names.push(
      renderLabels(decodeLabels(b.labelBytes.subarray(b.labelOffsets[i], b.labelOffsets[i + 1]))),
    );
  }
  const bits = bitsOf(b.sampleValues);
  const rows = Array.from(
    b.sampleSeries,
    (s, i) => `${names[s]} ${b.sampleTimes[i]} ${isStaleAt(bits, i) ? "stale" : b.sampleValues[i]}`,
  );
  const increments = Array.from(
    b.incrementSeries,
    (s, i) => `${names[s]} ${b.incrementTimes[i]} +${b.incrementAmounts[i]}`,
  );
  return [...rows, ...increments];
}

/** What a batch carries beside floats, as text lines: histograms, exemplars, created times. */
export function extraRows(batch: Uint8Array): string[] {
  const b = readBatch(batch);
  const name = (i: number): string =>
    renderLabels(decodeLabels(b.labelBytes.subarray(b.labelOffsets[i], b.labelOffsets[i + 1])));
  const spans = (list: readonly { offset: number; length: number }[]): string =>
    list.map((s) => `${s.offset}+${s.length}`).join(" ");
  return [
    ...b.histograms.map(({ series, timeMs, histogram: h }) => {
      const zero =
        h.zeroCount > 0 || h.zeroThreshold > 0 ? ` z${h.zeroThreshold}:${h.zeroCount}` : "";
      const negative =
        h.negativeBuckets.length > 0 ? ` neg ${spans(h.negativeSpans)} [${h.negativeBuckets}]` : "";
      const custom = h.customValues.length > 0 ? ` le [${h.customValues}]` : "";
      return `${name(series)} ${timeMs} s${h.schema} n${h.count} sum ${h.sum}${zero} pos ${spans(h.positiveSpans)} [${h.positiveBuckets}]${negative}${custom} hint ${h.resetHint}`;
    }),
    ...b.exemplars.map(
      (e) =>
        `${name(e.series)} # ${renderLabels(decodeLabels(e.labelBytes))} ${e.value} ${e.timeMs}`,
    ),
    ...b.created.map(
      (c) => `${name(c.series)} from ${c.createdMs}${c.histogram ? " histogram" : ""}`,
    ),
  ];
}
