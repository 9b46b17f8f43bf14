import { type BatchView, readBatch } from "../core/batch";
import { decodeLabels } from "../core/label-bytes";
import { renderLabels } from "../core/labels";
import type { AppendResult } from "../core/metric-store";
import { type AccumulatorState, type EmittedSample, increment } from "./accumulators";
import { batchIdKey } from "./batch-ids";
import { hashView } from "./label-hash";
import { LogBuilder } from "./log-codec";
import { AppendTally, type ShardLimits, checkTime } from "./rejections";
import { checkLabels } from "./series-table";
import type { ShardState } from "./shard-state";

/** Samples to be looked up outside of the head: columns of series, time and 32-bit value words. */
export interface LookUp {
  readonly refs: readonly number[];
  readonly times: readonly number[];
  /** Element of `bits` (by pairs) that holds each sample's value. */
  readonly elements: readonly number[];
  readonly bits: Uint32Array;
}

export const ABSENT = 0;
export const EQUAL = 1;
export const DIFFERENT = 2;

/** What is stored outside of the head. */
export interface StoredSamples {
  /** Of each sample whether one is stored at its time: {@link ABSENT}, {@link EQUAL} or {@link DIFFERENT}. */
  compare(samples: LookUp): Uint8Array;
}

/**
 * Judges batches and applies what is accepted to the state, collecting the
 * effects for the log. One Commit is one group commit: call {@link add} per
 * batch, then {@link finish} once.
 */
export class Commit {
  readonly log = new LogBuilder();
  /** Rule groups whose selectors a sample of this commit touched. */
  readonly touched = new Set<string>();
  private readonly amounts = new Map<number, number>();
  /** The series found last, whose successor is tried first. */
  private lastRef = -1;

  constructor(
    private readonly state: ShardState,
    private readonly stored: StoredSamples,
    private readonly limits: ShardLimits,
    private readonly now: number,
  ) {}

  /** @throws BatchFormatError before anything was applied */
  add(bytes: Uint8Array): AppendResult {
    const batch = readBatch(bytes);
    const tally = new AppendTally();
    const refs = new Int32Array(batch.labelOffsets.length - 1).fill(UNRESOLVED);
    this.addSamples(batch, refs, tally);
    if (batch.incrementSeries.length > 0) this.addIncrements(batch, refs, tally);
    for (const m of batch.metadata) {
      const known = this.state.metadata.get(m.name);
      if (
        known !== undefined &&
        known.type === m.type &&
        known.help === m.help &&
        known.unit === m.unit
      )
        continue;
      // Bounded as the series are; what is left out says less about a metric, and loses no sample.
      if (known === undefined && this.state.metadata.size >= this.limits.maxSeries) continue;
      this.state.metadata.set(m.name, m);
      this.state.metadataChanged = true;
      this.log.metadata.push(m);
    }
    return tally.result();
  }

  /** Applies the increments of all batches and gives the log record's bytes; undefined where nothing happened. */
  finish(): Uint8Array | undefined {
    for (const [ref, amount] of this.amounts) {
      const step = increment(this.state.accumulators.get(ref), ref, amount, this.now);
      this.accumulate(step.state, step.emit);
    }
    return this.log.isEmpty ? undefined : this.log.finish();
  }

  /** Takes an accumulator's next state and its samples; a sample that would not be the series' newest waits. */
  accumulate(next: AccumulatorState, emit: readonly EmittedSample[]): void {
    let state = next;
    for (const e of emit) {
      SCRATCH[0] = e.value;
      if (e.timeMs > (this.state.table.lastTime[e.ref] as number))
        this.accept(e.ref, e.timeMs, SCRATCH_BITS, 0);
      else if (e === emit.at(-1))
        state = { ...next, emitted: this.state.accumulators.get(next.ref)?.emitted ?? 0 };
    }
    this.state.accumulators.set(state.ref, state);
    this.state.accumulatorsChanged = true;
    this.log.accumulators.set(state.ref, state);
  }

