/** Thrown by every decoder of this folder: stored or received bytes do not read as their format. */
export class CorruptBytesError extends Error {
  override readonly name = "CorruptBytesError";
}

/**
 * Reads what {@link ByteWriter} wrote.
 * @throws CorruptBytesError past the end or for an integer beyond 2^53
 */
export class ByteReader {
  constructor(
    public bytes: Uint8Array,
    public at = 0,
    public end = bytes.length,
  ) {}

  /** Reads on elsewhere, so that one reader serves many short stretches. */
  reset(bytes: Uint8Array, at: number, end: number): void {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  u8(): number {
    if (this.at >= this.end) throw new CorruptBytesError("bytes end early");
    return this.bytes[this.at++] as number;
  }

  varint(): number {
    const b = this.bytes;
    let at = this.at;
    let n = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      if (at >= this.end) throw new CorruptBytesError("an integer is cut off");
      const c = b[at++] as number;
      n |= (c & 127) << shift;
      if (c < 128) {
        this.at = at;
        return n;
      }
    }
    let scale = 2 ** 28;
    for (let i = 0; i < 4; i++) {
      if (at >= this.end) throw new CorruptBytesError("an integer is cut off");
      const c = b[at++] as number;
      n += (c & 127) * scale;
      scale *= 128;
      if (c < 128) {
        this.at = at;
        return n;
      }
    }
    throw new CorruptBytesError("an integer is too long");
  }

  zigzag(): number {
    const n = this.varint();
    return n % 2 === 0 ? n / 2 : -(n + 1) / 2;
  }

  f64(): number {
    SCRATCH_U8.set(this.take(8));
    return SCRATCH_F64[0] as number;
  }

  /** Goes past `n` bytes; gives where they began. */
  skip(n: number): number {
    const from = this.at;
    if (from + n > this.end) throw new CorruptBytesError("bytes end early");
    this.at = from + n;
    return from;
  }

  /** The next `n` bytes, aliasing the input. */
  take(n: number): Uint8Array {
    if (this.at + n > this.end) throw new CorruptBytesError("bytes end early");
    return this.bytes.subarray(this.at, (this.at += n));
  }

  block(): Uint8Array {
    return this.take(this.varint());
  }

  text(): string {
    return DECODER.decode(this.block());
  }
}

const DECODER = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
const SCRATCH_F64 = new Float64Array(1);
const SCRATCH_U8 = new Uint8Array(SCRATCH_F64.buffer);
