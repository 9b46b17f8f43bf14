import { METRIC_NAME } from "../core/labels";
import { encodeLabelSets, encodeRefs } from "./block-index";
import type { BlockCounts, BlockStore, BlockWriter } from "./block-store";
import { CHUNK_SAMPLES, decodeChunk } from "./chunk";
import { type Aggregate, SAMPLES, downsample } from "./downsample";
import { encodeChunks, orderByMetric } from "./fold";
import { type BlockMeta, DOWNSAMPLED } from "./manifest";
import type { MergePlan } from "./compaction-plan";
import type { ChunkEntry } from "./page";
import type { SeriesTable } from "./series-table";
import { SampleColumns, sortAndDedupe } from "./sample-columns";
import { SymbolMap } from "./symbol-map";
import { Symbols } from "./symbols";

/** Series whose chunks are gathered from the inputs at a time. */
const BATCH_SERIES = 256;
/** Taking up a series' labels costs about as much as this many samples. */
const SERIES_WORK = 24;
const SERIES_SLICE = 2048;

/**
 * Merges blocks into one, in slices: it yields the samples it handled since
 * the last yield, so that the caller can stop for other work in between. The
 * inputs stay readable; the caller swaps them for the result. Not resumable: after a
 * restart the output's rows are dropped and the merge begins anew.
 */
