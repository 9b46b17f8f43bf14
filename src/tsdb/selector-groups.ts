import type { Labels } from "../core/labels";
import { type Matcher, compileMatchers } from "../core/matchers";
import { matchSeries } from "./match";
import type { SeriesTable } from "./series-table";

/** What one rule group selects. */
export interface GroupSelectors {
  readonly group: string;
  readonly version: number;
  readonly selectors: readonly (readonly Matcher[])[];
}

/**
 * Which rule groups a series concerns, for evaluation on write. A series is
 * matched once, when it or the group is new; an append then costs a map look-up.
 */
export class SelectorGroups {
  private readonly groups = new Map<
    string,
    { readonly spec: GroupSelectors; readonly tests: readonly ((l: Labels) => boolean)[] }
  >();
  private readonly bySeries = new Map<number, string[]>();

  get isEmpty(): boolean {
    return this.groups.size === 0;
  }

  /** Takes up a group's selectors; false where this or a later version is known. */
  register(spec: GroupSelectors, table: SeriesTable): boolean {
    const known = this.groups.get(spec.group);
    if (known !== undefined && known.spec.version >= spec.version) return false;
    const same =
      known !== undefined &&
      JSON.stringify(known.spec.selectors) === JSON.stringify(spec.selectors);
    const tests = spec.selectors.map((s) => compileMatchers(s));
    this.groups.set(spec.group, { spec, tests });
    if (same) return true;
    this.forget(spec.group);
    const refs = new Set(spec.selectors.flatMap((s) => matchSeries(table, s)));
    for (const ref of refs) this.link(ref, spec.group);
    return true;
  }

  unregister(group: string): boolean {
    if (!this.groups.delete(group)) return false;
    this.forget(group);
    return true;
  }

  /** Matches a new series against every group. */
  seriesAdded(ref: number, labels: Labels): void {
    this.bySeries.delete(ref);
    for (const [group, g] of this.groups) if (g.tests.some((t) => t(labels))) this.link(ref, group);
  }

  seriesDropped(refs: ReadonlySet<number>): void {
    for (const ref of refs) this.bySeries.delete(ref);
  }

  groupsOf(ref: number): readonly string[] | undefined {
    return this.bySeries.get(ref);
  }

  specs(): readonly GroupSelectors[] {
    return [...this.groups.values()].map((g) => g.spec);
  }

  private link(ref: number, group: string): void {
    const list = this.bySeries.get(ref);
    if (list === undefined) this.bySeries.set(ref, [group]);
    else list.push(group);
  }

  private forget(group: string): void {
    for (const [ref, list] of this.bySeries) {
      const rest = list.filter((g) => g !== group);
      if (rest.length === 0) this.bySeries.delete(ref);
      else if (rest.length < list.length) this.bySeries.set(ref, rest);
    }
  }
}
