import { type Labels, METRIC_NAME, labelsKey, metricName, withoutLabels } from "../../core/labels";
import type { MetricType } from "../../core/series";
import type { ExpositionSink } from "./sink";

const CREATED = "_created";
/** Series of one metric differ by these labels within one child. */
const WITHIN: Readonly<Partial<Record<MetricType, ReadonlySet<string>>>> = {
  counter: new Set([METRIC_NAME]),
  histogram: new Set([METRIC_NAME, "le"]),
  summary: new Set([METRIC_NAME, "quantile"]),
};

/**
 * Finds the `_created` lines of OpenMetrics and tells the other series of the same child, once the
 * metric's lines are over: the line may stand before or after them.
 */
export class CreatedLines {
  private family = "";
  private within: ReadonlySet<string> | undefined;
  private series: Labels[] = [];
  private readonly seconds = new Map<string, number>();

  constructor(private readonly sink: ExpositionSink) {}

  /** Takes one sample of `family`, whose type was declared before. */
  sample(family: string, type: MetricType | undefined, labels: Labels, value: number): void {
    if (family !== this.family) {
      this.flush();
      this.family = family;
      this.within = type === undefined ? undefined : WITHIN[type];
    }
    if (this.within === undefined) return;
    const name = metricName(labels);
    if (name === family + CREATED) this.seconds.set(this.child(labels, this.within), value);
    // A quantile is no running total.
    else if (name !== family || type === "counter") this.series.push(labels);
  }

  flush(): void {
    if (this.within !== undefined && this.seconds.size > 0) {
      for (const labels of this.series) {
        const seconds = this.seconds.get(this.child(labels, this.within));
        if (seconds !== undefined && Number.isFinite(seconds))
          this.sink.created?.(labels, Math.round(seconds * 1000), false);
      }
    }
    this.family = "";
    this.series = [];
    this.seconds.clear();
    this.within = undefined;
  }

  private child(labels: Labels, within: ReadonlySet<string>): string {
    return labelsKey(withoutLabels(labels, within));
  }
}
