/** Thrown by {@link decodeSnappy}. */
export class SnappyError extends Error {
  override readonly name = "SnappyError";
  constructor(
    message: string,
    /** The declared size is over the limit; otherwise the bytes are broken. */
    readonly tooLarge = false,
  ) {
    super(message);
  }
}

/**
 * Decodes one Snappy block (not the framing format), as remote write sends it
 * (https://github.com/google/snappy/blob/main/format_description.txt).
 * The declared length is checked before anything is allocated.
 * @throws SnappyError when broken, with the byte where; `tooLarge` when over `limitBytes`
 */
export function decodeSnappy(src: Uint8Array, limitBytes: number): Uint8Array {
  let at = 0;
  let declared = 0;
  for (let shift = 0; ; shift += 7) {
    if (at >= src.length || shift > 28) throw new SnappyError("the length at its start is cut off");
    const b = src[at++] as number;
    declared += (b & 127) * 2 ** shift;
    if (b < 128) break;
  }
  if (declared > limitBytes) throw new SnappyError(`it declares ${declared} bytes`, true);
  // A copy of 3 bytes gives at most 64, so that a length far beyond that is a lie: refuse it before allocating.
  if (declared > src.length * 32)
    throw new SnappyError(`${src.length} bytes cannot hold the ${declared} they declare`);
  const size = declared | 0;
  // Copies go eight bytes at a time (the compiler makes no BigInt of them) and may write up to seven past their
  // end: room for the last one.
  const out = new Uint8Array(size + 7);
  const to = new DataView(out.buffer);
  const from = new DataView(src.buffer, src.byteOffset, src.length);
  const end = src.length;
  let o = 0;
  while (at < end) {
    const tag = src[at] as number;
    const start = at++;
    let len: number;
    let offset: number;
    switch (tag & 3) {
      case 0: {
        len = (tag >>> 2) + 1;
        if (len > 60) {
          const extra = len - 60;
          if (at + extra > end) throw cutOff(start);
          const long = longLength(src, at, extra);
          if (long > end) throw cutOff(start);
          // Small by now: all positions stay 32-bit integers, which the loop's speed hangs on.
          len = long | 0;
          at += extra;
        }
        if (at + len > end) throw cutOff(start);
        if (o + len > size) throw tooLong(start, size);
        // A native copy pays only beyond some dozens of bytes.
        if (len > 64 || at + len + 7 > end) out.set(src.subarray(at, at + len), o);
        else
          for (let k = 0; k < len; k += 8)
            to.setBigInt64(o + k, from.getBigInt64(at + k, true), true);
        at += len;
        o += len;
        continue;
      }
      case 1:
        if (at + 1 > end) throw cutOff(start);
        len = ((tag >>> 2) & 7) + 4;
        offset = ((tag >>> 5) << 8) | (src[at++] as number);
        break;
      case 2:
        if (at + 2 > end) throw cutOff(start);
        len = (tag >>> 2) + 1;
        offset = (src[at] as number) | ((src[at + 1] as number) << 8);
        at += 2;
        break;
      default:
        if (at + 4 > end) throw cutOff(start);
        len = (tag >>> 2) + 1;
        // Beyond 2^31 it is below zero, and refused with the rest.
        offset =
          (src[at] as number) |
          ((src[at + 1] as number) << 8) |
          ((src[at + 2] as number) << 16) |
          ((src[at + 3] as number) << 24);
        at += 4;
    }
    if (offset <= 0 || offset > o)
      throw new SnappyError(
        `the copy at byte ${start} reaches back ${offset >>> 0} bytes where ${o} were written`,
      );
    if (o + len > size) throw tooLong(start, size);
    // A copy may overlap what it writes: from closer it goes in smaller steps.
    if (offset >= 8)
      for (let k = 0; k < len; k += 8)
        to.setBigInt64(o + k, to.getBigInt64(o + k - offset, true), true);
    else if (offset >= 4)
      for (let k = 0; k < len; k += 4) to.setInt32(o + k, to.getInt32(o + k - offset, true), true);
    else for (let k = 0; k < len; k++) out[o + k] = out[o + k - offset] as number;
    o += len;
  }
  if (o !== size) throw new SnappyError(`it ends after ${o} of the ${size} bytes it declares`);
  return out.subarray(0, size);
}

/** The length of a literal that is written out in `extra` bytes. */
function longLength(src: Uint8Array, at: number, extra: number): number {
  let len = 1;
  for (let k = 0; k < extra; k++) len += (src[at + k] as number) * 2 ** (8 * k);
  return len;
}

const cutOff = (at: number): SnappyError => new SnappyError(`the element at byte ${at} is cut off`);
const tooLong = (at: number, size: number): SnappyError =>
  new SnappyError(`the element at byte ${at} writes past the ${size} bytes declared`);
