import { type BatchView, readBatch } from "../core/batch";
import { type Histogram, NO_BUCKETS, RESET_UNKNOWN } from "../core/histogram";
import { encodeHistogram } from "../core/histogram-bytes";
import { decodeLabels } from "../core/label-bytes";
import { renderLabels } from "../core/labels";
import type { AppendResult } from "../core/metric-store";
import { type AccumulatorState, type EmittedSample, increment } from "./accumulators";
import { batchIdKey } from "./batch-ids";
import type { Head } from "./head";
import { checkHistogram } from "./histogram-check";
import { FREE_WORD, HISTOGRAM_WORD, isHistogramAt, markHistogram } from "./histogram-mark";
import { hashView } from "./label-hash";
import { LogBuilder } from "./log-codec";
import { AppendTally, type ShardLimits, checkTime } from "./rejections";
import { sameBytes } from "./sample-columns";
import { checkLabels } from "./series-table";
import type { TouchList } from "./selector-groups";
import type { ShardState } from "./shard-state";

/** Samples to be looked up outside of the head: columns of series, time and 32-bit value words. */
export interface LookUp {
  readonly refs: readonly number[];
  readonly times: readonly number[];
  /** Element of `bits` (by pairs) that holds each sample's value. */
  readonly elements: readonly number[];
  readonly bits: Uint32Array;
  /** As bytes, what those samples point to that are histograms (histogram-mark.ts). */
  readonly histograms: readonly Uint8Array[];
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
  /** The selectors of rule groups that samples of this commit touched. */
  readonly touched = new Set<TouchList>();
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
    const labels = viewOf(batch.labelBytes);
    if (batch.created.length > 0) this.addCreated(batch, refs, tally, labels);
    this.addSamples(batch, refs, tally, labels);
    if (batch.histograms.length > 0) this.addHistograms(batch, refs, tally, labels);
    if (batch.exemplars.length > 0) this.addExemplars(batch, refs, tally);
    if (batch.incrementSeries.length > 0) this.addIncrements(batch, refs, tally, labels);
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

  private addSamples(
    batch: BatchView,
    refs: Int32Array,
    tally: AppendTally,
    labels: DataView,
  ): void {
    const { sampleSeries, sampleTimes, sampleValues } = batch;
    const bits = new Uint32Array(
      sampleValues.buffer,
      sampleValues.byteOffset,
      2 * sampleValues.length,
    );
    const table = this.state.table;
    const late = makeLate(bits, []);
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
      // A NaN that a sender chose must not be taken for a histogram.
      if (bits[2 * i + 1] === HISTOGRAM_WORD) bits[2 * i + 1] = FREE_WORD;
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
    if (late.refs.length > 0) this.addLate(batch, late, (i) => sampleSeries[i] as number, tally);
  }

  /** As {@link addSamples}; histograms of a series may stand among its floats. */
  private addHistograms(
    batch: BatchView,
    refs: Int32Array,
    tally: AppendTally,
    labels: DataView,
  ): void {
    const { table } = this.state;
    const bits = new Uint32Array(2 * batch.histograms.length);
    const bytes: Uint8Array[] = [];
    const late = makeLate(bits, bytes);
    const before = tally.accepted + tally.duplicates;
    for (const [i, { series: n, timeMs, histogram }] of batch.histograms.entries()) {
      const time = Math.floor(timeMs);
      markHistogram(bits, i, bytes.push(NO_BYTES) - 1);
      const timely = checkTime(time, this.now, this.limits);
      if (timely !== "ok") {
        tally.reject(timely, () => exampleOf(batch, n, time));
        continue;
      }
      const bad = checkHistogram(histogram);
      if (bad !== undefined) {
        tally.reject("invalid_histogram", () => `${exampleOf(batch, n, time)}: ${bad}`);
        continue;
      }
      let ref = refs[n] ?? UNRESOLVED;
      if (ref < 0) {
        ref = this.resolve(batch, n, refs, tally, labels);
        if (ref < 0) continue;
      }
      const encoded = encodeHistogram(histogram);
      bytes[i] = encoded;
      if (time <= (table.lastTime[ref] as number)) {
        late.refs.push(ref);
        late.times.push(time);
        late.elements.push(i);
        continue;
      }
      this.acceptHistogram(ref, time, encoded);
      tally.accepted++;
    }
    if (late.refs.length > 0)
      this.addLate(batch, late, (i) => batch.histograms[i]?.series ?? 0, tally);
    tally.histograms += tally.accepted + tally.duplicates - before;
  }

