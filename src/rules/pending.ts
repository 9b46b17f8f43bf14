import type { Histogram } from "../core/histogram";
import { type Labels, METRIC_NAME, metricName } from "../core/labels";
import type { Matcher } from "../core/matchers";

/** One sample that this evaluation will write; no value stands for a stale marker. */
export interface PendingSample {
  readonly labels: Labels;
  readonly timeMs: number;
  readonly value: number | undefined;
  /** Where the sample is a native histogram; `value` is then NaN without meaning. */
  readonly histogram?: Histogram;
}

/** What the rules of an evaluation gave so far, by metric name. */
export class PendingSamples {
  private readonly byName = new Map<string, PendingSample[]>();

  add(samples: readonly PendingSample[]): void {
    for (const s of samples) {
      const name = metricName(s.labels);
      const list = this.byName.get(name);
      if (list === undefined) this.byName.set(name, [s]);
      else list.push(s);
    }
  }

  /** Those that matchers with this name can accept at all. */
  under(matchers: readonly Matcher[]): readonly PendingSample[] {
    if (this.byName.size === 0) return [];
    const named = matchers.find((m) => m.name === METRIC_NAME && m.type === "=");
    if (named !== undefined) return this.byName.get(named.value) ?? [];
    return [...this.byName.values()].flat();
  }
}
