import type { Symbols } from "./symbols";

/** Maps symbols of one table to another, each once. */
export class SymbolMap {
  private mapped: Int32Array;

  constructor(
    private readonly from: Symbols,
    private readonly to: Symbols,
  ) {
    this.mapped = new Int32Array(from.size).fill(-1);
  }

  map(ids: Uint32Array): Uint32Array {
    const out = new Uint32Array(ids.length);
    if (this.mapped.length < this.from.size) {
      const next = new Int32Array(this.from.size).fill(-1);
      next.set(this.mapped);
      this.mapped = next;
    }
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as number;
      let to = this.mapped[id] as number;
      if (to < 0) to = this.mapped[id] = this.to.internFrom(this.from, id);
      out[i] = to;
    }
    return out;
  }
}
