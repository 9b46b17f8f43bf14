import { BatchBuilder } from "../core/batch";
import type { Histogram } from "../core/histogram";
import { type Labels, labelValue, labelsKey, labelsFromPairs, withLabel } from "../core/labels";
import { STALE_BYTES } from "../core/stale";
import type { ExpositionExemplar, ExpositionSink } from "../ingest/exposition/sink";
import type { MetricMetadata } from "../core/series";
import type { ScrapeJob } from "./model";
import { type HashTail, type RelabelStep, applyRelabel } from "./relabel";
import type { Target } from "./targets";

/** Series of the last good scrape by their key: what vanishes from it is marked stale. */
export type SeriesOfTarget = ReadonlyMap<string, Labels>;

export const NO_SERIES: SeriesOfTarget = new Map();

/** What a scrape counted, as the `scrape_*` series show it. */
export interface ScrapeCounts {
  /** Samples before relabelling. */
  readonly scraped: number;
  /** What was kept of them. */
  readonly kept: number;
  /** Series that the scrape before did not have. */
  readonly added: number;
}

/**
 * Takes one exposition as a target's: its labels put on, `metric_relabel_configs` run, limits held.
 * One object is one scrape; {@link Scrape.finish} gives the packed batch.
 */
export class Scrape implements ExpositionSink {
  private readonly builder = new BatchBuilder();
  private readonly seen = new Map<string, Labels>();
  /** The labels each exposed label set became; undefined where it was dropped. */
  private readonly became = new Map<string, Labels | undefined>();
  private scraped = 0;
  private kept = 0;
  private over: string | undefined;

  constructor(
    private readonly job: ScrapeJob,
    private readonly target: Target,
    private readonly steps: readonly RelabelStep[],
    private readonly hash: HashTail,
    private readonly timeMs: number,
  ) {}

  sample(own: Labels, value: number, ownTimeMs: number | undefined): void {
    const labels = this.take(own, ownTimeMs);
    if (labels !== undefined)
      this.builder.sample(this.builder.series(labels), this.timeOf(ownTimeMs), value);
  }

  histogram(own: Labels, h: Histogram, ownTimeMs: number | undefined): void {
    const labels = this.take(own, ownTimeMs);
    if (labels !== undefined)
      this.builder.histogram(this.builder.series(labels), this.timeOf(ownTimeMs), h);
  }

  exemplar(own: Labels, e: ExpositionExemplar): void {
    const labels = this.labelsFor(own);
    if (labels !== undefined)
      this.builder.exemplar(
        this.builder.series(labels),
        e.timeMs ?? this.timeMs,
        e.value,
        e.labels,
      );
  }

  created(own: Labels, createdMs: number, histogram: boolean): void {
    const labels = this.labelsFor(own);
    if (labels !== undefined)
      this.builder.created(this.builder.series(labels), createdMs, histogram);
  }

  metadata(m: MetricMetadata): void {
    this.builder.metadata(m);
  }

  /** Why the scrape failed although it parsed: a limit was passed. */
  get refusal(): string | undefined {
    const { sampleLimit } = this.job;
    if (this.over !== undefined) return this.over;
    return sampleLimit > 0 && this.kept > sampleLimit ? "sample limit exceeded" : undefined;
  }

  /** The batch with the target's own series and stale markers; and what the next scrape is compared with. */
  finish(before: SeriesOfTarget, durationMs: number): FinishedScrape {
    for (const [key, labels] of before) if (!this.seen.has(key)) this.markStale(labels);
    const counts = this.countsAfter(before);
    putReport(this.builder, this.target, this.timeMs, { up: 1, durationMs, ...counts });
    return { batch: this.builder.finish(), series: this.seen, counts };
  }

  /** Also of a scrape that is refused: `scrape_samples_scraped` shows by how much a limit was passed. */
  countsAfter(before: SeriesOfTarget): ScrapeCounts {
    let added = 0;
    for (const key of this.seen.keys()) if (!before.has(key)) added++;
    return { scraped: this.scraped, kept: this.kept, added };
  }

  private take(own: Labels, ownTimeMs: number | undefined): Labels | undefined {
    this.scraped++;
    const labels = this.labelsFor(own);
    if (labels === undefined) return undefined;
    this.kept++;
    // A series that carries its own time is not followed for staleness.
    if (ownTimeMs === undefined || !this.job.honorTimestamps)
      this.seen.set(labelsKey(labels), labels);
    return labels;
  }

  private timeOf(ownTimeMs: number | undefined): number {
    return this.job.honorTimestamps ? (ownTimeMs ?? this.timeMs) : this.timeMs;
  }

