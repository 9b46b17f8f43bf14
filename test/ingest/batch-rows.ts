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
