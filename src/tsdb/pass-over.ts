import { decodeChunk } from "./chunk";
import { encodeChunks } from "./fold";
import type { ChunkVisitor } from "./page";
import { SampleColumns, keepRows } from "./sample-columns";
import { type Hidden, isAllHidden, isHidden } from "./tombstones";

let columns = new SampleColumns(1024);

/** A visitor that shows `visit` no sample of a hidden stretch. */
export function passOver(hidden: Hidden, visit: ChunkVisitor): ChunkVisitor {
  return (series, minMs, maxMs, count, page, from, end) => {
    const stretches = hidden.get(series);
    if (stretches === undefined || stretches.every((h) => h.endMs < minMs || h.startMs > maxMs))
      return visit(series, minMs, maxMs, count, page, from, end);
    if (isAllHidden(stretches, minMs, maxMs)) return;
    if (count > columns.times.length) columns = new SampleColumns(2 * count);
    decodeChunk(page, from, end, columns, 0);
    const { times } = columns;
    const kept = keepRows(columns, count, (i) => !isHidden(stretches, times[i] as number));
    // A chunk that is visited may have been packed, so that the columns are free again.
    for (const c of encodeChunks(columns, 0, kept))
      visit(series, c.minMs, c.maxMs, c.count, c.bytes, 0, c.bytes.length);
  };
}
