import { labelsKey } from "../core/labels";
import type { Matcher } from "../core/matchers";
import type { DeletedSeries } from "../core/metric-store";
import type { BlockStore } from "./block-store";
import { decodeChunk } from "./chunk";
import type { BlockMeta } from "./manifest";
import { matchAny } from "./tombstones";
import { type QuerySource, labelsFromSymbols } from "./query";
import { SampleColumns } from "./sample-columns";
import type { SeriesTable } from "./series-table";

/** What a deletion is about to hide: the head must be folded before. */
export interface DeletionCount extends DeletedSeries {
  /** The shard's numbers of those series that it knows. */
  readonly refs: readonly number[];
}

let columns = new SampleColumns(1024);

/** Counts the samples with startMs ≤ t ≤ endMs that a deletion would hide. Reads the tables of the pages it concerns. */
export function countDeletion(
  { blocks, store, state: { table } }: QuerySource,
  matchers: readonly (readonly Matcher[])[],
  startMs: number,
  endMs: number,
): DeletionCount {
  const keys = new Set<string>();
  const refs = new Set<number>();
  let samples = 0;
  for (const block of blocks) {
    if (block.maxMs < startMs || block.minMs > endMs) continue;
    const series = store.series(block);
    const locals = matchAny(series, matchers, table);
    let last = -1;
    store.read(block, locals, startMs - 1, endMs, (local, minMs, maxMs, count, page, from, end) => {
      const within =
        minMs >= startMs && maxMs <= endMs
          ? count
          : countWithin(page, from, end, count, startMs, endMs);
      samples += within;
      if (within === 0 || local === last) return;
      last = local;
      if (series.kind === "refs") {
        const ref = series.refs[local] as number;
        if (refs.has(ref)) return;
        refs.add(ref);
        keys.add(labelsKey(table.labelsOf(ref)));
      } else {
        const ids = series.ids.subarray(series.starts[local], series.starts[local + 1]);
        keys.add(labelsKey(labelsFromSymbols(series.symbols, ids)));
      }
    });
  }
  return { series: keys.size, samples, refs: [...refs] };
}

/** Sets the last times of series back to what the segments still show: what was deleted may come again. */
export function resetLastTimes(
  table: SeriesTable,
  refs: readonly number[],
  blocks: readonly BlockMeta[],
  store: BlockStore,
): void {
  for (const ref of refs) table.lastTime[ref] = -Infinity;
  for (const block of blocks) {
    if (block.level !== 0) continue;
    const series = store.refs(block);
    const locals = refs
      .map((ref) => (ref < series.localOf.length ? (series.localOf[ref] as number) : -1))
      .filter((local) => local >= 0)
      .sort((a, b) => a - b);
    store.read(block, locals, -Infinity, Infinity, (local, _, maxMs) => {
      const ref = series.refs[local] as number;
      if (maxMs > (table.lastTime[ref] as number)) table.lastTime[ref] = maxMs;
    });
  }
}

function countWithin(
  page: Uint8Array,
  from: number,
  end: number,
  count: number,
  startMs: number,
  endMs: number,
): number {
  if (count > columns.times.length) columns = new SampleColumns(2 * count);
  columns.histograms.length = 0;
  decodeChunk(page, from, end, columns, 0);
  let n = 0;
  for (let i = 0; i < count; i++) {
    const t = columns.times[i] as number;
    if (t >= startMs && t <= endMs) n++;
  }
  return n;
}