  private labelsFor(own: Labels): Labels | undefined {
    const key = labelsKey(own);
    if (this.became.has(key)) return this.became.get(key);
    const labels = applyRelabel(
      withTargetLabels(own, this.target.labels, this.job.honorLabels),
      this.steps,
      this.hash,
    );
    const named =
      labels === undefined || labelValue(labels, "__name__") === "" ? undefined : labels;
    if (named !== undefined) this.over ??= limitOf(this.job, named);
    this.became.set(key, named);
    return named;
  }

  private markStale(labels: Labels): void {
    this.builder.sampleBytes(this.builder.series(labels), this.timeMs, STALE_BYTES, 0);
  }
}

export interface FinishedScrape {
  readonly batch: Uint8Array;
  readonly series: SeriesOfTarget;
  readonly counts: ScrapeCounts;
}

/** The batch of a scrape that failed: `up` 0, and every series of the one before stale. */
export function failedScrape(
  target: Target,
  before: SeriesOfTarget,
  timeMs: number,
  durationMs: number,
  counts: ScrapeCounts = { scraped: 0, kept: 0, added: 0 },
): Uint8Array {
  const b = new BatchBuilder();
  for (const labels of before.values()) b.sampleBytes(b.series(labels), timeMs, STALE_BYTES, 0);
  putReport(b, target, timeMs, { up: 0, durationMs, ...counts });
  return b.finish();
}

/** The batch of a target that is scraped no more: everything of it is stale. */
export function endedTarget(target: Target, before: SeriesOfTarget, timeMs: number): Uint8Array {
  const b = new BatchBuilder();
  for (const labels of before.values()) b.sampleBytes(b.series(labels), timeMs, STALE_BYTES, 0);
  for (const name of REPORTS)
    b.sampleBytes(b.series(withLabel(target.labels, "__name__", name)), timeMs, STALE_BYTES, 0);
  return b.finish();
}

const REPORTS = [
  "up",
  "scrape_duration_seconds",
  "scrape_samples_scraped",
  "scrape_samples_post_metric_relabeling",
  "scrape_series_added",
] as const;

function putReport(
  b: BatchBuilder,
  target: Target,
  timeMs: number,
  r: ScrapeCounts & { readonly up: 0 | 1; readonly durationMs: number },
): void {
  const values = [r.up, r.durationMs / 1000, r.scraped, r.kept, r.added];
  REPORTS.forEach((name, i) =>
    b.sample(b.series(withLabel(target.labels, "__name__", name)), timeMs, values[i] as number),
  );
}

/**
 * The target's labels beside the exposed ones. Where both have a label the target's stands and the exposed one
 * becomes `exported_…`; with `honor_labels` the exposed one stands.
 */
export function withTargetLabels(own: Labels, target: Labels, honor: boolean): Labels {
  const out = new Map<string, string>();
  for (let i = 0; i < own.length; i += 2) out.set(own[i] as string, own[i + 1] as string);
  const moved: [string, string][] = [];
  for (let i = 0; i < target.length; i += 2) {
    const name = target[i] as string;
    const exposed = out.get(name);
    if (exposed !== undefined && honor) continue;
    if (exposed !== undefined) moved.push([name, exposed]);
    out.set(name, target[i + 1] as string);
  }
  for (const [name, value] of moved) {
    let to = `exported_${name}`;
    while (out.has(to)) to = `exported_${to}`;
    out.set(to, value);
  }
  return labelsFromPairs(out);
}

function limitOf(job: ScrapeJob, labels: Labels): string | undefined {
  const { labelLimit, labelNameLengthLimit, labelValueLengthLimit } = job;
  if (labelLimit > 0 && labels.length / 2 > labelLimit)
    return `label_limit exceeded (metric: "${labelValue(labels, "__name__")}", number of labels: ${labels.length / 2}, limit: ${labelLimit})`;
  if (labelNameLengthLimit === 0 && labelValueLengthLimit === 0) return undefined;
  for (let i = 0; i < labels.length; i += 2) {
    const name = labels[i] as string;
    const value = labels[i + 1] as string;
    if (labelNameLengthLimit > 0 && name.length > labelNameLengthLimit)
      return `label_name_length_limit exceeded (label name: ${name.slice(0, 50)}, length: ${name.length}, limit: ${labelNameLengthLimit})`;
    if (labelValueLengthLimit > 0 && value.length > labelValueLengthLimit)
      return `label_value_length_limit exceeded (label name: ${name.slice(0, 50)}, length: ${value.length}, limit: ${labelValueLengthLimit})`;
  }
  return undefined;
}
