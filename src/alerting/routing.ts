import { type StringMap, labelOf } from "../core/alerts";
import { compareStrings, labelsOf } from "../core/labels";
import { type Matcher, type ValuePredicate, compileMatcher } from "../core/matchers";
import type { Route } from "./config";
import { quoted, renderMatcher } from "./matcher-text";

/**
 * The routes that take an alert, in Alertmanager's order: depth first, the first matching
 * child ends the search unless it says `continue`, and a route without a matching child takes it itself.
 */
export function matchRoutes(root: Route, labels: StringMap): readonly Route[] {
  if (!predicateOf(root)(labels)) return [];
  const out: Route[] = [];
  for (const child of root.routes) {
    const taken = matchRoutes(child, labels);
    out.push(...taken);
    if (taken.length > 0 && !child.continue) break;
  }
  return out.length === 0 ? [root] : out;
}

/** The labels that a route groups an alert by; a label that the alert lacks is left out. */
export function groupLabels(route: Route, labels: StringMap): StringMap {
  if (route.groupBy === "all") return labels;
  // Own labels alone: `constructor` is a label's name like any other.
  return Object.fromEntries(
    route.groupBy
      .map((name) => [name, labelOf(labels, name)] as const)
      .filter(([, value]) => value !== ""),
  );
}

/** Alertmanager's group key: `{}/{severity="critical"}:{alertname="X"}`. */
export function groupKey(route: Route, labels: StringMap): string {
  return `${route.key}:${renderLabelSet(labels)}`;
}

/** A label set as Go's model.LabelSet prints itself: `{a="b", c="d"}`. */
export function renderLabelSet(labels: StringMap): string {
  const pairs = labelsOf(labels);
  const out: string[] = [];
  for (let i = 0; i < pairs.length; i += 2)
    out.push(`${pairs[i] as string}=${quoted(pairs[i + 1] as string)}`);
  return `{${out.join(", ")}}`;
}

/** `{a="b",c=~"d"}`, the matchers sorted as Alertmanager sorts them: by name, then value, then type. */
export function renderRouteMatchers(matchers: readonly Matcher[]): string {
  return `{${sortedMatchers(matchers).map(renderMatcher).join(",")}}`;
}

const TYPE_ORDER = ["=", "!=", "=~", "!~"];

export function sortedMatchers(matchers: readonly Matcher[]): readonly Matcher[] {
  return [...matchers].sort(
    (a, b) =>
      compareStrings(a.name, b.name) ||
      compareStrings(a.value, b.value) ||
      TYPE_ORDER.indexOf(a.type) - TYPE_ORDER.indexOf(b.type),
  );
}

const predicates = new WeakMap<object, (labels: StringMap) => boolean>();

function predicateOf(route: Route): (labels: StringMap) => boolean {
  return matcherPredicate(route.matchers);
}

/** A matcher's test of its label's value. Alertmanager's dot matches no line feed, Prometheus' and so core/matchers' does; few values have one. */
export function valuePredicate(m: Matcher): ValuePredicate {
  const test = compileMatcher(m);
  if (m.type !== "=~" && m.type !== "!~") return test;
  let strict: ValuePredicate | undefined;
  return (value) => {
    if (!value.includes("\n")) return test(value);
    strict ??= compileMatcher({ ...m, value: `(?-s:${m.value})` });
    return strict(value);
  };
}

/** All matchers at once over a label record; compiled once per matcher list. */
export function matcherPredicate(matchers: readonly Matcher[]): (labels: StringMap) => boolean {
  const hit = predicates.get(matchers);
  if (hit !== undefined) return hit;
  const tests = matchers.map((m) => ({ name: m.name, test: valuePredicate(m) }));
  const made = (labels: StringMap): boolean => tests.every((t) => t.test(labelOf(labels, t.name)));
  predicates.set(matchers, made);
  return made;
}
