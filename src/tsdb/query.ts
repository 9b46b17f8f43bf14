import type { Labels } from "../core/labels";
import type { Matcher } from "../core/matchers";
import { SampleBudgetError, type SelectRequest } from "../core/metric-store";
import type { BlockStore } from "./block-store";
import { encodeHistogram } from "../core/histogram-bytes";
import { CHUNK_SAMPLES, chunkWeight, decodeChunk, offsetsChunkBytes } from "./chunk";
import { DIFFERENT, EQUAL, type LookUp, histogramOf } from "./commit";
import { chunksOf } from "./fold";
import { aggregateFor } from "./downsample";
import { type BlockMeta, DOWNSAMPLED } from "./manifest";
import { matchBlock, matchSeries } from "./match";
import { SampleColumns, histogramAt, sameBytes } from "./sample-columns";
import { SelectBuilder } from "./select-codec";
import type { ShardState } from "./shard-state";
import { SymbolMap } from "./symbol-map";
import type { Symbols } from "./symbols";

/** What a question is asked over: the state in memory and the blocks on disk. */
export interface QuerySource {
  readonly state: ShardState;
  readonly blocks: readonly BlockMeta[];
  readonly store: BlockStore;
}

/** @throws SampleBudgetError when the answers hold more than `maxSamples` samples */
export function selectChunks(
  source: QuerySource,
  requests: readonly SelectRequest[],
  maxSamples: number,
): readonly Uint8Array[] {
  const out = new SelectBuilder();
  const budget = new Budget(maxSamples);
  const hotSymbols = new SymbolMap(source.state.table.symbols, out.symbols);
  for (const request of requests) {
    const { startMs, endMs } = request;
    const overlapping = source.blocks.filter((b) => b.maxMs > startMs && b.minMs <= endMs);
    for (const block of overlapping)
      if (block.level > 0) addBlock(source, block, request, out, budget);
    addHot(source, overlapping, request, out, budget, hotSymbols);
    out.endRequest(overlapping.some((b) => b.level > 0));
  }
  return out.finish();
}

function addHot(
  source: QuerySource,
  blocks: readonly BlockMeta[],
  request: SelectRequest,
  out: SelectBuilder,
  budget: Budget,
  symbols: SymbolMap,
): void {
  const { table, head } = source.state;
  const { startMs, endMs } = request;
  const refs = matchSeries(table, request.matchers);
  if (refs.length === 0) return;
  /** Number in the answer by series, −1 where it has none yet. */
  const numbers = new Int32Array(table.size).fill(-1);
  const numberOf = (ref: number): number => {
    const known = numbers[ref] as number;
    return known >= 0 ? known : (numbers[ref] = out.series(symbols.map(table.symbolsOf(ref))));
  };
  for (const segment of blocks) {
    if (segment.level !== 0) continue;
    const series = source.store.refs(segment);
    const locals: number[] = [];
    for (const ref of refs) {
      const local = ref < series.localOf.length ? (series.localOf[ref] as number) : -1;
      if (local >= 0) locals.push(local);
    }
    const wanted = Int32Array.from(locals).sort();
    source.store.read(
      segment,
      wanted,
      startMs,
      endMs,
      (local, minMs, maxMs, count, page, from, end) => {
        budget.takeChunk(minMs, maxMs, count, request, page, from, end);
        out.chunk(numberOf(series.refs[local] as number), page, from, end);
      },
    );
  }
  if (head.count === 0 || head.maxTime <= startMs || head.minTime > endMs) return;
  for (const ref of refs) {
    if (head.hasHistograms(ref)) {
      for (const c of chunksOf(head, ref, startMs, endMs)) {
        budget.takeChunk(c.minMs, c.maxMs, c.count, request, c.bytes, 0, c.bytes.length);
        out.chunk(numberOf(ref), c.bytes, 0, c.bytes.length);
      }
      continue;
    }
    const s = head.read(ref, startMs, endMs);
    const count = s.to - s.from;
    if (count === 0) continue;
    budget.takeCount(count);
    head.putChunk(out.chunkOf(numberOf(ref), offsetsChunkBytes(count)), s);
  }
}

function addBlock(
  source: QuerySource,
  block: BlockMeta,
  request: SelectRequest,
  out: SelectBuilder,
  budget: Budget,
): void {
  const series = source.store.labels(block);
  const symbols = new SymbolMap(series.symbols, out.symbols);
  const matched = matchBlock(series, request.matchers);
  const skipped = block.level === DOWNSAMPLED ? aggregateFor(request.hints) * series.count : 0;
  const wanted = skipped === 0 ? matched : matched.map((local) => local + skipped);
  let current = -1;
  let number = -1;
  source.store.read(
    block,
    wanted,
    request.startMs,
    request.endMs,
    (local, minMs, maxMs, count, page, from, end) => {
      budget.takeChunk(minMs, maxMs, count, request, page, from, end);
      if (local !== current) {
        current = local;
        number = out.series(symbols.map(series.idsOf(local - skipped)));
      }
      out.chunk(number, page, from, end);
    },
  );
}