export function* mergeBlocks(
  plan: MergePlan,
  outputId: number,
  store: BlockStore,
  table: SeriesTable,
): Generator<number, BlockMeta | undefined> {
  const order =
    plan.level === 0
      ? yield* segmentOrder(plan.inputs, store, table)
      : yield* labelOrder(plan.inputs, store, table);
  const writer = store.writer(outputId, plan.level);
  /** The order's numbers of the series that still have samples: of others all were deleted. */
  const kept: number[] = [];
  const gather = (from: number, to: number, aggregate: Aggregate): ChunkEntry[][] =>
    gatherChunks(plan.inputs, order, store, from, to, aggregate);
  if (plan.level === DOWNSAMPLED) {
    const counts = yield* downsampleAll(order.count, gather, writer, kept);
    return writer.finish(order.encode(kept), counts);
  }
  for (let from = 0; from < order.count; from += BATCH_SERIES) {
    const gathered = gather(from, Math.min(order.count, from + BATCH_SERIES), SAMPLES);
    let work = 0;
    gathered.forEach((found, i) => {
      const chunks = joinChunks(found);
      for (const c of chunks) work += c.count;
      if (chunks.length > 0) writer.add(kept.push(from + i) - 1, chunks);
    });
    yield work;
  }
  return writer.finish(order.encode(kept));
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
  gather: (from: number, to: number, aggregate: Aggregate) => ChunkEntry[][],
  writer: BlockWriter,
  kept: number[],
): Generator<number, BlockCounts> {
  let samples = 0;
  for (const aggregate of [0, 1, 2, 3] as const) {
    /** Of the series that were kept, when their samples were written. */
    let place = 0;
    for (let from = 0; from < count; from += BATCH_SERIES) {
      const gathered = gather(from, Math.min(count, from + BATCH_SERIES), aggregate);
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
      yield work;
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

/** The output's series in order, and where each input has them. */
interface MergeOrder {
  readonly count: number;
  /** Numbers within input `i`, rising, of the output's series from..to. */
  places(
    i: number,
    from: number,
    to: number,
  ): { readonly locals: readonly number[]; outputOf(local: number): number };
  /** The index's series part, of the given series of the order. */
  encode(kept: readonly number[]): Uint8Array;
}

function* segmentOrder(
  inputs: readonly BlockMeta[],
  store: BlockStore,
  table: SeriesTable,
): Generator<number, MergeOrder> {
  const all = new Set<number>();
  for (const b of inputs) {
    for (const ref of refsOf(store, b)) all.add(ref);
    yield b.series;
  }
  const refs = orderByMetric(table, [...all]);
  const outputOfRef = new Map(refs.map((ref, i) => [ref, i]));
  const locals = inputs.map((b) => refsOf(store, b));
  yield refs.length;
  return makeOrder(
    refs.length,
    locals.map((list) => Array.from(list, (ref) => outputOfRef.get(ref) as number)),
    (kept) => encodeRefs(kept.map((i) => refs[i] as number)),
  );
}

function* labelOrder(
  inputs: readonly BlockMeta[],
  store: BlockStore,
  table: SeriesTable,
): Generator<number, MergeOrder> {
  const symbols = new Symbols();
  const sets: Uint32Array[] = [];
  const numbers = new Map<string, number>();
  const outputs: number[][] = [];
  for (const block of inputs) {
    const index = store.index(block).series;
    const from = index.kind === "refs" ? table.symbols : index.symbols;
    const map = new SymbolMap(from, symbols);
    const list: number[] = [];
    const count = index.kind === "refs" ? index.refs.length : index.starts.length - 1;
    for (let i = 0; i < count; i++) {
      const ids =
        index.kind === "refs"
          ? table.symbolsOf(index.refs[i] as number)
          : index.ids.subarray(index.starts[i], index.starts[i + 1]);
      const set = map.map(ids);
      const key = set.join();
      let n = numbers.get(key);
      if (n === undefined) {
        n = sets.push(set) - 1;
        numbers.set(key, n);
      }
      list.push(n);
      if (i % SERIES_SLICE === SERIES_SLICE - 1) yield SERIES_SLICE * SERIES_WORK;
    }
    outputs.push(list);
    yield (count % SERIES_SLICE) * SERIES_WORK;
  }
  const name = symbols.find(METRIC_NAME);
  const nameOf = (set: Uint32Array): string => {
    for (let i = 0; i < set.length; i += 2)
      if (set[i] === name) return symbols.text(set[i + 1] as number);
    return "";
  };
  const names = sets.map(nameOf);
  const order = sets
    .map((_, i) => i)
    .sort((a, b) =>
      names[a] === names[b] ? a - b : (names[a] as string) < (names[b] as string) ? -1 : 1,
    );
  const rank = new Map(order.map((n, i) => [n, i]));
  yield sets.length * 4;
  return makeOrder(
    sets.length,
    outputs.map((list) => list.map((n) => rank.get(n) as number)),
    (kept) =>
      encodeLabelSets(
        ...compacted(
          symbols,
          kept.map((i) => sets[order[i] as number] as Uint32Array),
          sets.length,
        ),
      ),
  );
}

/** @param outputOf for each input, the output's number of each of its series */
function makeOrder(
  count: number,
  outputOf: readonly (readonly number[])[],
  encode: (kept: readonly number[]) => Uint8Array,
): MergeOrder {
  const localOf = outputOf.map((list) => {
    const at = new Int32Array(count).fill(-1);
    list.forEach((out, local) => (at[out] = local));
    return at;
  });
  return {
    count,
    places(i, from, to) {
      const locals: number[] = [];
      for (let out = from; out < to; out++) {
        const local = (localOf[i] as Int32Array)[out] as number;
        if (local >= 0) locals.push(local);
      }
      locals.sort((a, b) => a - b);
      return { locals, outputOf: (local) => (outputOf[i] as readonly number[])[local] as number };
    },
    encode,
  };
}

/** The symbols that the sets use, where some sets fell away: what was deleted must leave no text behind. */
function compacted(
  symbols: Symbols,
  sets: readonly Uint32Array[],
  before: number,
): [Symbols, readonly Uint32Array[]] {
  if (sets.length === before) return [symbols, sets];
  const used = new Symbols();
  const map = new SymbolMap(symbols, used);
  return [used, sets.map((set) => map.map(set))];
}

function refsOf(store: BlockStore, block: BlockMeta): Uint32Array {
  return store.refs(block).refs;
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
  let at = 0;
  let apart = true;
  sorted.forEach((c, i) => {
    at += decodeChunk(c.bytes, 0, c.bytes.length, columns, at);
    if (i > 0 && c.minMs <= (sorted[i - 1] as ChunkEntry).maxMs) apart = false;
  });
  return { columns, count: apart ? at : sortAndDedupe(columns, 0, at) };
}
