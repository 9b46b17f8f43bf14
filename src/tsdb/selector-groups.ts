import type { Labels } from "../core/labels";
import type { TouchedSelectors } from "../core/objects";
import { type Matcher, compileMatchers } from "../core/matchers";
import { matchSeries } from "./match";
import type { SeriesTable } from "./series-table";

/** What one rule group selects. */
export interface GroupSelectors {
  readonly group: string;
  readonly version: number;
  readonly selectors: readonly (readonly Matcher[])[];
}

/** A group that samples concern. */
export interface TouchedGroup extends TouchedSelectors {
  readonly group: string;
}

/** One selector of one group. */
interface Touch {
  readonly group: string;
  /** Its place among the group's selectors. */
  readonly selector: number;
}

/**
 * The selectors that concern a series. Series that concern the same ones share one list, so that
 * an append notes a list a sample and not a selector.
 */
export interface TouchList {
  readonly touches: readonly Touch[];
  readonly longer: Map<Touch, TouchList>;
}

interface Registered {
  readonly spec: GroupSelectors;
  readonly watched: readonly { readonly touch: Touch; readonly test: (l: Labels) => boolean }[];
}

/**
 * Which selectors of rule groups a series concerns, for evaluation on write. A series is
 * matched once, when it or the group is new; an append then costs a map look-up.
 */
export class SelectorGroups {
  private readonly groups = new Map<string, Registered>();
  private readonly bySeries = new Map<number, TouchList>();
  private root: TouchList = { touches: [], longer: new Map() };

  get isEmpty(): boolean {
    return this.groups.size === 0;
  }

  /** Takes up a group's selectors; false where this or a later version is known. */
  register(spec: GroupSelectors, table: SeriesTable): boolean {
    const known = this.groups.get(spec.group);
    if (known !== undefined && known.spec.version >= spec.version) return false;
    if (
      known !== undefined &&
      JSON.stringify(known.spec.selectors) === JSON.stringify(spec.selectors)
    ) {
      this.groups.set(spec.group, { ...known, spec });
      return true;
    }
    const watched = spec.selectors.map((s, selector) => ({
      touch: { group: spec.group, selector },
      test: compileMatchers(s),
    }));
    this.groups.set(spec.group, { spec, watched });
    this.forget(spec.group);
    for (const [i, s] of spec.selectors.entries()) {
      const touch = watched[i]?.touch;
      if (touch !== undefined) for (const ref of matchSeries(table, s)) this.link(ref, touch);
    }
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
    for (const g of this.groups.values())
      for (const { touch, test } of g.watched) if (test(labels)) this.link(ref, touch);
  }

  seriesDropped(refs: ReadonlySet<number>): void {
    for (const ref of refs) this.bySeries.delete(ref);
  }

  touchesOf(ref: number): TouchList | undefined {
    return this.bySeries.get(ref);
  }

  /** What the lists of one append say to each group. */
  touchedBy(lists: Iterable<TouchList>): TouchedGroup[] {
    const byGroup = new Map<string, Set<number>>();
    for (const { touches } of lists)
      for (const { group, selector } of touches) {
        const known = byGroup.get(group);
        if (known === undefined) byGroup.set(group, new Set([selector]));
        else known.add(selector);
      }
    return [...byGroup].map(([group, selectors]) => ({
      group,
      version: this.groups.get(group)?.spec.version ?? 0,
      selectors: [...selectors],
    }));
  }

  specs(): readonly GroupSelectors[] {
    return [...this.groups.values()].map((g) => g.spec);
  }

  private link(ref: number, touch: Touch): void {
    this.bySeries.set(ref, extended(this.bySeries.get(ref) ?? this.root, touch));
  }

  private forget(group: string): void {
    // Lists that speak of the group are left behind with the tree that holds them.
    this.root = { touches: [], longer: new Map() };
    const before = [...this.bySeries];
    this.bySeries.clear();
    for (const [ref, { touches }] of before)
      for (const t of touches) if (t.group !== group) this.link(ref, t);
  }
}

function extended(list: TouchList, touch: Touch): TouchList {
  let longer = list.longer.get(touch);
  if (longer === undefined) {
    longer = { touches: [...list.touches, touch], longer: new Map() };
    list.longer.set(touch, longer);
  }
  return longer;
}
