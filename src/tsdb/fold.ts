import { METRIC_NAME } from "../core/labels";
import { encodeRefs } from "./block-index";
import type { BlockStore } from "./block-store";
import { CHUNK_SAMPLES, encodeChunk } from "./chunk";
import type { Head } from "./head";
import { type BlockMeta, SEGMENT, WINDOW_MS, windowOf } from "./manifest";
import type { ChunkEntry } from "./page";
import type { SeriesTable } from "./series-table";

/**
 * Writes the head's samples as segments, one for each 2 h window they lie in;
 * series ordered by metric name. Gives what was written; the head is not cleared.
 */
export function foldHead(
  head: Head,
  table: SeriesTable,
  blocks: BlockStore,
  firstId: number,
): BlockMeta[] {
  if (head.count === 0) return [];
  const refs = orderByMetric(table, head.series);
  const out: BlockMeta[] = [];
  const last = windowOf(head.maxTime);
  let id = firstId;
  for (let w = windowOf(head.minTime); w <= last; w++) {
    const writer = blocks.writer(id, SEGMENT);
    const written: number[] = [];
    for (const ref of refs) {
      const chunks = chunksOf(head, ref, w * WINDOW_MS - 1, (w + 1) * WINDOW_MS - 1);
      if (chunks.length > 0) writer.add(written.push(ref) - 1, chunks);
    }
    const meta = writer.finish(encodeRefs(written));
    if (meta === undefined) continue;
    out.push(meta);
    id++;
  }
  return out;
}

/** Series numbers sorted by metric name, then number. */
export function orderByMetric(table: SeriesTable, refs: readonly number[]): number[] {
  table.symbolise();
  const name = table.symbols.find(METRIC_NAME);
  const names = new Map<number, number[]>();
  for (const ref of refs) {
    const value = table.valueOf(ref, name);
    const list = names.get(value);
    if (list === undefined) names.set(value, [ref]);
    else list.push(ref);
  }
  const text = (value: number): string => (value < 0 ? "" : table.symbols.text(value));
  return [...names]
    .sort(([a], [b]) => (text(a) < text(b) ? -1 : 1))
    .flatMap(([, list]) => list.sort((a, b) => a - b));
}

let times = new Float64Array(1024);

function chunksOf(head: Head, ref: number, after: number, to: number): ChunkEntry[] {
  const s = head.read(ref, after, to);
  if (s.count === 0) return [];
  if (s.count > times.length) times = new Float64Array(2 * s.count);
  for (let i = 0; i < s.count; i++) times[i] = head.base + (s.offsets[i] as number);
  const bits = new Uint32Array(s.values.buffer, s.values.byteOffset, 2 * s.count);
  return encodeChunks(times, s.values, bits, s.count);
}

/** Sorted columns as chunks of at most {@link CHUNK_SAMPLES}. */
export function encodeChunks(
  t: Float64Array,
  values: Float64Array,
  bits: Uint32Array,
  count: number,
): ChunkEntry[] {
  const out: ChunkEntry[] = [];
  const pieces = Math.ceil(count / CHUNK_SAMPLES);
  for (let i = 0; i < pieces; i++) {
    const from = Math.floor((count * i) / pieces);
    const to = Math.floor((count * (i + 1)) / pieces);
    out.push({
      minMs: t[from] as number,
      maxMs: t[to - 1] as number,
      count: to - from,
      bytes: encodeChunk(t, values, bits, from, to),
    });
  }
  return out;
}
