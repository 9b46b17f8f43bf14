import type { StringMap } from "../../core/alerts";
import { type Labels, METRIC_NAME, labelsKey, labelsToRecord, withLabel } from "../../core/labels";
import type { Matcher } from "../../core/matchers";
import type { Queryable } from "../../core/metric-store";
import { bitsOf, isStaleAt } from "../../core/stale";
import type { AlertingRule } from "../model";
import { identityOf } from "../rendered";
import type { AlertingState, Candidate } from "../state";

/**
 * What `ALERTS` has of a rule that really ran: at which moments it was evaluated while it had alerts,
 * and which label sets it then saw. Samples that came late are in the store by now; the rule did not see them.
 */
export class Recorded {
  /** Label sets active at a moment, and those that ended at it. */
  private readonly moments = new Map<number, { active: Set<string>; ended: Set<string> }>();

  private readonly labels = new Map<string, StringMap>();

  /** Rising, ms. */
  get timesMs(): readonly number[] {
    return [...this.moments.keys()].toSorted((a, b) => a - b);
  }

  /**
   * What the rule saw at that moment, of what it would see now: without label sets that it did not
   * speak of, and with those that it did. Where `keep_firing_for` holds alerts up (`keeps`) their being
   * spoken of does not say that the expression gave them, and what is seen now counts.
   */
  seenAt(
    timeMs: number,
    now: readonly Candidate[],
    before: AlertingState,
    keeps: boolean,
  ): Candidate[] {
    const active = this.moments.get(timeMs)?.active ?? new Set<string>();
    const out = now.filter((c) => active.has(identityOf(c.labels).key));
    if (keeps || out.length === active.size) return out;
    const present = new Set(out.map((c) => identityOf(c.labels).key));
    for (const key of active) {
      const labels = this.labels.get(key);
      if (present.has(key) || labels === undefined) continue;
      out.push(before.alerts.get(key) ?? { labels, annotations: {}, value: Number.NaN });
    }
    return out;
  }

  /** The rule spoke of that label set at that moment. */
  namesAt(timeMs: number, key: string): boolean {
    const m = this.moments.get(timeMs);
    return m !== undefined && (m.active.has(key) || m.ended.has(key));
  }

  noteLabels(key: string, labels: Labels): void {
    this.labels.set(key, labelsToRecord(labels));
  }

  note(timeMs: number, key: string, active: boolean): void {
    let m = this.moments.get(timeMs);
    if (m === undefined) {
      m = { active: new Set(), ended: new Set() };
      this.moments.set(timeMs, m);
    }
    (active ? m.active : m.ended).add(key);
  }
}

/** Reads what was recorded of a rule with fromMs < t ≤ toMs, times as the samples have them. */
export async function readRecorded(
  queryable: Queryable,
  rule: AlertingRule,
  fromMs: number,
  toMs: number,
): Promise<Recorded> {
  const fixed = Object.entries(rule.labels).filter(([, v]) => v !== "" && !v.includes("{{"));
  const matchers: Matcher[] = [
    { type: "=", name: METRIC_NAME, value: "ALERTS" },
    { type: "=", name: "alertname", value: rule.name },
    ...fixed.map(([name, value]): Matcher => ({ type: "=", name, value })),
  ];
  const [found = []] = await queryable.select([{ matchers, startMs: fromMs, endMs: toMs }]);
  const recorded = new Recorded();
  for (const s of found) {
    const labels = withLabel(withLabel(s.labels, METRIC_NAME, ""), "alertstate", "");
    const key = labelsKey(labels);
    recorded.noteLabels(key, labels);
    const bits = bitsOf(s.values);
    for (const [i, timeMs] of s.timestamps.entries())
      recorded.note(timeMs, key, !isStaleAt(bits, i));
  }
  return recorded;
}
