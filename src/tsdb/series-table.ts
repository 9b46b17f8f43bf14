import { LabelBytesError, decodeLabels } from "../core/label-bytes";
import { type Labels, metricName } from "../core/labels";
import { ByteReader } from "../core/byte-reader";
import { hashBytes, hashView } from "./label-hash";
import { Symbols } from "./symbols";

const ARENA_BITS = 20;
const ARENA = 1 << ARENA_BITS;

/** Bytes of one label set at most; longer sets are refused as invalid. */
export const MAX_LABEL_BYTES = 65_536;

/**
 * The series a shard knows by label bytes: a hash table over packed label bytes
 * with columns per series, so that a known series is found without decoding a
 * string. Symbols (for matchers and answers) are made on first use.
 */
export class SeriesTable {
  /** Series numbers run from 0 to `size` − 1; a freed number has no bytes. */
  size = 0;
  live = 0;
  /** Last accepted timestamp (ms), −Infinity before the first. */
  lastTime = new Float64Array(256).fill(-Infinity);
  private table = new Int32Array(1024).fill(-1);
  private hashes = new Uint32Array(256);
  private starts = new Float64Array(256);
  private lengths = new Int32Array(256);
  private readonly arena: Uint8Array[] = [];
  private readonly arenaViews: DataView[] = [];
  private arenaUsed = ARENA;
  private readonly free: number[] = [];
  private successors = new Int32Array(256).fill(-1);

  readonly symbols = new Symbols();
  private symbolised = 0;
  private symStarts = new Uint32Array(256);
  private symCounts = new Uint16Array(256);
  private symIds = new Uint32Array(2048);
  private symUsed = 0;
  /** Series by value symbol, for each label name asked so far. */
  private readonly postings = new Map<number, Map<number, number[]>>();

  /** The number of the series with label bytes `from`..`to` of `b`, or −1. */
  find(b: Uint8Array, from: number, to: number): number {
    const view = new DataView(b.buffer, b.byteOffset, b.length);
    return this.findHashed(view, from, to, hashView(view, from, to));
  }

  /**
   * As {@link find}, trying first the series that followed `before` the last time: senders repeat their order,
   * and comparing bytes is half the price of hashing them too. Gives −1 where the hash must be taken.
   */
  findAfter(before: number, b: DataView, from: number, to: number): number {
    if (before < 0) return -1;
    const ref = this.successors[before] as number;
    return ref >= 0 && this.lengths[ref] === to - from && this.same(ref, b, from, to) ? ref : -1;
  }

  follows(before: number, ref: number): void {
    if (before >= 0) this.successors[before] = ref;
  }

  /** As {@link find}, with the hash ({@link hashView}) at hand. */
  findHashed(b: DataView, from: number, to: number, hash: number): number {
    const mask = this.table.length - 1;
    let slot = hash & mask;
    for (;;) {
      const ref = this.table[slot] as number;
      if (ref < 0) return -1;
      if (
        this.hashes[ref] === hash &&
        this.lengths[ref] === to - from &&
        this.same(ref, b, from, to)
      )
        return ref;
      slot = (slot + 1) & mask;
    }
  }

  /** Takes up a series that {@link find} did not know. The bytes must be a valid label set (see {@link checkLabels}). */
  add(b: Uint8Array, from: number, to: number, hash = hashBytes(b, from, to)): number {
    const ref = this.free.pop() ?? this.size;
    this.place(ref, b, from, to, hash);
    return ref;
  }

  /** As {@link add} under a number read from storage. */
  restore(ref: number, b: Uint8Array, from: number, to: number): void {
    this.place(ref, b, from, to, hashBytes(b, from, to));
  }

  /** To be called after all were restored: numbers without a series become free. */
  restored(): void {
    this.free.length = 0;
    for (let ref = this.size - 1; ref >= 0; ref--) if (this.lengths[ref] === 0) this.free.push(ref);
  }

  isLive(ref: number): boolean {
    return ref < this.size && (this.lengths[ref] as number) > 0;
  }

  /** The label bytes of a series, aliasing the table. */
  bytesOf(ref: number): Uint8Array {
    const start = this.starts[ref] as number;
    const block = this.arena[Math.floor(start / ARENA)] as Uint8Array;
    const at = start % ARENA;
    return block.subarray(at, at + (this.lengths[ref] as number));
  }

  labelsOf(ref: number): Labels {
    return decodeLabels(this.bytesOf(ref));
  }

  /** Symbol numbers of a series: name, value, name, value. */
  symbolsOf(ref: number): Uint32Array {
    this.symbolise();
    const start = this.symStarts[ref] as number;
    return this.symIds.subarray(start, start + (this.symCounts[ref] as number));
  }

  /** The value's symbol of label `name` (a symbol), or −1 where the series has no such label. */
  valueOf(ref: number, name: number): number {
    const start = this.symStarts[ref] as number;
    const end = start + (this.symCounts[ref] as number);
    for (let i = start; i < end; i += 2)
      if (this.symIds[i] === name) return this.symIds[i + 1] as number;
    return -1;
  }

