import { type StringMap, labelOf } from "../core/alerts";
import { compareStrings } from "../core/labels";

/**
 * Go's model.LabelSet.Before: the smaller set first; of equally large ones by value at the first name, in order of
 * name, where they differ, and a set that lacks the name comes first (prometheus/common/model/labelset.go).
 */
export function compareLabelSets(a: StringMap, b: StringMap): number {
  const names = sortedNames(a);
  const others = sortedNames(b);
  if (names.length !== others.length) return names.length - others.length;
  for (const [i, name] of names.entries()) {
    const other = others[i] as string; // as many
    // The one that has the smaller name: the other lacks it.
    if (name !== other) return compareStrings(other, name);
    const c = compareStrings(labelOf(a, name), labelOf(b, name));
    if (c !== 0) return c;
  }
  return 0;
}

const namesOf = new WeakMap<StringMap, readonly string[]>();

/** Sorting asks for them again and again. */
function sortedNames(labels: StringMap): readonly string[] {
  let sorted = namesOf.get(labels);
  if (sorted === undefined)
    namesOf.set(labels, (sorted = Object.keys(labels).sort(compareStrings)));
  return sorted;
}

interface Labelled {
  readonly labels: StringMap;
}

/** Alertmanager's types.AlertSlice: by `job`, then `instance`, those without it last; then by all labels. */
export function compareAlerts(a: Labelled, b: Labelled): number {
  for (const name of ["job", "instance"]) {
    const [inA, inB] = [Object.hasOwn(a.labels, name), Object.hasOwn(b.labels, name)];
    if (inA !== inB) return inA ? -1 : 1;
    const c = compareStrings(labelOf(a.labels, name), labelOf(b.labels, name));
    if (c !== 0) return c;
  }
  return compareLabelSets(a.labels, b.labels);
}