  /**
   * Zeros where counters began: only in front of everything that the series has, here and in the batch. One that
   * may not be written is no error; the series' own samples say the rest.
   */
  private addCreated(
    batch: BatchView,
    refs: Int32Array,
    tally: AppendTally,
    labels: DataView,
  ): void {
    const first = new Map<number, number>();
    const see = (n: number, time: number): void => {
      first.set(n, Math.min(time, first.get(n) ?? Infinity));
    };
    const empty = new Map<number, Histogram>();
    batch.sampleSeries.forEach((n, i) => see(n, batch.sampleTimes[i] as number));
    for (const h of batch.histograms) {
      see(h.series, h.timeMs);
      if (checkHistogram(h.histogram) === undefined) empty.set(h.series, emptied(h.histogram));
    }
    for (const { series: n, createdMs, histogram } of batch.created) {
      const time = Math.floor(createdMs);
      if (checkTime(time, this.now, this.limits) !== "ok" || !(time < (first.get(n) ?? -Infinity)))
        continue;
      const zero = empty.get(n);
      if (histogram !== (zero !== undefined)) continue;
      let ref = refs[n] ?? UNRESOLVED;
      if (ref < 0) ref = this.resolve(batch, n, refs, tally, labels);
      if (ref < 0 || time <= (this.state.table.lastTime[ref] as number)) continue;
      if (zero !== undefined) this.acceptHistogram(ref, time, encodeHistogram(zero));
      else {
        SCRATCH[0] = 0;
        this.accept(ref, time, SCRATCH_BITS, 0);
      }
    }
  }

  /** Exemplars of series that are known; what is refused costs no sample, so it is only not counted. */
  private addExemplars(batch: BatchView, refs: Int32Array, tally: AppendTally): void {
    const { exemplars, table } = this.state;
    for (const { series: n, timeMs, value, labelBytes } of batch.exemplars) {
      let ref = refs[n] ?? UNRESOLVED;
      if (ref === UNRESOLVED) {
        const from = batch.labelOffsets[n] ?? 0;
        ref = table.find(batch.labelBytes, from, batch.labelOffsets[n + 1] ?? from);
      }
      if (ref < 0 || checkTime(timeMs, this.now, this.limits) !== "ok") continue;
      const exemplar = { ref, timeMs, value, labels: labelBytes };
      const verdict = exemplars.judge(exemplar);
      if (verdict === "kept") {
        // The batch's bytes are not to be held on to.
        const kept = { ...exemplar, labels: labelBytes.slice() };
        exemplars.add(kept);
        this.log.exemplars.push(kept);
        this.state.exemplarsChanged = true;
      }
      if (verdict === "kept" || verdict === "duplicate") tally.exemplars++;
    }
  }

  /** Samples that are not their series' newest: repeats, or out of order. */
  private addLate(
    batch: BatchView,
    late: LookUp,
    seriesOf: (element: number) => number,
    tally: AppendTally,
  ): void {
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
      const histogram = histogramOf(late, i);
      const verdict =
        at < 0 ? stored[k] : isSame(head, at, late.bits, i, histogram) ? EQUAL : DIFFERENT;
      if (verdict === EQUAL) tally.duplicates++;
      else if (verdict === DIFFERENT) {
        tally.reject("duplicate_timestamp", () => exampleOf(batch, seriesOf(i), time));
      } else {
        if (histogram !== undefined) this.acceptHistogram(ref, time, histogram);
        else this.accept(ref, time, late.bits, i);
        indexes.get(ref)?.set(time, head.count - 1);
        tally.accepted++;
      }
    }
  }

  private addIncrements(
    batch: BatchView,
    refs: Int32Array,
    tally: AppendTally,
    labels: DataView,
  ): void {
    const { incrementSeries, incrementTimes, incrementAmounts } = batch;
    const id = batch.batchId === "" ? undefined : batchIdKey(batch.batchId, this.now);
    if (id !== undefined && this.state.batchIds.has(id, this.now)) {
      tally.duplicates += incrementSeries.length;
      return;
    }
    let taken = 0;
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
    this.state.head.append(ref, time, bits, i);
    this.log.sample(ref, time, bits, i);
    this.accepted(ref, time);
  }

  private acceptHistogram(ref: number, time: number, bytes: Uint8Array): void {
    this.state.head.appendHistogram(ref, time, bytes);
    this.log.histogram(ref, time, bytes);
    this.accepted(ref, time);
  }

  private accepted(ref: number, time: number): void {
    const table = this.state.table;
    if (time > (table.lastTime[ref] as number)) table.lastTime[ref] = time;
    if (this.state.groups.isEmpty) return;
    const touches = this.state.groups.touchesOf(ref);
    if (touches !== undefined) this.touched.add(touches);
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

/** A look-up to be filled. */
function makeLate(
  bits: Uint32Array,
  histograms: readonly Uint8Array[],
): LookUp & { readonly refs: number[]; readonly times: number[]; readonly elements: number[] } {
  return { refs: [], times: [], elements: [], bits, histograms };
}

/** The histogram that element `i` of the look-up is; undefined for a float. */
export function histogramOf(late: LookUp, i: number): Uint8Array | undefined {
  return isHistogramAt(late.bits, i) ? late.histograms[late.bits[2 * i] as number] : undefined;
}

function isSame(
  head: Head,
  at: number,
  bits: Uint32Array,
  i: number,
  histogram: Uint8Array | undefined,
): boolean {
  const there = head.histogramAt(at);
  if (there === undefined || histogram === undefined)
    return there === histogram && head.sameBits(at, bits, i);
  return sameBytes(there, histogram);
}

/** A histogram of the same kind that has seen nothing. */
function emptied(h: Histogram): Histogram {
  return {
    ...h,
    resetHint: RESET_UNKNOWN,
    zeroCount: 0,
    count: 0,
    sum: 0,
    positiveSpans: [],
    positiveBuckets: NO_BUCKETS,
    negativeSpans: [],
    negativeBuckets: NO_BUCKETS,
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

const NO_BYTES = new Uint8Array();
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
