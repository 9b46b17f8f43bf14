import type { BlockCounts, BlockStore, BlockWriter, WrittenPages } from "./block-store";
import { CHUNK_SAMPLES, decodeChunk } from "./chunk";
import type { MergePlan } from "./compaction-plan";
import { type Aggregate, SAMPLES, downsample } from "./downsample";
import { encodeChunks } from "./fold";
import { type BlockMeta, DOWNSAMPLED } from "./manifest";
import { type MergeOrder, orderSeries } from "./merge-order";
import type { ChunkEntry } from "./page";
import { SampleColumns, sortAndDedupe } from "./sample-columns";
import type { SeriesTable } from "./series-table";

/** Series whose chunks are gathered from the inputs at a time, at most. */
const BATCH_SERIES = 256;
/** Samples that they should not have more of together: a slice of the work. */
const BATCH_SAMPLES = 200_000;
/** Samples after which a merge notes how far it is, so that a restart repeats seconds of work at most. */
export const CHECKPOINT_SAMPLES = 16_000_000;

/** How far a merge is: all series of its order before `nextSeries` stand in pages on the disk. */
export interface MergeProgress {
  readonly nextSeries: number;
  /** Series before it of which nothing is left. */
  readonly left: readonly number[];
  readonly written: WrittenPages;
}

/** A step of a merge: the samples it handled, and perhaps how far it is, to be noted. */
export interface MergeStep {
  readonly work: number;
  readonly progress?: MergeProgress;
}

export interface MergeOptions {
  readonly checkpointSamples?: number;
  /** Where an earlier run of the same merge stopped: its order follows from the inputs alone. */
  readonly from?: MergeProgress | undefined;
}

/**
 * Merges blocks into one, in slices: it yields after each, so that the caller can stop for other work in between. The
 * inputs stay readable; the caller swaps them for the result. A merge that downsamples notes no progress.
 */
export function* mergeBlocks(
  plan: MergePlan,
  outputId: number,
  store: BlockStore,
  table: SeriesTable,
  { checkpointSamples = CHECKPOINT_SAMPLES, from: resumed }: MergeOptions = {},
): Generator<MergeStep, BlockMeta | undefined> {
  const order = yield* orderSeries(plan, store, table);
  const writer = store.writer(outputId, plan.level, resumed?.written);
  /** The order's numbers of the series that still have samples: of others all were deleted. */
  const kept: number[] = [];
  const samples = plan.inputs.reduce((n, b) => n + b.samples, 0);
  const batch = Math.max(
    1,
    Math.min(BATCH_SERIES, Math.floor((BATCH_SAMPLES * order.count) / Math.max(1, samples))),
  );
  const gather = (from: number, to: number, aggregate: Aggregate): ChunkEntry[][] =>
    gatherChunks(plan.inputs, order, store, from, to, aggregate);
  let counts: BlockCounts | undefined;
  if (plan.level === DOWNSAMPLED)
    counts = yield* downsampleAll(order.count, batch, gather, writer, kept);
  else {
    const left = new Set(resumed?.left);
    for (let i = 0; i < (resumed?.nextSeries ?? 0); i++) if (!left.has(i)) kept.push(i);
    let noted = 0;
    for (let from = resumed?.nextSeries ?? 0; from < order.count; from += batch) {
      const to = Math.min(order.count, from + batch);
      let work = 0;
      gather(from, to, SAMPLES).forEach((found, i) => {
        const chunks = joinChunks(found);
        for (const c of chunks) work += c.count;
        if (chunks.length > 0) writer.add(kept.push(from + i) - 1, chunks);
        else left.add(from + i);
      });
      noted += work;
      if (noted >= checkpointSamples && to < order.count) {
        noted = 0;
        yield { work, progress: { nextSeries: to, left: [...left], written: writer.close() } };
      } else yield { work };
    }
  }
  return writer.finish(yield* order.encode(kept), counts);
}

