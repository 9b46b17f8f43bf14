import { type Labels, compareStrings, labelsKey } from "../core/labels";
import type { Matcher } from "../core/matchers";
import { type QuerySource, labelsFromSymbols, visitSeries } from "./query";
import type { Symbols } from "./symbols";

/** Which series a listing is over: those that one of the matcher lists accepts (none: all) and that may have samples in start..end. */
export interface SeriesFilter {
  readonly matchers: readonly (readonly Matcher[])[];
  readonly startMs: number;
  readonly endMs: number;
}

export function listSeries(
  source: QuerySource,
  { matchers, startMs, endMs }: SeriesFilter,
  limit: number,
): Labels[] {
  const found = new Map<string, Labels>();
  visitSeries(source, matchers, startMs, endMs, (symbols, ids) => {
    if (found.size >= limit) return;
    const labels = labelsFromSymbols(symbols, ids);
    found.set(labelsKey(labels), labels);
  });
  return [...found.values()];
}

export function listLabelNames(
  source: QuerySource,
  { matchers, startMs, endMs }: SeriesFilter,
  limit: number,
): string[] {
  const names = new Set<string>();
  visitSeries(source, matchers, startMs, endMs, (symbols, ids) => {
    for (let i = 0; i < ids.length; i += 2) names.add(symbols.text(ids[i] as number));
  });
  return [...names].sort(compareStrings).slice(0, limit);
}

export function listLabelValues(
  source: QuerySource,
  name: string,
  { matchers, startMs, endMs }: SeriesFilter,
  limit: number,
): string[] {
  const values = new Set<string>();
  let table: Symbols | undefined;
  let nameId = -1;
  visitSeries(source, matchers, startMs, endMs, (symbols, ids) => {
    if (symbols !== table) {
      table = symbols;
      nameId = symbols.find(name);
    }
    for (let i = 0; i < ids.length; i += 2)
      if (ids[i] === nameId) values.add(symbols.text(ids[i + 1] as number));
  });
  return [...values].sort(compareStrings).slice(0, limit);
}
