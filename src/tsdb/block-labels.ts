import type { Labels } from "../core/labels";
import type { Symbols } from "./symbols";

/** Series by value of one label: those of `values[i]` are `locals[offsets[i]]` to `locals[offsets[i + 1]]`, rising. */
export interface Postings {
  /** Symbols, rising. */
  readonly values: Uint32Array;
  readonly offsets: Uint32Array;
  readonly locals: Uint32Array;
}

/**
 * The label sets of a cut block. Postings and the way back from a label set to its series are made when they are
 * first asked for and kept with it: the bytes at rest hold neither.
 */
export class BlockLabels {
  readonly kind = "labels";
  private readonly postings = new Map<number, Postings>();
  private table: Int32Array | undefined;
  private made = 0;

  /**
   * @param ids label symbols of series i: `ids.subarray(starts[i], starts[i + 1])`, name and value in turn
   */
  constructor(
    readonly symbols: Symbols,
    readonly ids: Uint32Array,
    readonly starts: Uint32Array,
  ) {}

  get count(): number {
    return this.starts.length - 1;
  }

  /** Label symbols of a series, aliasing {@link ids}. */
  idsOf(local: number): Uint32Array {
    return this.ids.subarray(this.starts[local], this.starts[local + 1]);
  }

  /** The symbol of a series' value of label `name` (a symbol), or −1 where it has none. */
  valueOf(local: number, name: number): number {
    const end = this.starts[local + 1] as number;
    for (let k = this.starts[local] as number; k < end; k += 2)
      if (this.ids[k] === name) return this.ids[k + 1] as number;
    return -1;
  }

  /** The series that have label `name` (a symbol), by value. */
  postingsOf(name: number): Postings {
    let made = this.postings.get(name);
    if (made === undefined) this.postings.set(name, (made = this.post(name)));
    return made;
  }

  /** The number of the series with these labels, or −1. */
  find(labels: Labels): number {
    const ids = new Uint32Array(labels.length);
    for (let i = 0; i < labels.length; i++) {
      const id = this.symbols.find(labels[i] as string);
      if (id < 0) return -1;
      ids[i] = id;
    }
    const table = (this.table ??= this.hashAll());
    const mask = table.length - 1;
    for (let slot = hashIds(ids, 0, ids.length) & mask; ; slot = (slot + 1) & mask) {
      const local = table[slot] as number;
      if (local < 0 || this.same(local, ids)) return local;
    }
  }

  /** Bytes held, with what was made so far. */
  get footprint(): number {
    return this.ids.byteLength + this.starts.byteLength + this.symbols.footprint + this.made;
  }

  private post(name: number): Postings {
    const { count } = this;
    const valueOf = new Int32Array(count);
    const fill = new Uint32Array(this.symbols.size + 1);
    let total = 0;
    for (let i = 0; i < count; i++) {
      const value = this.valueOf(i, name);
      valueOf[i] = value;
      if (value < 0) continue;
      (fill[value + 1] as number)++;
      total++;
    }
    const values: number[] = [];
    const offsets: number[] = [];
    for (let v = 0; v < this.symbols.size; v++) {
      if ((fill[v + 1] as number) > 0) {
        values.push(v);
        offsets.push(fill[v] as number);
      }
      (fill[v + 1] as number) += fill[v] as number;
    }
    offsets.push(total);
    const locals = new Uint32Array(total);
    for (let i = 0; i < count; i++) {
      const value = valueOf[i] as number;
      if (value >= 0) locals[(fill[value] as number)++] = i;
    }
    this.made += 4 * (values.length + offsets.length + total) + 100;
    return { values: Uint32Array.from(values), offsets: Uint32Array.from(offsets), locals };
  }

  private hashAll(): Int32Array {
    let size = 16;
    while (size < this.count * 2) size *= 2;
    this.made += 4 * size;
    const table = new Int32Array(size).fill(-1);
    for (let i = 0; i < this.count; i++) {
      let slot =
        hashIds(this.ids, this.starts[i] as number, this.starts[i + 1] as number) & (size - 1);
      while ((table[slot] as number) >= 0) slot = (slot + 1) & (size - 1);
      table[slot] = i;
    }
    return table;
  }

  private same(local: number, ids: Uint32Array): boolean {
    const from = this.starts[local] as number;
    if ((this.starts[local + 1] as number) - from !== ids.length) return false;
    for (let k = 0; k < ids.length; k++) if (this.ids[from + k] !== ids[k]) return false;
    return true;
  }
}

function hashIds(ids: Uint32Array, from: number, to: number): number {
  let h = 0x811c9dc5;
  for (let k = from; k < to; k++) h = Math.imul(h ^ (ids[k] as number), 0x01000193);
  return (h ^ (h >>> 15)) >>> 0;
}