/** The chunks that the inputs hold of the order's series from..to, per series; of raw blocks always their samples. */
function gatherChunks(
  inputs: readonly BlockMeta[],
  order: MergeOrder,
  store: BlockStore,
  from: number,
  to: number,
  aggregate: Aggregate,
): ChunkEntry[][] {
  const gathered: ChunkEntry[][] = Array.from({ length: to - from }, () => []);
  inputs.forEach((block, i) => {
    const places = order.places(i, from, to);
    const skipped = block.level === DOWNSAMPLED ? aggregate * block.series : 0;
    const locals = skipped === 0 ? places.locals : places.locals.map((local) => local + skipped);
    store.read(block, locals, -Infinity, Infinity, (local, minMs, maxMs, count, page, at, end) => {
      gathered[places.outputOf(local - skipped) - from]?.push({
        minMs,
        maxMs,
        count,
        bytes: page.subarray(at, end),
      });
    });
  });
  return gathered;
}

/** Writes each aggregate of all series in turn, as downsample.ts numbers them. */
function* downsampleAll(
  count: number,
  batch: number,
  gather: (from: number, to: number, aggregate: Aggregate) => ChunkEntry[][],
  writer: BlockWriter,
  kept: number[],
): Generator<MergeStep, BlockCounts> {
  let samples = 0;
  for (const aggregate of [0, 1, 2, 3] as const) {
    /** Of the series that were kept, when their samples were written. */
    let place = 0;
    for (let from = 0; from < count; from += batch) {
      const gathered = gather(from, Math.min(count, from + batch), aggregate);
      let work = 0;
      gathered.forEach((found, i) => {
        if (aggregate !== SAMPLES && kept[place] !== from + i) return;
        for (const c of found) work += c.count;
        const chunks = downsampleChunks(found, aggregate);
        if (aggregate !== SAMPLES) {
          if (chunks.length > 0) writer.add(aggregate * kept.length + place, chunks);
          place++;
        } else if (chunks.length > 0) {
          for (const c of chunks) samples += c.count;
          writer.add(kept.push(from + i) - 1, chunks);
        }
      });
      yield { work };
    }
  }
  return { samples, series: kept.length };
}

/** One series' chunks, raw and of the aggregate, as the aggregate's. */
function downsampleChunks(found: readonly ChunkEntry[], aggregate: Aggregate): ChunkEntry[] {
  if (found.length === 0) return [];
  const decoded = decodeAll(found);
  return encodeChunks(decoded.columns, 0, downsample(decoded.columns, decoded.count, aggregate));
}

let columns = new SampleColumns(4096);

/** One series' chunks in time order without repeats. Chunks that are large already, and overlap nothing, are kept as they are. */
export function joinChunks(chunks: readonly ChunkEntry[]): readonly ChunkEntry[] {
  const sorted = [...chunks].sort((a, b) => a.minMs - b.minMs);
  const apart = sorted.every((c, i) => i === 0 || c.minMs > (sorted[i - 1] as ChunkEntry).maxMs);
  if (apart && sorted.every((c, i) => i === sorted.length - 1 || c.count >= CHUNK_SAMPLES / 2))
    return sorted;
  const decoded = decodeAll(sorted);
  return encodeChunks(decoded.columns, 0, decoded.count);
}

/** Decodes chunks of one series, in time order without repeats, into columns that hold until the next call. */
function decodeAll(chunks: readonly ChunkEntry[]): {
  readonly columns: SampleColumns;
  readonly count: number;
} {
  const sorted = [...chunks].sort((a, b) => a.minMs - b.minMs);
  const total = sorted.reduce((n, c) => n + c.count, 0);
  if (total > columns.times.length) columns = new SampleColumns(2 * total);
  columns.histograms.length = 0;
  let at = 0;
  let apart = true;
  sorted.forEach((c, i) => {
    at += decodeChunk(c.bytes, 0, c.bytes.length, columns, at);
    if (i > 0 && c.minMs <= (sorted[i - 1] as ChunkEntry).maxMs) apart = false;
  });
  return { columns, count: apart ? at : sortAndDedupe(columns, 0, at) };
}
