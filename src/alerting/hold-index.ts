import { type StringMap, labelOf } from "../core/alerts";
import type { Matcher } from "../core/matchers";
import type { Silence } from "./model";
import { matcherPredicate } from "./routing";
import { silenceState } from "./silences";
import { type MaintenanceWindow, windowHolds } from "./windows";

interface Holder {
  readonly id: string;
  readonly test: (labels: StringMap) => boolean;
}

/**
 * The silences, or maintenance windows, that hold at one moment, found by a label that they want: 1,000 of them
 * over 10,000 alerts are too many to try each.
 */
export interface HoldIndex {
  readonly byName: ReadonlyMap<string, ReadonlyMap<string, readonly Holder[]>>;
  /** Those that want no label's one value. */
  readonly rest: readonly Holder[];
}

export function indexSilences(silences: Iterable<Silence>, nowMs: number): HoldIndex {
  return indexed([...silences].filter((s) => silenceState(s, nowMs) === "active"));
}

export function indexWindows(windows: Iterable<MaintenanceWindow>, nowMs: number): HoldIndex {
  return indexed([...windows].filter((w) => windowHolds(w, nowMs)));
}

/** Ids of those that hold an alert, sorted. */
export function holdersOf(index: HoldIndex, labels: StringMap): readonly string[] {
  const out: string[] = [];
  for (const [name, byValue] of index.byName)
    for (const h of byValue.get(labelOf(labels, name)) ?? []) if (h.test(labels)) out.push(h.id);
  for (const h of index.rest) if (h.test(labels)) out.push(h.id);
  return out.length < 2 ? out : out.sort();
}

function indexed(
  holders: readonly { readonly id: string; readonly matchers: readonly Matcher[] }[],
): HoldIndex {
  const byName = new Map<string, Map<string, Holder[]>>();
  const rest: Holder[] = [];
  for (const { id, matchers } of holders) {
    const holder = { id, test: matcherPredicate(matchers) };
    const equal = matchers.find((m) => m.type === "=" && m.value !== "");
    if (equal === undefined) {
      rest.push(holder);
      continue;
    }
    const byValue = byName.get(equal.name) ?? new Map<string, Holder[]>();
    const list = byValue.get(equal.value) ?? [];
    list.push(holder);
    byName.set(equal.name, byValue.set(equal.value, list));
  }
  return { byName, rest };
}
