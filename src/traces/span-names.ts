import type { Span } from "../core/traces";

/** What metrics call a span whose name was one too many. */
export const OTHER_NAME = "other";
/** Span names that one service, and services that one project, may bring to metrics, per isolate. */
export const MAX_NAMES = 200;
export const MAX_SERVICES = 200;

/**
 * Keeps span names from exploding into series: a service's first names are kept as they are, later
 * ones count as `other`. The memory is an isolate's: a new one may let other names in first.
 */
export class SpanNameBudget {
  private readonly services = new Map<string, Set<string>>();

  /** The name that metrics use. */
  admit(service: string, name: string): string {
    let names = this.services.get(service);
    if (names === undefined) {
      if (this.services.size >= MAX_SERVICES) return OTHER_NAME;
      names = new Set();
      this.services.set(service, names);
    }
    if (names.has(name)) return name;
    if (names.size >= MAX_NAMES) return OTHER_NAME;
    names.add(name);
    return name;
  }
}

/** The name of each span as metrics use it, and how many of them became `other`. */
export function admitNames(
  budget: SpanNameBudget,
  spans: readonly Span[],
): { readonly names: readonly string[]; readonly capped: number } {
  let capped = 0;
  const names = spans.map((s) => {
    const name = budget.admit(s.service, s.name);
    if (name === OTHER_NAME && s.name !== OTHER_NAME) capped++;
    return name;
  });
  return { names, capped };
}
