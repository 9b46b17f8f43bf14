import type { ByteReader } from "../core/byte-reader";
import type { ByteWriter } from "../core/byte-writer";
import { hashShort } from "./label-hash";

/**
 * Interns byte strings as small numbers, so that a label set is a few integers
 * and a matcher is tried once per distinct value. Text is decoded on first use.
 */
export class Symbols {
  size = 0;
  private table = new Int32Array(256).fill(-1);
  private hashes = new Uint32Array(128);
  private starts = new Uint32Array(129);
  private bytes = new Uint8Array(4096);
  private used = 0;
  private readonly texts: (string | undefined)[] = [];

  /** The number of the bytes `from`..`to` of `b`, made where it is new. */
  intern(b: Uint8Array, from: number, to: number): number {
    const hash = hashShort(b, from, to);
    const slot = this.probe(hash, b, from, to);
    const known = this.table[slot] as number;
    if (known >= 0) return known;
    return this.add(slot, hash, b, from, to);
  }

  internText(text: string): number {
    const b = ENCODER.encode(text);
    return this.intern(b, 0, b.length);
  }

  /** The number of `text`, or −1 where no label uses it. */
  find(text: string): number {
    const b = ENCODER.encode(text);
    return this.table[this.probe(hashShort(b, 0, b.length), b, 0, b.length)] as number;
  }

  text(id: number): string {
    const hit = this.texts[id];
    if (hit !== undefined) return hit;
    const made = DECODER.decode(this.bytesOf(id));
    this.texts[id] = made;
    return made;
  }

  /** The number of another table's symbol. */
  internFrom(other: Symbols, id: number): number {
    return this.intern(other.bytes, other.starts[id] as number, other.starts[id + 1] as number);
  }

  /** All symbols: their lengths, then their bytes. */
  write(w: ByteWriter): void {
    w.varint(this.size);
    for (let id = 0; id < this.size; id++)
      w.varint((this.starts[id + 1] as number) - (this.starts[id] as number));
    w.putRange(this.bytes, 0, this.used);
  }

  bytesOf(id: number): Uint8Array {
    return this.bytes.subarray(this.starts[id] as number, this.starts[id + 1] as number);
  }

  /** Bytes held, for the memory ledger. */
  get footprint(): number {
    return (
      this.bytes.length + this.table.byteLength + this.hashes.byteLength + this.starts.byteLength
    );
  }

  private probe(hash: number, b: Uint8Array, from: number, to: number): number {
    const mask = this.table.length - 1;
    let slot = hash & mask;
    for (;;) {
      const id = this.table[slot] as number;
      if (id < 0) return slot;
      if (this.hashes[id] === hash && this.sameBytes(id, b, from, to)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private sameBytes(id: number, b: Uint8Array, from: number, to: number): boolean {
    const start = this.starts[id] as number;
    if ((this.starts[id + 1] as number) - start !== to - from) return false;
    for (let i = 0; i < to - from; i++) if (this.bytes[start + i] !== b[from + i]) return false;
    return true;
  }

  private add(slot: number, hash: number, b: Uint8Array, from: number, to: number): number {
    const id = this.size++;
    if (id === this.hashes.length) this.growColumns();
    const len = to - from;
    if (this.used + len > this.bytes.length) {
      const next = new Uint8Array(Math.max(this.bytes.length * 2, this.used + len));
      next.set(this.bytes);
      this.bytes = next;
    }
    this.bytes.set(b.subarray(from, to), this.used);
    this.used += len;
    this.hashes[id] = hash;
    this.starts[id + 1] = this.used;
    this.table[slot] = id;
    if (this.size * 2 > this.table.length) this.rehash();
    return id;
  }

  private growColumns(): void {
    const hashes = new Uint32Array(this.hashes.length * 2);
    hashes.set(this.hashes);
    this.hashes = hashes;
    const starts = new Uint32Array(hashes.length + 1);
    starts.set(this.starts);
    this.starts = starts;
  }

  private rehash(): void {
    const table = new Int32Array(this.table.length * 2).fill(-1);
    const mask = table.length - 1;
    for (let id = 0; id < this.size; id++) {
      let slot = (this.hashes[id] as number) & mask;
      while ((table[slot] as number) >= 0) slot = (slot + 1) & mask;
      table[slot] = id;
    }
    this.table = table;
  }
}

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/**
 * The texts of a table that {@link Symbols.write} wrote. One decode for all where they are ASCII.
 * @throws CorruptBytesError
 */
export function readSymbolTexts(r: ByteReader): string[] {
  const count = r.varint();
  const lengths = new Uint32Array(count);
  let total = 0;
  for (let i = 0; i < count; i++) total += lengths[i] = r.varint();
  const bytes = r.take(total);
  const all = DECODER.decode(bytes);
  const out: string[] = [];
  let at = 0;
  for (const len of lengths) {
    out.push(
      all.length === total
        ? all.substring(at, at + len)
        : DECODER.decode(bytes.subarray(at, at + len)),
    );
    at += len;
  }
  return out;
}

/** @throws CorruptBytesError */
export function readSymbols(r: ByteReader): Symbols {
  const out = new Symbols();
  const count = r.varint();
  const lengths = new Uint32Array(count);
  for (let i = 0; i < count; i++) lengths[i] = r.varint();
  for (const len of lengths) {
    const from = r.skip(len);
    out.intern(r.bytes, from, from + len);
  }
  return out;
}
