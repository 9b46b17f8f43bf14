import { METRIC_NAME } from "../core/labels";
import { encodeLabelSets, encodeRefs } from "./block-index";
import type { BlockStore } from "./block-store";
import type { MergePlan } from "./compaction-plan";
import { orderByMetric } from "./fold";
import type { BlockMeta } from "./manifest";
import type { SeriesTable } from "./series-table";
import { SymbolMap } from "./symbol-map";
import { Symbols } from "./symbols";

/** Taking up a series' labels costs about as much as this many samples. */
const SERIES_WORK = 24;
/** Series handled between two yields. */
const SERIES_SLICE = 4_096;

/** The samples that a step was worth. */
interface Step {
  readonly work: number;
}

/** A merge's series in the output's order, and where each input has them. Follows from the inputs alone. */
export interface MergeOrder {
  readonly count: number;
  /** Numbers within input `i`, rising, of the output's series from..to. */
  places(
    i: number,
    from: number,
    to: number,
  ): { readonly locals: readonly number[]; outputOf(local: number): number };
  /** The index's series part, of the given series of the order. */
  encode(kept: readonly number[]): Generator<Step, Uint8Array>;
}

/** Orders the series of all inputs by metric name, in slices. */
export function* orderSeries(
  plan: MergePlan,
  store: BlockStore,
  table: SeriesTable,
): Generator<Step, MergeOrder> {
  return plan.level === 0
    ? yield* segmentOrder(plan.inputs, store, table)
    : yield* labelOrder(plan.inputs, store, table);
}

function* segmentOrder(
  inputs: readonly BlockMeta[],
  store: BlockStore,
  table: SeriesTable,
): Generator<Step, MergeOrder> {
  const all = new Set<number>();
  for (const b of inputs) {
    for (const ref of store.refs(b).refs) all.add(ref);
    yield { work: b.series };
  }
  const refs = orderByMetric(table, [...all]);
  yield { work: refs.length };
  const outputOfRef = new Int32Array(table.size);
  refs.forEach((ref, i) => (outputOfRef[ref] = i));
  const outputs = inputs.map((b) =>
    Int32Array.from(store.refs(b).refs, (ref) => outputOfRef[ref] as number),
  );
  return yield* makeOrder(refs.length, outputs, function* (kept) {
    yield { work: kept.length };
    return encodeRefs(kept.map((i) => refs[i] as number));
  });
}

function* labelOrder(
  inputs: readonly BlockMeta[],
  store: BlockStore,
  table: SeriesTable,
): Generator<Step, MergeOrder> {
  const symbols = new Symbols();
  const sets: Uint32Array[] = [];
  const numbers = new Map<string, number>();
  const found: Int32Array[] = [];
  for (const block of inputs) {
    const index = store.series(block);
    yield { work: block.series * SERIES_WORK };
    const map = new SymbolMap(index.kind === "refs" ? table.symbols : index.symbols, symbols);
    const count = index.kind === "refs" ? index.refs.length : index.count;
    const list = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const set = map.map(
        index.kind === "refs" ? table.symbolsOf(index.refs[i] as number) : index.idsOf(i),
      );
      const key = set.join();
      let n = numbers.get(key);
      if (n === undefined) numbers.set(key, (n = sets.push(set) - 1));
      list[i] = n;
      if (i % SERIES_SLICE === SERIES_SLICE - 1) yield { work: SERIES_SLICE * SERIES_WORK };
    }
    found.push(list);
  }
  const order = orderSets(sets, symbols);
  yield { work: sets.length * SERIES_WORK };
  const rank = new Int32Array(sets.length);
  order.forEach((n, i) => (rank[n] = i));
  const outputs = found.map((list) => list.map((n) => rank[n] as number));
  return yield* makeOrder(sets.length, outputs, function* (kept) {
    const all = kept.map((i) => sets[order[i] as number] as Uint32Array);
    // What was deleted must leave no text behind.
    const some = all.length < sets.length;
    const used = some ? new Symbols() : symbols;
    const map = new SymbolMap(symbols, used);
    for (let i = 0; some && i < all.length; i++) {
      all[i] = map.map(all[i] as Uint32Array);
      if (i % SERIES_SLICE === SERIES_SLICE - 1) yield { work: SERIES_SLICE * SERIES_WORK };
    }
    yield { work: all.length * SERIES_WORK };
    return encodeLabelSets(used, all);
  });
}

/** Numbers of the sets by metric name, then by first appearance. Only the names are sorted, each once. */
function orderSets(sets: readonly Uint32Array[], symbols: Symbols): Int32Array {
  const name = symbols.find(METRIC_NAME);
  const byName = new Map<number, number[]>();
  sets.forEach((set, n) => {
    let value = -1;
    for (let i = 0; i < set.length; i += 2) if (set[i] === name) value = set[i + 1] as number;
    const list = byName.get(value);
    if (list === undefined) byName.set(value, [n]);
    else list.push(n);
  });
  const text = (value: number): string => (value < 0 ? "" : symbols.text(value));
  const out = new Int32Array(sets.length);
  let at = 0;
  for (const [, list] of [...byName].sort(([a], [b]) => (text(a) < text(b) ? -1 : 1)))
    for (const n of list) out[at++] = n;
  return out;
}

/** @param outputOf for each input, the output's number of each of its series */
function* makeOrder(
  count: number,
  outputOf: readonly Int32Array[],
  encode: MergeOrder["encode"],
): Generator<Step, MergeOrder> {
  const localOf: Int32Array[] = [];
  for (const list of outputOf) {
    const at = new Int32Array(count).fill(-1);
    for (let local = 0; local < list.length; local++) at[list[local] as number] = local;
    localOf.push(at);
    yield { work: list.length };
  }
  return {
    count,
    places(i, from, to) {
      const locals: number[] = [];
      for (let out = from; out < to; out++) {
        const local = (localOf[i] as Int32Array)[out] as number;
        if (local >= 0) locals.push(local);
      }
      locals.sort((a, b) => a - b);
      return { locals, outputOf: (local) => (outputOf[i] as Int32Array)[local] as number };
    },
    encode,
  };
}