  private addSamples(batch: BatchView, refs: Int32Array, tally: AppendTally): void {
    const { sampleSeries, sampleTimes, sampleValues } = batch;
    const bits = new Uint32Array(
      sampleValues.buffer,
      sampleValues.byteOffset,
      2 * sampleValues.length,
    );
    const labels = new DataView(
      batch.labelBytes.buffer,
      batch.labelBytes.byteOffset,
      batch.labelBytes.length,
    );
    const table = this.state.table;
    const late = { refs: [] as number[], times: [] as number[], elements: [] as number[], bits };
    for (let i = 0; i < sampleSeries.length; i++) {
      const n = sampleSeries[i] as number;
      const time = Math.floor(sampleTimes[i] as number);
      const timely = checkTime(time, this.now, this.limits);
      if (timely !== "ok") {
        tally.reject(timely, () => exampleOf(batch, n, time));
        continue;
      }
      let ref = refs[n] as number;
      if (ref < 0) {
        ref = this.resolve(batch, n, refs, tally, labels);
        if (ref < 0) continue;
      }
      if (time <= (table.lastTime[ref] as number)) {
        // Looked up together below: one read of a page serves all of them.
        late.refs.push(ref);
        late.times.push(time);
        late.elements.push(i);
        continue;
      }
      this.accept(ref, time, bits, i);
      tally.accepted++;
    }
    if (late.refs.length > 0) this.addLate(batch, late, tally);
  }

  /** Samples that are not their series' newest: repeats, or out of order. */
  private addLate(batch: BatchView, late: LookUp, tally: AppendTally): void {
    const { head } = this.state;
    const stored = this.stored.compare(late);
    const many = refsWithMany(late.refs);
    const indexes = new Map<number, Map<number, number>>();
    const find = (ref: number, time: number): number => {
      if (!many.has(ref)) return head.find(ref, time);
      let index = indexes.get(ref);
      if (index === undefined) indexes.set(ref, (index = head.elementsOf(ref)));
      return index.get(time) ?? -1;
    };
    for (let k = 0; k < late.refs.length; k++) {
      const ref = late.refs[k] as number;
      const time = late.times[k] as number;
      const i = late.elements[k] as number;
      const at = find(ref, time);
      const verdict = at < 0 ? stored[k] : head.sameBits(at, late.bits, i) ? EQUAL : DIFFERENT;
      if (verdict === EQUAL) tally.duplicates++;
      else if (verdict === DIFFERENT) {
        tally.reject("duplicate_timestamp", () =>
          exampleOf(batch, batch.sampleSeries[i] as number, time),
        );
      } else {
        this.accept(ref, time, late.bits, i);
        indexes.get(ref)?.set(time, head.count - 1);
        tally.accepted++;
      }
    }
  }

  private addIncrements(batch: BatchView, refs: Int32Array, tally: AppendTally): void {
    const { incrementSeries, incrementTimes, incrementAmounts } = batch;
    const id = batch.batchId === "" ? undefined : batchIdKey(batch.batchId, this.now);
    if (id !== undefined && this.state.batchIds.has(id, this.now)) {
      tally.duplicates += incrementSeries.length;
      return;
    }
    let taken = 0;
    const labels = new DataView(
      batch.labelBytes.buffer,
      batch.labelBytes.byteOffset,
      batch.labelBytes.length,
    );
    for (let i = 0; i < incrementSeries.length; i++) {
      const n = incrementSeries[i] as number;
      const time = incrementTimes[i] as number;
      const amount = incrementAmounts[i] as number;
      const timely = checkTime(time, this.now, this.limits);
      if (timely !== "ok") {
        tally.reject(timely, () => exampleOf(batch, n, time));
        continue;
      }
      if (!Number.isFinite(amount)) {
        tally.reject("invalid_value", () => exampleOf(batch, n, time));
        continue;
      }
      let ref = refs[n] as number;
      if (ref < 0) {
        ref = this.resolve(batch, n, refs, tally, labels);
        if (ref < 0) continue;
      }
      this.amounts.set(ref, (this.amounts.get(ref) ?? 0) + amount);
      taken++;
    }
    tally.accepted += taken;
    // A batch of which nothing was taken may be sent again: told as a repeat, it would be lost.
    if (id === undefined || taken === 0) return;
    this.state.batchIds.add(id);
    this.state.newBatchIds.push(id);
    this.log.batchIds.push(id);
  }

