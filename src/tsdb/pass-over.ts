import { decodeChunk } from "./chunk";
import { encodeChunks } from "./fold";
import type { ChunkVisitor } from "./page";
import { SampleColumns, keepRows } from "./sample-columns";
import { type Hidden, type Interval, isAllHidden, isHidden } from "./tombstones";

let columns = new SampleColumns(1024);

const NOTHING: readonly Interval[] = [];

/**
 * A visitor that shows `visit` no sample of a hidden stretch, and none from before `horizonMs`.
 * @param seriesCount what a number is divided by, the rest being the series that is hidden
 */
export function passOver(
  hidden: Hidden | undefined,
  seriesCount: number,
  horizonMs: number,
  visit: ChunkVisitor,
): ChunkVisitor {
  return (series, minMs, maxMs, count, page, from, end) => {
    const stretches = hidden?.get(series % seriesCount) ?? NOTHING;
    const touched = stretches.some((h) => h.endMs >= minMs && h.startMs <= maxMs);
    if (!touched && minMs >= horizonMs) return visit(series, minMs, maxMs, count, page, from, end);
    if (maxMs < horizonMs || isAllHidden(stretches, minMs, maxMs)) return;
    if (count > columns.times.length) columns = new SampleColumns(2 * count);
    columns.histograms.length = 0;
    decodeChunk(page, from, end, columns, 0);
    const { times } = columns;
    const kept = keepRows(columns, count, (i) => {
      const time = times[i] as number;
      return time >= horizonMs && !isHidden(stretches, time);
    });
    for (const c of encodeChunks(columns, 0, kept))
      visit(series, c.minMs, c.maxMs, c.count, c.bytes, 0, c.bytes.length);
  };
}
