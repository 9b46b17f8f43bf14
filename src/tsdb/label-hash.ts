/**
 * A 32-bit hash of bytes `from` to `to` (murmur3's steps over 4-byte words).
 * Picks the series slot and, mixed again, the shard; equality is always decided by the bytes.
 */
export function hashBytes(b: Uint8Array, from: number, to: number, seed = 0): number {
  return hashView(new DataView(b.buffer, b.byteOffset, b.length), from, to, seed);
}

/** As {@link hashBytes}, for callers that hash many stretches of one array. */
export function hashView(b: DataView, from: number, to: number, seed = 0): number {
  let h = seed | 0;
  let i = from;
  const words = from + ((to - from) & ~3);
  for (; i < words; i += 4) {
    let k = Math.imul(b.getInt32(i, true), 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let shift = 0; i < to; i++, shift += 8) tail |= b.getUint8(i) << shift;
  tail = Math.imul(tail, 0xcc9e2d51);
  tail = (tail << 15) | (tail >>> 17);
  h ^= Math.imul(tail, 0x1b873593);
  return mix32(h ^ (to - from));
}

/** A 32-bit hash of a short stretch, byte by byte (FNV-1a), where a view would cost more than it saves. */
export function hashShort(b: Uint8Array, from: number, to: number): number {
  let h = 0x811c9dc5;
  for (let i = from; i < to; i++) h = Math.imul(h ^ (b[i] as number), 0x01000193);
  return mix32(h);
}

/** Spreads every input bit over the 32 output bits. */
export function mix32(n: number): number {
  let h = n | 0;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h >>> 0;
}

/**
 * The shard of a label-set hash among `n`, by jump hash (Lamping and Veach, 2014):
 * raising n by one moves 1/(n + 1) of the series, and only to the new shard.
 */
export function jumpHash(hash: number, n: number): number {
  let bucket = 0;
  let next = 0;
  let state = hash >>> 0;
  while (next < n) {
    bucket = next;
    state = mix32((state + 0x9e3779b9) | 0);
    next = Math.floor((bucket + 1) / ((state + 1) / 4294967296));
  }
  return bucket;
}
