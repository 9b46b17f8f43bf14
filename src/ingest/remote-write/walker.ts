/** Thrown by {@link ProtoWalker}: the bytes are no protobuf, `at` this offset. */
export class WireFormatError extends Error {
  override readonly name = "WireFormatError";
  constructor(
    readonly at: number,
    message: string,
  ) {
    super(message);
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A cursor over protobuf bytes that allocates nothing. Nested messages share it:
 * each read is given where its message ends, and may not pass it.
 */
export class ProtoWalker {
  at = 0;
  /** Whether the last length took no more bytes than it needs. */
  minimal = true;
  readonly view: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** A field's tag: number × 8 + wire type. */
  tag(end: number): number {
    const b = this.bytes[this.at] as number;
    if (b < 128 && b > 7 && this.at < end) {
      this.at++;
      return b;
    }
    const start = this.at;
    const tag = this.varint32(end);
    if (tag >>> 3 === 0) throw new WireFormatError(start, "field number 0");
    return tag;
  }

  /** Reads a length prefix and gives where the value ends. */
  lengthEnd(end: number): number {
    const b = this.bytes[this.at] as number;
    if (b < 128 && this.at < end) {
      this.at++;
      this.minimal = true;
      const to = this.at + b;
      if (to > end)
        throw new WireFormatError(this.at - 1, `a length of ${b} runs past the end of its message`);
      return to;
    }
    const start = this.at;
    const len = this.varint32(end);
    this.minimal = this.bytes[this.at - 1] !== 0;
    if (this.at + len > end)
      throw new WireFormatError(start, `a length of ${len} runs past the end of its message`);
    return this.at + len;
  }

  /** A signed 64-bit varint as a number; beyond 2^53 the last digits are lost. */
  int64(end: number): number {
    const { bytes } = this;
    const start = this.at;
    // In parts of 28 bits, as bit operations hold 32.
    let part = 0;
    let low = 0;
    let middle = 0;
    let shift = 0;
    for (let i = 0; i < 10; i++) {
      const at = start + i;
      if (at >= end) throw new WireFormatError(start, "a number is cut off");
      const b = bytes[at] as number;
      part |= (b & 127) << shift;
      if (b < 128) {
        this.at = at + 1;
        if (i < 4) return part;
        if (i < 8) return part * TWO_28 + low;
        // Bits 56 to 63, the highest the sign; from the top down, so that a small negative number stays exact.
        return (((part << 24) >> 24) * TWO_28 + middle) * TWO_28 + low;
      }
      shift += 7;
      if (i === 3) {
        low = part;
        part = 0;
        shift = 0;
      } else if (i === 7) {
        middle = part;
        part = 0;
        shift = 0;
      }
    }
    throw new WireFormatError(start, "a number has more than 10 bytes");
  }

  double(end: number): number {
    const from = this.at;
    this.advance(8, end);
    return this.view.getFloat64(from, true);
  }

  /** A `sint32` or `sint64`. */
  zigzag(end: number): number {
    const n = this.int64(end);
    return n % 2 === 0 ? n / 2 : -(n + 1) / 2;
  }

  /** Adds one `sint`, or a packed run of them, as the tag says. */
  zigzags(tag: number, end: number, to: number[]): void {
    if ((tag & 7) === 0) {
      to.push(this.zigzag(end));
      return;
    }
    const stop = this.lengthEnd(end);
    while (this.at < stop) to.push(this.zigzag(stop));
  }

  /** As {@link zigzags} for doubles. */
  doubles(tag: number, end: number, to: number[]): void {
    if ((tag & 7) === 1) {
      to.push(this.double(end));
      return;
    }
    const stop = this.lengthEnd(end);
    while (this.at < stop) to.push(this.double(stop));
  }

  /** Whether bytes [from, to) are these. */
  equals(from: number, to: number, other: Uint8Array): boolean {
    if (to - from !== other.length) return false;
    for (let i = 0; i < other.length; i++) if (this.bytes[from + i] !== other[i]) return false;
    return true;
  }

  /** A length-delimited string, or undefined where it is not UTF-8. */
  text(end: number): string | undefined {
    const to = this.lengthEnd(end);
    const from = this.at;
    this.at = to;
    try {
      return decoder.decode(this.bytes.subarray(from, to));
    } catch {
      return undefined;
    }
  }

  advance(n: number, end: number): void {
    if (this.at + n > end) throw new WireFormatError(this.at, "a field is cut off");
    this.at += n;
  }

  skip(tag: number, end: number): void {
    switch (tag & 7) {
      case 0:
        this.int64(end);
        return;
      case 1:
        this.advance(8, end);
        return;
      case 2:
        this.at = this.lengthEnd(end);
        return;
      case 5:
        this.advance(4, end);
        return;
      default:
        throw new WireFormatError(this.at, `wire type ${tag & 7} is not used in proto3`);
    }
  }

  /** Whether bytes [a, aEnd) sort before [b, bEnd). */
  rises(a: number, aEnd: number, b: number, bEnd: number): boolean {
    const { bytes } = this;
    const n = Math.min(aEnd - a, bEnd - b);
    for (let i = 0; i < n; i++) {
      const d = (bytes[a + i] as number) - (bytes[b + i] as number);
      if (d !== 0) return d < 0;
    }
    return aEnd - a < bEnd - b;
  }

  private varint32(end: number): number {
    const { bytes } = this;
    const start = this.at;
    let n = 0;
    for (let i = 0; i < 5; i++) {
      const at = start + i;
      if (at >= end) throw new WireFormatError(start, "a number is cut off");
      const b = bytes[at] as number;
      n += i < 4 ? (b & 127) << (7 * i) : (b & 127) * TWO_28;
      if (b < 128) {
        this.at = at + 1;
        return n;
      }
    }
    throw new WireFormatError(start, "a length has more than 5 bytes");
  }
}

const TWO_28 = 2 ** 28;
