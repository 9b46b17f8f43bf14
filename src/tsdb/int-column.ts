import type { ByteReader } from "../core/byte-reader";
import type { ByteWriter } from "../core/byte-writer";

/**
 * Columns of integers within ±2^50 as varints of differences: of values ("delta") or of
 * differences again ("dod"). A zero difference is followed by how often it repeats, so
 * that a regular scrape or an idle counter costs a few bytes in all.
 */
export const INT_LIMIT = 2 ** 50;

export type IntMode = "delta" | "dod";

/** Whether every entry of `from`..`to` is an integer that the column can hold. Minus zero is none. */
export function isIntColumn(v: Float64Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const n = v[i] as number;
    if (!(n >= -INT_LIMIT && n <= INT_LIMIT) || n !== Math.floor(n) || (n === 0 && 1 / n < 0))
      return false;
  }
  return true;
}

/** The mode that takes fewer bytes, by the magnitudes of the differences. */
export function cheaperMode(v: Float64Array, from: number, to: number): IntMode {
  let delta = 0;
  let dod = 0;
  let last = 0;
  for (let i = from + 1; i < to; i++) {
    const d = (v[i] as number) - (v[i - 1] as number);
    if (d !== 0) delta += d >= -64 && d < 64 ? 1 : d >= -8192 && d < 8192 ? 2 : 4;
    const dd = d - last;
    if (dd !== 0) dod += dd >= -64 && dd < 64 ? 1 : dd >= -8192 && dd < 8192 ? 2 : 4;
    last = d;
  }
  return delta < dod ? "delta" : "dod";
}

export function putInts(
  w: ByteWriter,
  v: Float64Array,
  from: number,
  to: number,
  mode: IntMode,
): void {
  if (from === to) return;
  let last = v[from] as number;
  w.zigzag(last);
  let lastStep = 0;
  let zeros = 0;
  for (let i = from + 1; i < to; i++) {
    const n = v[i] as number;
    const step = n - last;
    const token = mode === "delta" ? step : step - lastStep;
    last = n;
    lastStep = step;
    if (token === 0) {
      zeros++;
      continue;
    }
    if (zeros > 0) {
      w.u8(0);
      w.varint(zeros);
      zeros = 0;
    }
    w.zigzag(token);
  }
  if (zeros > 0) {
    w.u8(0);
    w.varint(zeros);
  }
}

/** Reads `count` integers into `out` at `at`, each divided by `scale`. */
export function getInts(
  r: ByteReader,
  count: number,
  mode: IntMode,
  out: Float64Array,
  at: number,
  scale: number,
): void {
  if (count === 0) return;
  const bytes = r.bytes;
  let value = r.zigzag();
  let step = 0;
  let i = at;
  const end = at + count;
  const dod = mode === "dod";
  out[i++] = scale === 1 ? value : value / scale;
  while (i < end) {
    let token: number;
    const b = r.at < r.end ? (bytes[r.at] as number) : 128;
    if (b < 128) {
      r.at++;
      if (b === 0) {
        const stop = Math.min(end, i + r.varint());
        if (!dod) step = 0;
        if (scale === 1) while (i < stop) out[i++] = value += step;
        else while (i < stop) out[i++] = (value += step) / scale;
        continue;
      }
      token = b & 1 ? -((b + 1) >> 1) : b >> 1;
    } else {
      token = r.zigzag();
    }
    step = dod ? step + token : token;
    value += step;
    out[i++] = scale === 1 ? value : value / scale;
  }
}
