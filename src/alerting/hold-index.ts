import { type StringMap, labelOf } from "../core/alerts";
import type { Matcher, ValuePredicate } from "../core/matchers";
import type { Silence } from "./model";
import { matcherPredicate, valuePredicate } from "./routing";
import { silenceState } from "./silences";
import { type MaintenanceWindow, windowHolds } from "./windows";

interface Holder {
  readonly id: string;
  readonly test: (labels: StringMap) => boolean;
}

/** Holders found by one of the labels that they match. */
interface LabelIndex {
  readonly byValue: Map<string, Holder[]>;
  readonly patterns: { readonly test: ValuePredicate; readonly holder: Holder }[];
  /** What any pattern is known to say of a value: many alerts share one. */
  readonly seen: Map<string, readonly Holder[]>;
}

/**
 * The silences, or maintenance windows, that hold at one moment, found by a label that they want: 1,000 of them
 * over 10,000 alerts are too many to try each.
 */
export type HoldIndex = ReadonlyMap<string, LabelIndex>;

export function indexSilences(silences: Iterable<Silence>, nowMs: number): HoldIndex {
  return indexed([...silences].filter((s) => silenceState(s, nowMs) === "active"));
}

export function indexWindows(windows: Iterable<MaintenanceWindow>, nowMs: number): HoldIndex {
  return indexed([...windows].filter((w) => windowHolds(w, nowMs)));
}

/** Ids of those that hold an alert, sorted. */
export function holdersOf(index: HoldIndex, labels: StringMap): readonly string[] {
  const out: string[] = [];
  for (const [name, label] of index)
    for (const h of candidates(label, labelOf(labels, name))) if (h.test(labels)) out.push(h.id);
  return out.length < 2 ? out : out.sort();
}

const NONE: readonly Holder[] = [];

function candidates(index: LabelIndex, value: string): readonly Holder[] {
  const exact = index.byValue.get(value) ?? NONE;
  if (index.patterns.length === 0) return exact;
  let known = index.seen.get(value);
  if (known === undefined) {
    const matching = index.patterns.filter((p) => p.test(value)).map((p) => p.holder);
    index.seen.set(value, (known = [...exact, ...matching]));
  }
  return known;
}

function indexed(
  holders: readonly { readonly id: string; readonly matchers: readonly Matcher[] }[],
): HoldIndex {
  const index = new Map<string, LabelIndex>();
  for (const { id, matchers } of holders) {
    const holder = { id, test: matcherPredicate(matchers) };
    const equal = matchers.find((m) => m.type === "=" && m.value !== "");
    const by = equal ?? matchers[0];
    // One without matchers holds every alert: a label that none has is empty.
    const name = by?.name ?? "";
    const label: LabelIndex = index.get(name) ?? {
      byValue: new Map(),
      patterns: [],
      seen: new Map(),
    };
    index.set(name, label);
    if (equal === undefined) {
      label.patterns.push({ test: by === undefined ? () => true : valuePredicate(by), holder });
      continue;
    }
    const list = label.byValue.get(equal.value) ?? [];
    list.push(holder);
    label.byValue.set(equal.value, list);
  }
  return index;
}