  /** Series that have label `name`, by value; both are symbols. */
  postingsOf(name: number): ReadonlyMap<number, readonly number[]> {
    this.symbolise();
    const known = this.postings.get(name);
    if (known !== undefined) return known;
    const made = new Map<number, number[]>();
    for (let ref = 0; ref < this.size; ref++) if (this.isLive(ref)) this.post(made, ref, name);
    this.postings.set(name, made);
    return made;
  }

  /** Makes symbols of every series that has none yet. */
  symbolise(): void {
    for (; this.symbolised < this.size; this.symbolised++)
      if (this.isLive(this.symbolised)) this.symboliseOne(this.symbolised);
  }

  /** Bytes held, for the memory ledger. */
  get footprint(): number {
    const columns =
      this.hashes.length * (4 + 8 + 4 + 8 + 4 + 2 + 4) +
      this.symIds.byteLength +
      this.table.byteLength;
    return columns + this.arena.length * ARENA + this.symbols.footprint;
  }

  private post(map: Map<number, number[]>, ref: number, name: number): void {
    const value = this.valueOf(ref, name);
    if (value < 0) return;
    const list = map.get(value);
    if (list === undefined) map.set(value, [ref]);
    else list.push(ref);
  }

  private symboliseOne(ref: number): void {
    const b = this.bytesOf(ref);
    const r = new ByteReader(b);
    const start = this.symUsed;
    while (!r.done) {
      r.u8();
      r.varint();
      for (let k = 0; k < 2; k++) {
        r.u8();
        const len = r.varint();
        if (this.symUsed === this.symIds.length) {
          const next = new Uint32Array(this.symIds.length * 2);
          next.set(this.symIds);
          this.symIds = next;
        }
        this.symIds[this.symUsed++] = this.symbols.intern(b, r.at, r.at + len);
        r.at += len;
      }
    }
    this.symStarts[ref] = start;
    this.symCounts[ref] = this.symUsed - start;
    for (const [name, map] of this.postings) this.post(map, ref, name);
  }

  private place(ref: number, b: Uint8Array, from: number, to: number, hash: number): void {
    if (ref >= this.hashes.length) this.growColumns(ref);
    if (ref >= this.size) this.size = ref + 1;
    const len = to - from;
    if (this.arenaUsed + len > ARENA) {
      const block = new Uint8Array(ARENA);
      this.arena.push(block);
      this.arenaViews.push(new DataView(block.buffer));
      this.arenaUsed = 0;
    }
    (this.arena.at(-1) as Uint8Array).set(b.subarray(from, to), this.arenaUsed);
    this.starts[ref] = (this.arena.length - 1) * ARENA + this.arenaUsed;
    this.arenaUsed += len;
    this.lengths[ref] = len;
    this.hashes[ref] = hash;
    this.lastTime[ref] = -Infinity;
    this.live++;
    if (this.live * 2 > this.table.length) this.rehash();
    else this.insert(ref);
    // A number used again lies before the symbols' mark.
    if (ref < this.symbolised) this.symboliseOne(ref);
  }

  private insert(ref: number): void {
    const mask = this.table.length - 1;
    let slot = (this.hashes[ref] as number) & mask;
    while ((this.table[slot] as number) >= 0) slot = (slot + 1) & mask;
    this.table[slot] = ref;
  }

  private rehash(): void {
    this.table = new Int32Array(this.table.length * 2).fill(-1);
    for (let ref = 0; ref < this.size; ref++) if (this.isLive(ref)) this.insert(ref);
  }

  private same(ref: number, b: DataView, from: number, to: number): boolean {
    const start = this.starts[ref] as number;
    const block = this.arenaViews[Math.floor(start / ARENA)] as DataView;
    let at = start % ARENA;
    let i = from;
    for (; i + 4 <= to; i += 4, at += 4)
      if (block.getInt32(at, true) !== b.getInt32(i, true)) return false;
    for (; i < to; i++, at++) if (block.getUint8(at) !== b.getUint8(i)) return false;
    return true;
  }

  private growColumns(ref: number): void {
    const n = Math.max(this.hashes.length * 2, ref + 1);
    this.hashes = grown(this.hashes, new Uint32Array(n));
    this.starts = grown(this.starts, new Float64Array(n));
    this.lengths = grown(this.lengths, new Int32Array(n));
    const successors = new Int32Array(n).fill(-1);
    successors.set(this.successors);
    this.successors = successors;
    this.symStarts = grown(this.symStarts, new Uint32Array(n));
    this.symCounts = grown(this.symCounts, new Uint16Array(n));
    const last = new Float64Array(n).fill(-Infinity);
    last.set(this.lastTime);
    this.lastTime = last;
  }
}

function grown<T extends Uint32Array | Float64Array | Int32Array | Uint16Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Why label bytes are refused, or undefined where they are a valid label set. */
export function checkLabels(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return "an empty label set";
  if (bytes.length > MAX_LABEL_BYTES)
    return `a label set of ${bytes.length} bytes; at most ${MAX_LABEL_BYTES} are kept`;
  try {
    const labels = decodeLabels(bytes);
    for (let i = 0; i < labels.length; i += 2) {
      if (labels[i] === "") return "an empty label name";
      if (labels[i + 1] === "") return `an empty value of label ${JSON.stringify(labels[i])}`;
    }
    return metricName(labels) === "" ? "no metric name" : undefined;
  } catch (e) {
    if (e instanceof LabelBytesError) return e.message;
    throw e;
  }
}