  private accept(ref: number, time: number, bits: Uint32Array, i: number): void {
    const table = this.state.table;
    this.state.head.append(ref, time, bits, i);
    this.log.sample(ref, time, bits, i);
    if (time > (table.lastTime[ref] as number)) table.lastTime[ref] = time;
    if (this.state.groups.isEmpty) return;
    const groups = this.state.groups.groupsOf(ref);
    if (groups !== undefined) for (const g of groups) this.touched.add(g);
  }

  /** The number of series `n` of the batch, taken up where it is new; negative where it is refused. */
  private resolve(
    batch: BatchView,
    n: number,
    refs: Int32Array,
    tally: AppendTally,
    labels: DataView,
  ): number {
    const earlier = refs[n];
    const from = batch.labelOffsets[n];
    const to = batch.labelOffsets[n + 1];
    if (
      earlier === undefined ||
      from === undefined ||
      to === undefined ||
      from > to ||
      to > batch.labelBytes.length
    ) {
      tally.reject("invalid_labels", () => `series ${n} is not in the batch`);
      return REFUSED;
    }
    const table = this.state.table;
    const next = table.findAfter(this.lastRef, labels, from, to);
    if (next >= 0) return (refs[n] = this.lastRef = next);
    const hash = hashView(labels, from, to);
    const known = table.findHashed(labels, from, to, hash);
    if (known >= 0) {
      table.follows(this.lastRef, known);
      return (refs[n] = this.lastRef = known);
    }
    const bytes = batch.labelBytes.subarray(from, to);
    const bad = checkLabels(bytes);
    if (bad !== undefined) {
      tally.reject("invalid_labels", () => bad);
      return REFUSED;
    }
    if (table.live >= this.limits.maxSeries) {
      tally.reject(
        "series_limit",
        () =>
          `${exampleOf(batch, n, undefined)}: the limit is ${this.limits.maxSeries} active series a shard (METRIC_MAX_SERIES, METRIC_SHARDS)`,
      );
      return REFUSED;
    }
    const ref = table.add(batch.labelBytes, from, to, hash);
    this.state.newSeries.push(ref);
    this.log.series.push({ ref, labels: bytes });
    if (!this.state.groups.isEmpty) this.state.groups.seriesAdded(ref, table.labelsOf(ref));
    return (refs[n] = ref);
  }
}

/** Late samples of one series in one batch from which on an index of its times costs less than a walk for each. */
const MANY_LATE = 32;

function refsWithMany(refs: readonly number[]): ReadonlySet<number> {
  const many = new Set<number>();
  if (refs.length < MANY_LATE) return many;
  const counts = new Map<number, number>();
  for (const ref of refs) {
    const n = (counts.get(ref) ?? 0) + 1;
    counts.set(ref, n);
    if (n === MANY_LATE) many.add(ref);
  }
  return many;
}

const UNRESOLVED = -1;
const REFUSED = -2;
const SCRATCH = new Float64Array(1);
const SCRATCH_BITS = new Uint32Array(SCRATCH.buffer);

function exampleOf(batch: BatchView, n: number, time: number | undefined): string {
  const bytes = batch.labelBytes.subarray(
    batch.labelOffsets[n] ?? 0,
    batch.labelOffsets[n + 1] ?? 0,
  );
  return `${describeLabels(bytes)}${time === undefined ? "" : ` at ${time}`}`;
}

function describeLabels(bytes: Uint8Array): string {
  return checkLabels(bytes) === undefined
    ? renderLabels(decodeLabels(bytes)).slice(0, 400)
    : "a series with invalid labels";
}
