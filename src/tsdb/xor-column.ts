import { CorruptBytesError } from "../core/byte-reader";

/**
 * Floats as the XOR with their predecessor, in bits: `0` the same again; `10` the changed
 * bits lie within the last window; `11` a new window (5 bits leading zeros, 6 bits length − 1).
 * (Pelkonen et al., "Gorilla", VLDB 2015, section 4.1.2.) Works on 32-bit words, so that every NaN keeps its bits.
 */
export function encodeXor(bits: Uint32Array, from: number, to: number): Uint8Array {
  const w = new BitWriter((to - from) * 9 + 16);
  if (from === to) return w.finish();
  let lo = bits[2 * from] as number;
  let hi = bits[2 * from + 1] as number;
  w.write(hi, 32);
  w.write(lo, 32);
  let lead = 255;
  let trail = 0;
  for (let i = from + 1; i < to; i++) {
    const nextLo = bits[2 * i] as number;
    const nextHi = bits[2 * i + 1] as number;
    const xlo = (nextLo ^ lo) >>> 0;
    const xhi = (nextHi ^ hi) >>> 0;
    lo = nextLo;
    hi = nextHi;
    if (xlo === 0 && xhi === 0) {
      w.write(0, 1);
      continue;
    }
    const zerosBefore = Math.min(31, xhi !== 0 ? Math.clz32(xhi) : 32 + Math.clz32(xlo));
    const zerosAfter = xlo !== 0 ? 31 - Math.clz32(xlo & -xlo) : 32 + 31 - Math.clz32(xhi & -xhi);
    if (
      lead !== 255 &&
      zerosBefore >= lead &&
      zerosAfter >= trail &&
      64 - lead - trail <= 64 - zerosBefore - zerosAfter + 11
    ) {
      w.write(0b10, 2);
    } else {
      lead = zerosBefore;
      trail = zerosAfter;
      w.write(0b11, 2);
      w.write(lead, 5);
      w.write(63 - lead - trail, 6);
    }
    w.writeShifted(xhi, xlo, trail, 64 - lead - trail);
  }
  return w.finish();
}

/** Reads `count` floats into `out` (a 32-bit view, low word first) at element `at`. */
export function decodeXor(
  bytes: Uint8Array,
  from: number,
  end: number,
  count: number,
  out: Uint32Array,
  at: number,
): void {
  if (count === 0) return;
  const r = new BitReader(bytes, from, end);
  let hi = r.read(32);
  let lo = r.read(32);
  let i = 2 * at;
  const stop = i + 2 * count;
  out[i++] = lo;
  out[i++] = hi;
  let trail = 0;
  let size = 0;
  while (i < stop) {
    if (r.read(1) === 1) {
      if (r.read(1) === 1) {
        const lead = r.read(5);
        size = r.read(6) + 1;
        trail = 64 - lead - size;
        if (trail < 0) throw new CorruptBytesError("a float window is wider than 64 bits");
      }
      let xhi: number;
      let xlo: number;
      if (size > 32) {
        xhi = r.read(size - 32);
        xlo = r.read(32);
      } else {
        xhi = 0;
        xlo = r.read(size);
      }
      if (trail >= 32) {
        xhi = trail === 32 ? xlo : xlo << (trail - 32);
        xlo = 0;
      } else if (trail > 0) {
        xhi = (xhi << trail) | (xlo >>> (32 - trail));
        xlo <<= trail;
      }
      hi = (hi ^ xhi) >>> 0;
      lo = (lo ^ xlo) >>> 0;
    }
    out[i++] = lo;
    out[i++] = hi;
  }
}

class BitWriter {
  private bytes: Uint8Array;
  private at = 0;
  private word = 0;
  private free = 8;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }

  /** The low `n` bits of `v`, 1 ≤ n ≤ 32, highest first. */
  write(v: number, n: number): void {
    let left = n;
    while (left > 0) {
      const take = Math.min(left, this.free);
      this.word = (this.word << take) | ((v >>> (left - take)) & ((1 << take) - 1));
      left -= take;
      this.free -= take;
      if (this.free === 0) {
        if (this.at === this.bytes.length) this.grow();
        this.bytes[this.at++] = this.word;
        this.word = 0;
        this.free = 8;
      }
    }
  }

  /** `size` bits of a 64-bit word, after dropping its low `trail` bits. */
  writeShifted(hi: number, lo: number, trail: number, size: number): void {
    let h = hi;
    let l = lo;
    if (trail >= 32) {
      l = trail === 32 ? h : h >>> (trail - 32);
      h = 0;
    } else if (trail > 0) {
      l = ((l >>> trail) | (h << (32 - trail))) >>> 0;
      h >>>= trail;
    }
    if (size > 32) {
      this.write(h, size - 32);
      this.write(l, 32);
    } else this.write(l, size);
  }

  finish(): Uint8Array {
    if (this.free < 8) this.write(0, this.free);
    return this.bytes.subarray(0, this.at);
  }

  private grow(): void {
    const next = new Uint8Array(this.bytes.length * 2);
    next.set(this.bytes);
    this.bytes = next;
  }
}

class BitReader {
  private word = 0;
  private have = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private at: number,
    private readonly end: number,
  ) {}

  /** `n` bits, 1 ≤ n ≤ 32, as an unsigned integer. */
  read(n: number): number {
    let out = 0;
    let left = n;
    while (left > 0) {
      if (this.have === 0) {
        if (this.at >= this.end) throw new CorruptBytesError("float bits end early");
        this.word = this.bytes[this.at++] as number;
        this.have = 8;
      }
      const take = left < this.have ? left : this.have;
      this.have -= take;
      out = (out << take) | ((this.word >>> this.have) & ((1 << take) - 1));
      left -= take;
    }
    return out >>> 0;
  }
}