/**
 * Calls `visit` with the label symbols of every series that one of the matcher lists accepts and that may
 * have samples in start..end. A series may be visited more than once.
 */
export function visitSeries(
  source: QuerySource,
  matchers: readonly (readonly Matcher[])[],
  startMs: number,
  endMs: number,
  visit: (symbols: Symbols, ids: Uint32Array) => void,
): void {
  const lists = matchers.length === 0 ? [[]] : matchers;
  const { table, head } = source.state;
  const hotStart = source.blocks.reduce(
    (min, b) => (b.level === 0 ? Math.min(min, b.minMs) : min),
    head.minTime,
  );
  for (const list of lists) {
    if (hotStart <= endMs) {
      for (const ref of matchSeries(table, list))
        if ((table.lastTime[ref] as number) >= startMs) visit(table.symbols, table.symbolsOf(ref));
    }
    for (const block of source.blocks) {
      if (block.level === 0 || block.maxMs < startMs || block.minMs > endMs) continue;
      const series = source.store.labels(block);
      for (const i of matchBlock(series, list))
        if (source.store.holds(block, i, startMs, endMs))
          visit(series.symbols, series.ids.subarray(series.starts[i], series.starts[i + 1]));
    }
  }
}

export function labelsFromSymbols(symbols: Symbols, ids: Uint32Array): Labels {
  return Array.from(ids, (id) => symbols.text(id));
}

/** Looks samples up in the segments. (Cut blocks hold nothing that is still accepted.) */
export function compareStored(source: QuerySource, samples: LookUp): Uint8Array {
  const verdicts = new Uint8Array(samples.refs.length);
  const minMs = samples.times.reduce((a, b) => Math.min(a, b), Infinity);
  const maxMs = samples.times.reduce((a, b) => Math.max(a, b), -Infinity);
  let columns = new SampleColumns(CHUNK_SAMPLES);
  for (const segment of source.blocks) {
    if (segment.level !== 0 || segment.minMs > maxMs || segment.maxMs < minMs) continue;
    const series = source.store.refs(segment);
    const wanted = new Map<number, number[]>();
    samples.refs.forEach((ref, k) => {
      const time = samples.times[k] as number;
      const local = ref < series.localOf.length ? (series.localOf[ref] as number) : -1;
      if (local < 0 || time < segment.minMs || time > segment.maxMs) return;
      const list = wanted.get(local);
      if (list === undefined) wanted.set(local, [k]);
      else list.push(k);
    });
    const locals = Int32Array.from(wanted.keys()).sort();
    source.store.read(
      segment,
      locals,
      minMs - 1,
      maxMs,
      (local, chunkMin, chunkMax, count, page, from, end) => {
        const within = (wanted.get(local) ?? []).filter(
          (k) =>
            (samples.times[k] as number) >= chunkMin && (samples.times[k] as number) <= chunkMax,
        );
        if (within.length === 0) return;
        if (count > columns.times.length) columns = new SampleColumns(count);
        columns.histograms.length = 0;
        decodeChunk(page, from, end, columns, 0);
        for (const k of within) {
          const at = indexOfTime(columns.times, count, samples.times[k] as number);
          if (at < 0) continue;
          const i = samples.elements[k] as number;
          verdicts[k] = sameAs(columns, at, samples, i) ? EQUAL : DIFFERENT;
        }
      },
    );
  }
  return verdicts;
}

function sameAs(columns: SampleColumns, at: number, samples: LookUp, i: number): boolean {
  const there = histogramAt(columns, at);
  const asked = histogramOf(samples, i);
  if (there !== undefined && asked !== undefined) return sameBytes(encodeHistogram(there), asked);
  return (
    there === asked &&
    columns.bits[2 * at] === samples.bits[2 * i] &&
    columns.bits[2 * at + 1] === samples.bits[2 * i + 1]
  );
}

/** Element of `time` among the first `count`, which rise; −1 where it is none of them. */
function indexOfTime(times: Float64Array, count: number, time: number): number {
  let lo = 0;
  let hi = count;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if ((times[mid] as number) < time) lo = mid + 1;
    else hi = mid;
  }
  return lo < count && times[lo] === time ? lo : -1;
}

/** Counts the samples an answer holds. A chunk that sticks out of the range counts by its part within. */
class Budget {
  private left: number;

  constructor(private readonly max: number) {
    this.left = max;
  }

  takeChunk(
    minMs: number,
    maxMs: number,
    count: number,
    { startMs, endMs }: SelectRequest,
    page: Uint8Array,
    from: number,
    end: number,
  ): void {
    const part = Math.min(maxMs, endMs) - Math.max(minMs, startMs);
    const whole = maxMs - minMs;
    const held = chunkWeight(page, from, end, count);
    this.takeCount(whole <= part ? held : Math.ceil((held * part) / whole));
  }

  takeCount(count: number): void {
    this.left -= count;
    if (this.left < 0)
      throw new SampleBudgetError(`the query would hold more than ${this.max} samples in memory`);
  }
}
