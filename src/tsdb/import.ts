import { BatchBuilder, type BatchView } from "../core/batch";
import type { BatchHistogram } from "../core/batch-extras";
import { decodeLabels } from "../core/label-bytes";
import { type Labels, METRIC_NAME, labelValue, labelsKey, renderLabels } from "../core/labels";
import { encodeLabelSets } from "./block-index";
import { CHUNK_SAMPLES, decodeChunk } from "./chunk";
import { isDayClosed } from "./compaction-plan";
import { BUCKET_MS, MEAN, bucketOf } from "./downsample";
import { encodeChunks } from "./fold";
import { checkHistogram } from "./histogram-check";
import { FREE_WORD, isHistogramAt } from "./histogram-mark";
import { type BlockLevel, type BlockMeta, DAY_MS, DOWNSAMPLED, WINDOW_MS } from "./manifest";
import type { ChunkEntry } from "./page";
import type { QuerySource } from "./query";
import type { AppendTally, ShardLimits } from "./rejections";
import { SampleColumns, copyRow, histogramAt, sameValue, setHistogram } from "./sample-columns";
import { checkLabels } from "./series-table";
import { Symbols } from "./symbols";

/** A batch of any age, parted: what is recent goes the way of every append, the rest straight into blocks. */
export interface PartedBatch {
  /** Packed; undefined where nothing is recent. */
  readonly recent: Uint8Array | undefined;
  readonly old: readonly OldSeries[];
}

/** One series' samples that are too old to be appended, rising in time, no time twice. */
export interface OldSeries {
  readonly labels: Labels;
  readonly bytes: Uint8Array;
  readonly samples: SampleColumns;
  count: number;
}

const NEW = 0;
const EQUAL = 1;
const DIFFERENT = 2;

/** Parts a batch at now − out-of-order window. What is older than `horizonMs` or in the future is refused by name. */
export function partBatch(
  batch: BatchView,
  horizonMs: number,
  limits: ShardLimits,
  now: number,
  tally: AppendTally,
): PartedBatch {
  const recent = new BatchBuilder(batch.batchId);
  const recentRefs = new Map<number, number>();
  const rows = new Map<number, number[]>();
  const { sampleSeries, sampleTimes, sampleValues } = batch;
  const bytesOf = (n: number): Uint8Array =>
    batch.labelBytes.subarray(batch.labelOffsets[n], batch.labelOffsets[n + 1]);
  const recentRef = (n: number): number => {
    let ref = recentRefs.get(n);
    if (ref === undefined) recentRefs.set(n, (ref = recent.seriesBytes(bytesOf(n))));
    return ref;
  };
  const example = (n: number, time: number) => (): string => `${describe(bytesOf(n))} at ${time}`;
  const values = new Uint8Array(
    sampleValues.buffer,
    sampleValues.byteOffset,
    sampleValues.byteLength,
  );
  const part = (n: number, time: number, row: number, keep: (ref: number) => void): void => {
    if (!(time >= horizonMs)) tally.reject("too_old", example(n, time));
    else if (time > now + limits.futureMs) tally.reject("too_far_in_future", example(n, time));
    else if (time >= now - limits.outOfOrderMs) keep(recentRef(n));
    else {
      const list = rows.get(n);
      if (list === undefined) rows.set(n, [row]);
      else list.push(row);
    }
  };
  for (let i = 0; i < sampleSeries.length; i++) {
    const time = Math.floor(sampleTimes[i] as number);
    part(sampleSeries[i] as number, time, i, (ref) => recent.sampleBytes(ref, time, values, 8 * i));
  }
  batch.histograms.forEach(({ series: n, timeMs, histogram }, i) => {
    const bad = checkHistogram(histogram);
    const time = Math.floor(timeMs);
    if (bad !== undefined) tally.reject("invalid_histogram", () => `${example(n, time)()}: ${bad}`);
    else part(n, time, sampleSeries.length + i, (ref) => recent.histogram(ref, time, histogram));
  });
  for (let i = 0; i < batch.incrementSeries.length; i++)
    tally.reject("invalid_value", () => "an increment: only samples can be imported");
  for (const m of batch.metadata) recent.metadata(m);
  /** By its labels, as a series may stand in a batch more than once. */
  const series = new Map<string, { readonly n: number; readonly list: number[] }>();
  for (const [n, list] of rows) {
    const bad = checkLabels(bytesOf(n));
    if (bad !== undefined) {
      for (const _ of list) tally.reject("invalid_labels", () => bad);
      continue;
    }
    const key = labelsKey(decodeLabels(bytesOf(n)));
    const known = series.get(key);
    if (known === undefined) series.set(key, { n, list });
    else for (const row of list) known.list.push(row);
  }
  const old = Array.from(series.values(), ({ n, list }) =>
    oldSeries(batch, bytesOf(n), list, tally),
  );
  return { recent: recent.isEmpty ? undefined : recent.finish(), old };
}

