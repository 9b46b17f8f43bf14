/**
 * The staleness marker is one NaN among many: bits 0x7ff0000000000002
 * (https://prometheus.io/docs/specs/prw/remote_write_spec/#stale-markers).
 * A JavaScript number may lose a NaN's bits, so the marker is looked for, and
 * written, through an integer view over the same buffer.
 */
const STALE_HI = 0x7ff00000;
const STALE_LO = 0x00000002;
const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
const LO = LITTLE_ENDIAN ? 0 : 1;
const HI = 1 - LO;

/** A 32-bit view over the values, to be made once and passed to {@link isStaleAt}. */
export function bitsOf(values: Float64Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
}

export function isStaleAt(bits: Uint32Array, i: number): boolean {
  return bits[2 * i + HI] === STALE_HI && bits[2 * i + LO] === STALE_LO;
}

export function setStaleAt(bits: Uint32Array, i: number): void {
  bits[2 * i + HI] = STALE_HI;
  bits[2 * i + LO] = STALE_LO;
}

/** Eight bytes of the marker, little-endian, as it stands on the wire. */
export const STALE_BYTES: Uint8Array = new Uint8Array([2, 0, 0, 0, 0, 0, 0xf0, 0x7f]);
