import { type Matcher, type ValuePredicate, compileMatcher } from "../core/matchers";
import type { BlockLabels } from "./block-index";
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

/** Numbers of a block's series that every matcher accepts, rising. */
export function matchBlock(series: BlockLabels, matchers: readonly Matcher[]): number[] {
  const tests = matchers.map((m) => new SymbolMatcher(m, series.symbols));
  const out: number[] = [];
  // An equality whose value no series of the block has needs no scan.
  if (matchers.some((m) => m.type === "=" && m.value !== "" && series.symbols.find(m.value) < 0))
    return out;
  const count = series.starts.length - 1;
  for (let i = 0; i < count; i++) {
    const from = series.starts[i] as number;
    const to = series.starts[i + 1] as number;
    let all = true;
    for (const t of tests) {
      let value = -1;
      for (let k = from; k < to; k += 2) {
        if (series.ids[k] === t.name) {
          value = series.ids[k + 1] as number;
          break;
        }
      }
      if (!t.accepts(value)) {
        all = false;
        break;
      }
    }
    if (all) out.push(i);
  }
  return out;
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