function oldSeries(
  batch: BatchView,
  bytes: Uint8Array,
  rows: readonly number[],
  tally: AppendTally,
): OldSeries {
  const labels = decodeLabels(bytes);
  const { sampleTimes, sampleValues, histograms } = batch;
  /** Histograms are numbered behind the floats. */
  const histogramOf = (i: number): BatchHistogram | undefined => histograms[i - sampleTimes.length];
  const timeOf = (i: number): number =>
    Math.floor(histogramOf(i)?.timeMs ?? (sampleTimes[i] as number));
  const rising = rows.every((i, k) => k === 0 || timeOf(i) > timeOf(rows[k - 1] as number));
  const order = rising ? rows : [...rows].sort((a, b) => timeOf(a) - timeOf(b) || a - b);
  const bits = new Uint32Array(
    sampleValues.buffer,
    sampleValues.byteOffset,
    2 * sampleValues.length,
  );
  const samples = new SampleColumns(rows.length);
  let count = 0;
  for (const i of order) {
    samples.times[count] = timeOf(i);
    const found = histogramOf(i);
    if (found !== undefined) setHistogram(samples, count, found.histogram);
    else {
      samples.bits[2 * count] = bits[2 * i] as number;
      samples.bits[2 * count + 1] = bits[2 * i + 1] as number;
      // A NaN that a sender chose must not be taken for a histogram.
      if (isHistogramAt(samples.bits, count)) samples.bits[2 * count + 1] = FREE_WORD;
    }
    if (count === 0 || samples.times[count - 1] !== samples.times[count]) count++;
    else if (sameValue(samples, count - 1, samples, count)) tally.duplicates++;
    else tally.reject("duplicate_timestamp", () => `${renderLabels(labels)} at ${timeOf(i)}`);
  }
  return { labels, bytes, samples, count };
}

/**
 * Takes out of the series what blocks hold already (the head must be folded where it reaches back as far), and what
 * would be new series beyond the limit. A sample at a known time with the same value is a repeat, with another one refused.
 */
export function dropKnown(
  source: QuerySource,
  old: readonly OldSeries[],
  limits: ShardLimits,
  tally: AppendTally,
): void {
  // What a downsampled block stands for between its samples counts as a repeat: its value cannot be told any more.
  const verdicts = old.map((s) => new Uint8Array(s.count));
  const known = new Uint8Array(old.length);
  let largest = 0;
  for (const block of source.blocks) {
    const concerned = old.filter(
      (s) =>
        (s.samples.times[0] as number) <= block.maxMs &&
        (s.samples.times[s.count - 1] as number) >= block.minMs,
    );
    if (concerned.length > 0) {
      largest = Math.max(largest, block.series);
      compareWith(source, block, old, verdicts, known);
    }
  }
  let room = limits.maxSeries - largest;
  old.forEach((s, n) => {
    const verdict = verdicts[n] as Uint8Array;
    if (known[n] === 0 && --room < 0) {
      for (let i = 0; i < s.count; i++)
        tally.reject(
          "series_limit",
          () =>
            `${renderLabels(s.labels)}: a block holds at most ${limits.maxSeries} series (METRIC_MAX_SERIES, METRIC_SHARDS)`,
        );
      s.count = 0;
      return;
    }
    let kept = 0;
    for (let i = 0; i < s.count; i++) {
      if (verdict[i] !== DIFFERENT && histogramAt(s.samples, i) !== undefined) tally.histograms++;
      if (verdict[i] === NEW) copyRow(s.samples, i, kept++);
      else if (verdict[i] === EQUAL) tally.duplicates++;
      else {
        const time = s.samples.times[i] as number;
        tally.reject("duplicate_timestamp", () => `${renderLabels(s.labels)} at ${time}`);
      }
    }
    s.count = kept;
  });
}

let columns = new SampleColumns(CHUNK_SAMPLES);

