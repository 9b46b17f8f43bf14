import { BatchBuilder, type BatchView } from "../core/batch";
import { hashBytes, jumpHash } from "./label-hash";

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
    const shard = jumpHash(hashBytes(batch.labelBytes, from, to), shards);
    shardOf[i] = shard;
    refOf[i] = builderOf(shard).seriesBytes(batch.labelBytes.subarray(from, to));
  }
  const values = new Uint8Array(
    batch.sampleValues.buffer,
    batch.sampleValues.byteOffset,
    batch.sampleValues.byteLength,
  );
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
  for (const m of batch.metadata) builderOf(0).metadata(m);
  return new Map([...builders].map(([shard, b]) => [shard, b.finish()]));
}
