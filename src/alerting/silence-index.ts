import { type StringMap, labelOf } from "../core/alerts";
import type { Silence } from "./model";
import { matcherPredicate } from "./routing";
import { silenceState } from "./silences";

interface Held {
  readonly id: string;
  readonly test: (labels: StringMap) => boolean;
}

/** The silences that hold at one moment, found by a label that they want: 1,000 of them over 10,000 alerts are too many to try each. */
export interface SilenceIndex {
  readonly byName: ReadonlyMap<string, ReadonlyMap<string, readonly Held[]>>;
  /** Those that want no label's one value. */
  readonly rest: readonly Held[];
}

export function indexSilences(silences: Iterable<Silence>, nowMs: number): SilenceIndex {
  const byName = new Map<string, Map<string, Held[]>>();
  const rest: Held[] = [];
  for (const s of silences) {
    if (silenceState(s, nowMs) !== "active") continue;
    const held = { id: s.id, test: matcherPredicate(s.matchers) };
    const equal = s.matchers.find((m) => m.type === "=" && m.value !== "");
    if (equal === undefined) {
      rest.push(held);
      continue;
    }
    const byValue = byName.get(equal.name) ?? new Map<string, Held[]>();
    const list = byValue.get(equal.value) ?? [];
    list.push(held);
    byName.set(equal.name, byValue.set(equal.value, list));
  }
  return { byName, rest };
}

/** Ids of the silences that hold an alert, sorted. */
export function silencesOf(index: SilenceIndex, labels: StringMap): readonly string[] {
  const out: string[] = [];
  for (const [name, byValue] of index.byName)
    for (const s of byValue.get(labelOf(labels, name)) ?? []) if (s.test(labels)) out.push(s.id);
  for (const s of index.rest) if (s.test(labels)) out.push(s.id);
  return out.sort();
}
