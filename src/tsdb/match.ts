import { type Matcher, type ValuePredicate, compileMatcher } from "../core/matchers";
import type { BlockLabels, Postings } from "./block-labels";
import type { SeriesTable } from "./series-table";
import type { Symbols } from "./symbols";

/** A matcher over symbols: tried once per distinct value. */
export class SymbolMatcher {
  /** The label's symbol, −1 where no series has the label. */
  readonly name: number;
  /** The answer for a series without the label. */
  readonly absent: boolean;
  private readonly test: ValuePredicate;
  private memo: Uint8Array;

  constructor(
    readonly matcher: Matcher,
    private readonly symbols: Symbols,
  ) {
    this.test = compileMatcher(matcher);
    this.absent = this.test("");
    this.name = symbols.find(matcher.name);
    this.memo = new Uint8Array(symbols.size);
  }

  /** @param value a value's symbol, or −1 for an absent label */
  accepts(value: number): boolean {
    if (value < 0) return this.absent;
    const known = this.memo[value];
    if (known === 1) return true;
    if (known === 2) return false;
    const yes = this.test(this.symbols.text(value));
    if (value < this.memo.length) this.memo[value] = yes ? 1 : 2;
    return yes;
  }
}

/** Numbers of the series that every matcher accepts, rising within a label value. */
export function matchSeries(table: SeriesTable, matchers: readonly Matcher[]): number[] {
  table.symbolise();
  const tests = matchers.map((m) => new SymbolMatcher(m, table.symbols));
  if (tests.some((t) => t.name < 0 && !t.absent)) return [];
  const present = tests.filter((t) => t.name >= 0);
  const candidates = narrowest(table, present);
  const rest = present.filter((t) => t !== candidates?.by);
  const out: number[] = [];
  const consider = (ref: number): void => {
    for (const t of rest) if (!t.accepts(table.valueOf(ref, t.name))) return;
    out.push(ref);
  };
  if (candidates === undefined) {
    for (let ref = 0; ref < table.size; ref++) if (table.isLive(ref)) consider(ref);
  } else {
    for (const list of candidates.lists) for (const ref of list) consider(ref);
  }
  return out;
}

/** Numbers of a block's series that every matcher accepts, rising. Goes through the series of its narrowest matcher alone. */
export function matchBlock(series: BlockLabels, matchers: readonly Matcher[]): Int32Array {
  const tests = matchers.map((m) => new SymbolMatcher(m, series.symbols));
  if (tests.some((t) => t.name < 0 && !t.absent)) return NONE;
  const present = tests.filter((t) => t.name >= 0);
  const by = narrowestOf(series, present);
  const rest = present.filter((t) => t !== by?.test);
  const out = new Int32Array(by?.count ?? series.count);
  let found = 0;
  const consider = (local: number): void => {
    for (const t of rest) if (!t.accepts(series.valueOf(local, t.name))) return;
    out[found++] = local;
  };
  if (by === undefined) for (let i = 0; i < series.count; i++) consider(i);
  else
    for (const k of by.values) {
      const { locals, offsets } = by.postings;
      const to = offsets[k + 1] as number;
      for (let at = offsets[k] as number; at < to; at++) consider(locals[at] as number);
    }
  const all = out.subarray(0, found);
  return by !== undefined && by.values.length > 1 ? all.sort() : all;
}

const NONE = new Int32Array();

interface Narrowest {
  readonly test: SymbolMatcher;
  readonly postings: Postings;
  /** Places in the postings of the values it accepts. */
  readonly values: readonly number[];
  /** Series of those values. */
  readonly count: number;
}

/** As {@link narrowest}, for a block. */
function narrowestOf(series: BlockLabels, tests: readonly SymbolMatcher[]): Narrowest | undefined {
  let best: Narrowest | undefined;
  for (const equal of [true, false]) {
    for (const test of tests) {
      if (test.absent || (test.matcher.type === "=") !== equal) continue;
      // A regular expression runs over every value of its label; not worth it where an equality chose few.
      if (!equal && best !== undefined && best.count <= FEW) continue;
      const postings = series.postingsOf(test.name);
      const values = equal
        ? placeOf(postings.values, series.symbols.find(test.matcher.value))
        : placesOf(postings.values, test);
      let count = 0;
      for (const k of values)
        count += (postings.offsets[k + 1] as number) - (postings.offsets[k] as number);
      if (best === undefined || count < best.count) best = { test, postings, values, count };
    }
  }
  return best;
}

/** Series that are gone through sooner than the values of another label are. */
const FEW = 256;

function placesOf(values: Uint32Array, test: SymbolMatcher): number[] {
  const out: number[] = [];
  for (let k = 0; k < values.length; k++) if (test.accepts(values[k] as number)) out.push(k);
  return out;
}

function placeOf(values: Uint32Array, value: number): number[] {
  let lo = 0;
  let hi = values.length;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if ((values[mid] as number) < value) lo = mid + 1;
    else hi = mid;
  }
  return value >= 0 && values[lo] === value ? [lo] : [];
}

/** The matcher whose series are fewest, among those that refuse an absent label. */
function narrowest(
  table: SeriesTable,
  tests: readonly SymbolMatcher[],
): { readonly by: SymbolMatcher; readonly lists: readonly (readonly number[])[] } | undefined {
  let best: { by: SymbolMatcher; lists: (readonly number[])[]; count: number } | undefined;
  const ordered = [...tests].sort(
    (a, b) => (a.matcher.type === "=" ? 0 : 1) - (b.matcher.type === "=" ? 0 : 1),
  );
  for (const t of ordered) {
    if (t.absent) continue;
    // A regular expression runs over every value of its label; not worth it where an equality already chose.
    if (t.matcher.type !== "=" && best !== undefined) continue;
    const lists = t.matcher.type === "=" ? equalLists(table, t) : acceptedLists(table, t);
    const count = lists.reduce((n, list) => n + list.length, 0);
    if (best === undefined || count < best.count) best = { by: t, lists, count };
  }
  return best;
}

function equalLists(table: SeriesTable, t: SymbolMatcher): (readonly number[])[] {
  const list = table.postingsOf(t.name).get(table.symbols.find(t.matcher.value));
  return list === undefined ? [] : [list];
}

function acceptedLists(table: SeriesTable, t: SymbolMatcher): (readonly number[])[] {
  const lists: (readonly number[])[] = [];
  for (const [value, list] of table.postingsOf(t.name)) if (t.accepts(value)) lists.push(list);
  return lists;
}
