import { type StringMap, labelOf } from "../core/alerts";
import type { InhibitRule } from "./config";
import type { RoutedAlert } from "./model";
import { matcherPredicate } from "./routing";

interface SourceAlert {
  readonly fingerprint: string;
  /** It is a target of its own rule too; such a pair does not silence each other. */
  readonly twoSided: boolean;
}

/** The firing source alerts of every rule, by the values of its `equal` labels. */
export interface InhibitionIndex {
  readonly rules: readonly {
    readonly rule: InhibitRule;
    readonly sources: ReadonlyMap<string, readonly SourceAlert[]>;
  }[];
}

export function indexInhibition(
  rules: readonly InhibitRule[],
  alerts: Iterable<RoutedAlert>,
): InhibitionIndex {
  const made = rules.map((rule) => ({ rule, sources: new Map<string, SourceAlert[]>() }));
  if (made.length === 0) return { rules: [] };
  for (const a of alerts) {
    if (a.status !== "firing") continue;
    for (const { rule, sources } of made) {
      if (!matcherPredicate(rule.source)(a.labels)) continue;
      const key = equalKey(rule, a.labels);
      const list = sources.get(key) ?? [];
      list.push({
        fingerprint: a.fingerprint,
        twoSided: matcherPredicate(rule.target)(a.labels),
      });
      sources.set(key, list);
    }
  }
  return { rules: made };
}

/** Fingerprints of the alerts that inhibit one with these labels, the first of each rule. */
export function inhibitedBy(index: InhibitionIndex, labels: StringMap): readonly string[] {
  const out: string[] = [];
  for (const { rule, sources } of index.rules) {
    if (!matcherPredicate(rule.target)(labels)) continue;
    const both = matcherPredicate(rule.source)(labels);
    const by = sources.get(equalKey(rule, labels))?.find((s) => !(both && s.twoSided));
    if (by !== undefined) out.push(by.fingerprint);
  }
  return out;
}

/** A label that is absent equals one that is empty. */
function equalKey(rule: InhibitRule, labels: StringMap): string {
  return rule.equal.map((name) => labelOf(labels, name)).join("\xff");
}