function compareWith(
  source: QuerySource,
  block: BlockMeta,
  old: readonly OldSeries[],
  verdicts: readonly Uint8Array[],
  known: Uint8Array,
): void {
  const { store, state } = source;
  const series = store.series(block);
  const numbers = new Map<number, number>();
  old.forEach((s, n) => {
    const local =
      series.kind === "labels"
        ? series.find(s.labels)
        : (series.localOf[state.table.find(s.bytes, 0, s.bytes.length)] ?? -1);
    if (local < 0) return;
    known[n] = 1;
    numbers.set(local, n);
  });
  const means = block.level === DOWNSAMPLED ? MEAN * block.series : Infinity;
  const locals = [...numbers.keys()].sort((a, b) => a - b);
  // A downsampled block is asked for its means too: they tell which samples it stands for.
  const wanted = means === Infinity ? locals : [...locals, ...locals.map((local) => local + means)];
  const first = old.reduce((min, s) => Math.min(min, s.samples.times[0] as number), Infinity);
  const last = old.reduce((max, s) => Math.max(max, s.samples.times[s.count - 1] as number), 0);
  // A bucket that begins with the last sample has its mean after it.
  const [after, to] = [first - 1, last + (means === Infinity ? 0 : BUCKET_MS)];
  store.read(block, wanted, after, to, (local, minMs, maxMs, count, page, from, end) => {
    const isMean = local >= means;
    const n = numbers.get(isMean ? local - means : local) as number;
    const { samples, count: rows } = old[n] as OldSeries;
    const verdict = verdicts[n] as Uint8Array;
    let i = firstFrom(samples.times, rows, isMean ? bucketOf(minMs) * BUCKET_MS + 1 : minMs);
    if (i === rows || (samples.times[i] as number) > maxMs) return;
    if (count > columns.times.length) columns = new SampleColumns(2 * count);
    columns.histograms.length = 0;
    decodeChunk(page, from, end, columns, 0);
    for (let k = 0; k < count && i < rows; k++) {
      const time = columns.times[k] as number;
      if (isMean) {
        const start = bucketOf(time) * BUCKET_MS;
        for (; i < rows && (samples.times[i] as number) <= time; i++)
          if ((samples.times[i] as number) > start && verdict[i] === NEW) verdict[i] = EQUAL;
        continue;
      }
      while (i < rows && (samples.times[i] as number) < time) i++;
      if (i === rows || samples.times[i] !== time) continue;
      verdict[i] = sameValue(columns, k, samples, i) ? EQUAL : DIFFERENT;
    }
  });
}

/** Writes the series' samples as blocks: of a closed day one, else one for each 2 h window. Gives what was written. */
export function writeOld(
  source: QuerySource,
  old: readonly OldSeries[],
  firstId: number,
  limits: ShardLimits,
  now: number,
): BlockMeta[] {
  const name = (s: OldSeries): string => labelValue(s.labels, METRIC_NAME);
  const order = old
    .filter((s) => s.count > 0)
    .sort((a, b) => (name(a) === name(b) ? 0 : name(a) < name(b) ? -1 : 1));
  /** By its start, what each window holds: series with rows from..to. */
  const windows = new Map<
    number,
    { readonly s: OldSeries; readonly from: number; readonly to: number }[]
  >();
  for (const s of order) {
    for (let from = 0; from < s.count;) {
      const [start, length] = windowAround(s.samples.times[from] as number, limits, now);
      const to = firstFrom(s.samples.times, s.count, start + length);
      const list = windows.get(start);
      if (list === undefined) windows.set(start, [{ s, from, to }]);
      else list.push({ s, from, to });
      from = to;
    }
  }
  const out: BlockMeta[] = [];
  for (const [start, list] of [...windows].sort(([a], [b]) => a - b)) {
    const level: BlockLevel = isDayClosed(start, limits.outOfOrderMs, now) ? 2 : 1;
    const writer = source.store.writer(firstId + out.length, level);
    const symbols = new Symbols();
    const sets = list.map(({ s, from, to }, i) => {
      writer.add(i, encodeChunks(s.samples, from, to) as readonly ChunkEntry[]);
      return Uint32Array.from(s.labels, (text) => symbols.internText(text));
    });
    const meta = writer.finish(encodeLabelSets(symbols, sets));
    if (meta !== undefined) out.push(meta);
  }
  return out;
}

function windowAround(
  timeMs: number,
  limits: ShardLimits,
  now: number,
): readonly [start: number, length: number] {
  const length = isDayClosed(timeMs, limits.outOfOrderMs, now) ? DAY_MS : WINDOW_MS;
  return [Math.floor(timeMs / length) * length, length];
}

/** First of the rows at or after a time; `count` where there is none. */
function firstFrom(times: Float64Array, count: number, timeMs: number): number {
  let lo = 0;
  let hi = count;
  while (lo < hi) {
    const mid = (lo + hi) >>> 1;
    if ((times[mid] as number) < timeMs) lo = mid + 1;
    else hi = mid;
  }
  return lo;
}

function describe(bytes: Uint8Array): string {
  return checkLabels(bytes) === undefined
    ? renderLabels(decodeLabels(bytes)).slice(0, 400)
    : "a series with invalid labels";
}
