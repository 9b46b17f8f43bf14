import { BatchBuilder, type BatchView } from "../core/batch";
import { shardOf as shardOfBytes } from "./shard-map";

/** Cuts a batch into one per shard, by label-set hash; shards without data are left out. Metadata goes to shard 0. */
export function splitBatch(batch: BatchView, shards: number): Map<number, Uint8Array> {
  const builders = new Map<number, BatchBuilder>();
  const builderOf = (shard: number): BatchBuilder => {
    let b = builders.get(shard);
    if (b === undefined) builders.set(shard, (b = new BatchBuilder(batch.batchId)));
    return b;
  };
  const count = batch.labelOffsets.length - 1;
  const shardOf = new Int32Array(count);
  const refOf = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const from = batch.labelOffsets[i] as number;
    const to = batch.labelOffsets[i + 1] as number;
    const shard = shardOfBytes(batch.labelBytes, from, to, shards);
    shardOf[i] = shard;
    refOf[i] = builderOf(shard).seriesBytes(batch.labelBytes.subarray(from, to));
  }
  const values = valueBytes(batch);
  for (let i = 0; i < batch.sampleSeries.length; i++) {
    const n = batch.sampleSeries[i] as number;
    builderOf(shardOf[n] ?? 0).sampleBytes(
      refOf[n] ?? n,
      batch.sampleTimes[i] as number,
      values,
      8 * i,
    );
  }
  for (let i = 0; i < batch.incrementSeries.length; i++) {
    const n = batch.incrementSeries[i] as number;
    builderOf(shardOf[n] ?? 0).increment(
      refOf[n] ?? n,
      batch.incrementTimes[i] as number,
      batch.incrementAmounts[i] as number,
    );
  }
  for (const h of batch.histograms)
    builderOf(shardOf[h.series] ?? 0).histogram(refOf[h.series] ?? h.series, h.timeMs, h.histogram);
  for (const e of batch.exemplars)
    builderOf(shardOf[e.series] ?? 0).exemplarBytes(
      refOf[e.series] ?? e.series,
      e.timeMs,
      e.value,
      e.labelBytes,
    );
  for (const c of batch.created)
    builderOf(shardOf[c.series] ?? 0).created(
      refOf[c.series] ?? c.series,
      c.createdMs,
      c.histogram,
    );
  for (const m of batch.metadata) builderOf(0).metadata(m);
  return new Map([...builders].map(([shard, b]) => [shard, b.finish()]));
}

/**
 * Cuts a batch into pieces of at most about `maxBytes`, by series, one made at a time so that they are not held
 * together. A piece's id is the batch's and its number: a repeat is cut at the same places. Metadata goes first.
 */
export function* cutBatch(batch: BatchView, maxBytes: number): Generator<Uint8Array, void> {
  const count = batch.labelOffsets.length - 1;
  const rows = new Float64Array(count);
  for (const column of [batch.sampleSeries, batch.incrementSeries])
    for (let i = 0; i < column.length; i++) (rows[column[i] as number] as number)++;
  // A histogram counts as so many samples as take its bytes.
  for (const { series, histogram: h } of batch.histograms)
    (rows[series] as number) += 3 + (h.positiveBuckets.length + h.negativeBuckets.length) / 4;
  for (const { series, labelBytes } of batch.exemplars)
    (rows[series] as number) += 1 + labelBytes.length / ROW_BYTES;
  let from = 0;
  let bytes = 0;
  for (let i = 0; i <= count; i++) {
    const more =
      i === count
        ? 0
        : (batch.labelOffsets[i + 1] as number) -
          (batch.labelOffsets[i] as number) +
          SERIES_BYTES +
          ROW_BYTES * (rows[i] as number);
    if (i === count || (i > from && bytes + more > maxBytes)) {
      yield cutSeries(batch, from, i);
      from = i;
      bytes = 0;
    }
    bytes += more;
  }
}

/** What a batch holds of each series and of each sample, labels aside. */
const SERIES_BYTES = 4;
const ROW_BYTES = 20;

function cutSeries(batch: BatchView, from: number, to: number): Uint8Array {
  const b = new BatchBuilder(
    batch.batchId === "" || from === 0 ? batch.batchId : `${batch.batchId}/${from}`,
  );
  for (let i = from; i < to; i++)
    b.seriesBytes(
      batch.labelBytes.subarray(
        batch.labelOffsets[i] as number,
        batch.labelOffsets[i + 1] as number,
      ),
    );
  const values = valueBytes(batch);
  for (let i = 0; i < batch.sampleSeries.length; i++) {
    const n = batch.sampleSeries[i] as number;
    if (n >= from && n < to) b.sampleBytes(n - from, batch.sampleTimes[i] as number, values, 8 * i);
  }
  for (let i = 0; i < batch.incrementSeries.length; i++) {
    const n = batch.incrementSeries[i] as number;
    if (n >= from && n < to)
      b.increment(n - from, batch.incrementTimes[i] as number, batch.incrementAmounts[i] as number);
  }
  const within = ({ series }: { readonly series: number }): boolean =>
    series >= from && series < to;
  for (const h of batch.histograms)
    if (within(h)) b.histogram(h.series - from, h.timeMs, h.histogram);
  for (const e of batch.exemplars)
    if (within(e)) b.exemplarBytes(e.series - from, e.timeMs, e.value, e.labelBytes);
  for (const c of batch.created)
    if (within(c)) b.created(c.series - from, c.createdMs, c.histogram);
  if (from === 0) for (const m of batch.metadata) b.metadata(m);
  return b.finish();
}

function valueBytes({ sampleValues: v }: BatchView): Uint8Array {
  return new Uint8Array(v.buffer, v.byteOffset, v.byteLength);
}
