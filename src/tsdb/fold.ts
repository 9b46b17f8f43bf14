import { METRIC_NAME } from "../core/labels";
import { encodeRefs } from "./block-index";
import type { BlockStore } from "./block-store";
import { CHUNK_SAMPLES, encodeChunk } from "./chunk";
import type { Head } from "./head";
import { type BlockMeta, SEGMENT, WINDOW_MS, windowOf } from "./manifest";
import type { ChunkEntry } from "./page";
import { decodeHistogram } from "../core/histogram-bytes";
import { isHistogramAt } from "./histogram-mark";
import { SampleColumns, setHistogram } from "./sample-columns";
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

/** A histogram is as large as dozens of floats. */
const CHUNK_HISTOGRAMS = 120;

let columns = new SampleColumns(1024);

/** The head's samples of a series with after < t ≤ to, packed. */
export function chunksOf(head: Head, ref: number, after: number, to: number): ChunkEntry[] {
  const s = head.read(ref, after, to);
  const count = s.to - s.from;
  if (count === 0) return [];
  if (count > columns.times.length) columns = new SampleColumns(2 * count);
  columns.histograms.length = 0;
  for (let i = 0; i < count; i++) {
    columns.times[i] = head.base + (s.offsets[s.from + i] as number);
    columns.bits[2 * i] = s.bits[2 * (s.from + i)] as number;
    columns.bits[2 * i + 1] = s.bits[2 * (s.from + i) + 1] as number;
    if (isHistogramAt(columns.bits, i))
      setHistogram(columns, i, decodeHistogram(head.histogram(columns.bits[2 * i] as number)));
  }
  return encodeChunks(columns, 0, count);
}

/** Sorted samples from..to as chunks of at most {@link CHUNK_SAMPLES}, floats and histograms apart. */
export function encodeChunks(samples: SampleColumns, from: number, to: number): ChunkEntry[] {
  if (samples.histograms.length === 0) return encodeRun(samples, from, to, CHUNK_SAMPLES);
  const out: ChunkEntry[] = [];
  for (let at = from; at < to;) {
    const histograms = isHistogramAt(samples.bits, at);
    let end = at + 1;
    while (end < to && isHistogramAt(samples.bits, end) === histograms) end++;
    out.push(...encodeRun(samples, at, end, histograms ? CHUNK_HISTOGRAMS : CHUNK_SAMPLES));
    at = end;
  }
  return out;
}

function encodeRun(samples: SampleColumns, from: number, to: number, most: number): ChunkEntry[] {
  const out: ChunkEntry[] = [];
  const count = to - from;
  const pieces = Math.ceil(count / most);
  for (let i = 0; i < pieces; i++) {
    const a = from + Math.floor((count * i) / pieces);
    const b = from + Math.floor((count * (i + 1)) / pieces);
    out.push({
      minMs: samples.times[a] as number,
      maxMs: samples.times[b - 1] as number,
      count: b - a,
      bytes: encodeChunk(samples, a, b),
    });
  }
  return out;
}
