import type { ShardEpoch } from "../core/metric-store";
import { ByteReader, CorruptBytesError } from "../core/byte-reader";
import { ByteWriter } from "../core/byte-writer";
import { hashBytes, jumpHash } from "./label-hash";

const VERSION = 1;

/** The shard of a label set (label bytes) among `shards`. */
export function shardOf(bytes: Uint8Array, from: number, to: number, shards: number): number {
  return jumpHash(hashBytes(bytes, from, to), shards);
}

/**
 * The epochs after a writer said that it writes to `shards` shards at `now`: a new one where that is another
 * number. An epoch that ended longer ago than `keepMs` is left out, as retention has emptied what it alone named.
 * Gives `map` itself where nothing changed.
 */
export function withShards(
  map: readonly ShardEpoch[],
  shards: number,
  now: number,
  keepMs: number,
): readonly ShardEpoch[] {
  if (map.at(-1)?.n === shards) return map;
  const next = [...map, { from: map.length === 0 ? 0 : now, n: shards }];
  return next.filter((_, i) => {
    const end = next[i + 1]?.from;
    return end === undefined || end > now - keepMs;
  });
}

/** How many shards hold data of one of the epochs. Jump hash fills 0 to n − 1, so the widest epoch names them all. */
export function shardsToRead(map: readonly ShardEpoch[]): number {
  return map.reduce((most, e) => Math.max(most, e.n), 1);
}

export function encodeShardMap(map: readonly ShardEpoch[]): Uint8Array {
  const w = new ByteWriter(16 * map.length + 2);
  w.u8(VERSION);
  w.varint(map.length);
  for (const e of map) {
    w.varint(e.from);
    w.varint(e.n);
  }
  return w.finish();
}

/** @throws CorruptBytesError for a version this code does not know */
export function decodeShardMap(bytes: Uint8Array): readonly ShardEpoch[] {
  const r = new ByteReader(bytes);
  const version = r.u8();
  if (version !== VERSION) throw new CorruptBytesError(`unknown shard map version ${version}`);
  return Array.from({ length: r.varint() }, () => ({ from: r.varint(), n: r.varint() }));
}
