import type { Labels } from "../core/labels";

const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;
const MASK = 0xffffffffffffffffn;

/**
 * Prometheus' hash of a label set: xxHash64 (seed 0) over names and values, each behind its length in
 * bytes. limit_ratio picks series by it, so that it picks those that Prometheus picks.
 */
export function labelHash(labels: Labels): bigint {
  const encoder = new TextEncoder();
  const parts = labels.map((text) => encoder.encode(text));
  const bytes: number[] = [];
  for (const p of parts) {
    if (p.length < 255) bytes.push(p.length);
    else bytes.push(255, p.length & 0xff, (p.length >> 8) & 0xff, (p.length >> 16) & 0xff);
    for (const b of p) bytes.push(b);
  }
  return xxHash64(Uint8Array.from(bytes));
}

const rotate = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & MASK;
const times = (a: bigint, b: bigint): bigint => (a * b) & MASK;
const round = (acc: bigint, input: bigint): bigint =>
  times(rotate((acc + times(input, P2)) & MASK, 31n), P1);

/** https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md, the 64-bit variant. */
export function xxHash64(data: Uint8Array): bigint {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const n = data.length;
  let at = 0;
  let h: bigint;
  if (n >= 32) {
    const lanes = [(P1 + P2) & MASK, P2, 0n, -P1 & MASK];
    for (; at + 32 <= n; at += 32)
      for (let lane = 0; lane < 4; lane++)
        lanes[lane] = round(lanes[lane] as bigint, view.getBigUint64(at + 8 * lane, true));
    const [a = 0n, b = 0n, c = 0n, d = 0n] = lanes;
    h = (rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n)) & MASK;
    for (const lane of [a, b, c, d]) h = (times(h ^ round(0n, lane), P1) + P4) & MASK;
  } else h = P5;
  h = (h + BigInt(n)) & MASK;
  for (; at + 8 <= n; at += 8)
    h = (times(rotate(h ^ round(0n, view.getBigUint64(at, true)), 27n), P1) + P4) & MASK;
  if (at + 4 <= n) {
    h = (times(rotate(h ^ times(BigInt(view.getUint32(at, true)), P1), 23n), P2) + P3) & MASK;
    at += 4;
  }
  for (; at < n; at++) h = times(rotate(h ^ times(BigInt(data[at] as number), P5), 11n), P1);
  h = times(h ^ (h >> 33n), P2);
  h = times(h ^ (h >> 29n), P3);
  return h ^ (h >> 32n);
}
