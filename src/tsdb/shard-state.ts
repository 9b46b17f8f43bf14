import type { MetricMetadata } from "../core/series";
import type { AccumulatorState } from "./accumulators";
import { BatchIds } from "./batch-ids";
import { CorruptBytesError } from "../core/byte-reader";
import { Exemplars } from "./exemplars";
import { Head } from "./head";
import { isHistogramAt } from "./histogram-mark";
import type { LogRecord } from "./log-codec";
import { SelectorGroups } from "./selector-groups";
import { SeriesTable } from "./series-table";

/** All that a shard keeps in memory; rebuilt on waking from the checkpoint and the log. */
export class ShardState {
  table = new SeriesTable();
  readonly head = new Head();
  readonly accumulators = new Map<number, AccumulatorState>();
  readonly batchIds = new BatchIds();
  readonly metadata = new Map<string, MetricMetadata>();
  readonly groups = new SelectorGroups();
  /** Log rows and bytes since the last fold. */
  logRows = 0;
  logBytes = 0;
  /** Taken up since the last fold, for the next checkpoint. */
  readonly newSeries: number[] = [];
  readonly newBatchIds: LogRecord["batchIds"][number][] = [];
  readonly exemplars = new Exemplars();
  exemplarsChanged = false;
  metadataChanged = false;
  accumulatorsChanged = false;

  /** Puts the effects of a commit back, as {@link LogRecord} says them. */
  replay(record: LogRecord): void {
    for (const s of record.series) {
      this.table.restore(s.ref, s.labels, 0, s.labels.length);
      this.newSeries.push(s.ref);
    }
    const { refs, times, bits } = record;
    const { lastTime } = this.table;
    this.head.reserveSamples(refs.length);
    for (let i = 0; i < refs.length; i++) {
      const ref = refs[i] as number;
      const time = times[i] as number;
      if (isHistogramAt(bits, i)) {
        const histogram = record.histograms[bits[2 * i] as number];
        if (histogram === undefined) throw new CorruptBytesError("a histogram the log lacks");
        this.head.appendHistogram(ref, time, histogram);
      } else this.head.append(ref, time, bits, i);
      if (time > (lastTime[ref] as number)) lastTime[ref] = time;
    }
    for (const a of record.accumulators) this.accumulators.set(a.ref, a);
    if (record.accumulators.length > 0) this.accumulatorsChanged = true;
    for (const b of record.batchIds) {
      this.batchIds.add(b);
      this.newBatchIds.push(b);
    }
    for (const m of record.metadata) this.metadata.set(m.name, m);
    if (record.metadata.length > 0) this.metadataChanged = true;
    for (const e of record.exemplars) this.exemplars.add(e);
    if (record.exemplars.length > 0) this.exemplarsChanged = true;
  }

  /** Forgets series; the others keep their numbers. */
  dropSeries(dead: ReadonlySet<number>): void {
    const next = new SeriesTable();
    for (let ref = 0; ref < this.table.size; ref++) {
      if (!this.table.isLive(ref) || dead.has(ref)) continue;
      const bytes = this.table.bytesOf(ref);
      next.restore(ref, bytes, 0, bytes.length);
      next.lastTime[ref] = this.table.lastTime[ref] as number;
    }
    next.restored();
    this.table = next;
    this.groups.seriesDropped(dead);
    if (this.exemplars.count > 0) {
      this.exemplars.drop(dead);
      this.exemplarsChanged = true;
    }
  }

  /** Bytes held, about. */
  get footprint(): number {
    return (
      this.table.footprint +
      this.head.footprint +
      this.exemplars.footprint +
      this.accumulators.size * 120 +
      this.batchIds.size * 60
    );
  }
}
