/**
 * A Bloom filter over words: "surely not" or "perhaps". It is tested in SQL too
 * (storage/log-store.ts), so that chunks without a word never leave the database; the
 * two must compute the same bits. Drawn in docs/formats/log-chunk.md.
 */
export const BLOOM_PROBES = 6;
/** With 6 probes about 2 % of the chunks that lack a word are looked at in vain. */
const BITS_PER_WORD = 9;
const MIN_BYTES = 8;
const MAX_BYTES = 32_768;

/** Two numbers below 2^32; probe i looks at bit (first + i × step) mod bits. */
export interface WordHash {
  readonly first: number;
  readonly step: number;
}

export function buildBloom(words: ReadonlySet<string>): Uint8Array {
  const bytes = Math.min(
    MAX_BYTES,
    Math.max(MIN_BYTES, Math.ceil((words.size * BITS_PER_WORD) / 8)),
  );
  const out = new Uint8Array(bytes);
  for (const word of words) {
    const hash = hashWord(word);
    for (let i = 0; i < BLOOM_PROBES; i++) {
      const bit = probe(hash, i, bytes * 8);
      out[bit >>> 3] = (out[bit >>> 3] as number) | (1 << (bit & 7));
    }
  }
  return out;
}

export function mayHold(bloom: Uint8Array, word: string): boolean {
  if (bloom.length === 0) return false;
  const hash = hashWord(word);
  for (let i = 0; i < BLOOM_PROBES; i++) {
    const bit = probe(hash, i, bloom.length * 8);
    if (((bloom[bit >>> 3] as number) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

/** FNV-1a over UTF-16 units, and a second pass with murmur3's constants. */
export function hashWord(word: string): WordHash {
  let a = 0x811c9dc5;
  let b = 0x9747b28c ^ word.length;
  for (let i = 0; i < word.length; i++) {
    const unit = word.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0xcc9e2d51);
    b = (b << 13) | (b >>> 19);
  }
  return { first: mix(a), step: mix(b) };
}

function mix(h: number): number {
  let x = h ^ (h >>> 16);
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

function probe(hash: WordHash, i: number, bits: number): number {
  return (hash.first + i * hash.step) % bits;
}
