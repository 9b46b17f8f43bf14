/** A growing byte buffer. Integers are LEB128 varints, floats eight little-endian bytes. */
export class ByteWriter {
  length = 0;
  private bytes: Uint8Array;

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity);
  }

  u8(n: number): void {
    if (this.length === this.bytes.length) this.grow(1);
    this.bytes[this.length++] = n;
  }

  /** An integer from 0 to 2^53 − 1. */
  varint(n: number): void {
    if (this.length + 8 > this.bytes.length) this.grow(8);
    const b = this.bytes;
    let at = this.length;
    let rest = n;
    while (rest >= 0x10000000) {
      b[at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      b[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    b[at++] = rest;
    this.length = at;
  }

  /** A signed integer within ±(2^52 − 1), small magnitudes in few bytes. */
  zigzag(n: number): void {
    this.varint(n >= 0 ? 2 * n : -2 * n - 1);
  }

  f64(n: number): void {
    SCRATCH_F64[0] = n;
    this.put(SCRATCH_U8);
  }

  put(part: Uint8Array): void {
    if (this.length + part.length > this.bytes.length) this.grow(part.length);
    this.bytes.set(part, this.length);
    this.length += part.length;
  }

  /** Bytes `from`..`to` of `part`, without a view being made for short ones. */
  putRange(part: Uint8Array, from: number, to: number): void {
    const n = to - from;
    if (this.length + n > this.bytes.length) this.grow(n);
    if (n > 64) this.bytes.set(part.subarray(from, to), this.length);
    else for (let i = from, at = this.length; i < to; i++) this.bytes[at++] = part[i] as number;
    this.length += n;
  }

  /** A length and the bytes. */
  block(part: Uint8Array): void {
    this.varint(part.length);
    this.put(part);
  }

  text(s: string): void {
    this.block(ENCODER.encode(s));
  }

  clear(): void {
    this.length = 0;
  }

  /** What was written so far; aliases the buffer until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  private grow(by: number): void {
    const next = new Uint8Array(Math.max(this.bytes.length * 2, this.length + by));
    next.set(this.bytes.subarray(0, this.length));
    this.bytes = next;
  }
}

const ENCODER = new TextEncoder();
const SCRATCH_F64 = new Float64Array(1);
const SCRATCH_U8 = new Uint8Array(SCRATCH_F64.buffer);
