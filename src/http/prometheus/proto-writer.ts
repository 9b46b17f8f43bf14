import { ByteWriter } from "../../core/byte-writer";
import { bitsOf, isStaleAt, STALE_BYTES } from "../../core/stale";

/** Protobuf fields, written one after the other (https://protobuf.dev/programming-guides/encoding/). */
export class ProtoWriter {
  readonly bytes = new ByteWriter(256);
  private inner: ProtoWriter | undefined;

  /** A string or bytes. */
  text(field: number, s: string): void {
    this.bytes.varint((field << 3) | 2);
    this.bytes.text(s);
  }

  /** An unsigned integer, or a signed one of the plain (not zigzag) kind. */
  int(field: number, n: number): void {
    this.bytes.varint(field << 3);
    if (n >= 0) return this.bytes.varint(n);
    // Two's complement in ten bytes.
    let rest = BigInt.asUintN(64, BigInt(n));
    for (; rest > 127n; rest >>= 7n) this.bytes.u8(Number(rest & 127n) | 128);
    this.bytes.u8(Number(rest));
  }

  sint(field: number, n: number): void {
    this.bytes.varint(field << 3);
    this.bytes.zigzag(n);
  }

  double(field: number, n: number): void {
    this.bytes.varint((field << 3) | 1);
    this.bytes.f64(n);
  }

  /** Sample `i`, a stale marker with its bits. */
  sample(field: number, values: Float64Array, i: number): void {
    this.bytes.varint((field << 3) | 1);
    if (Number.isNaN(values[i]) && isStaleAt(bitsOf(values), i)) this.bytes.put(STALE_BYTES);
    else this.bytes.f64(values[i] as number);
  }

  /** Packed. */
  doubles(field: number, values: Float64Array): void {
    if (values.length === 0) return;
    this.bytes.varint((field << 3) | 2);
    this.bytes.varint(8 * values.length);
    for (const v of values) this.bytes.f64(v);
  }

  message(field: number, fill: (w: ProtoWriter) => void): void {
    // One for all messages at this depth: an answer has a million of them.
    this.inner ??= new ProtoWriter();
    this.inner.bytes.clear();
    fill(this.inner);
    this.bytes.varint((field << 3) | 2);
    this.bytes.block(this.inner.bytes.view());
  }
}
