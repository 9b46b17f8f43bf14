// A snappy block encoder (google/snappy, format_description.txt): a body must cost its receiver what a real sender's costs.

const WINDOW = 65_536;
const TABLE_BITS = 14;
const MIN_MATCH = 4;

/** @param {Uint8Array} input */
export function snappy(input) {
  const out = new Uint8Array(32 + input.length + Math.ceil(input.length / 6));
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  let at = 0;
  let rest = input.length;
  for (; rest > 127; rest >>>= 7) out[at++] = (rest & 127) | 128;
  out[at++] = rest;

  const literal = (from, to) => {
    const n = to - from - 1;
    if (n < 0) return;
    if (n < 60) out[at++] = n << 2;
    else if (n < 256) {
      out[at++] = 60 << 2;
      out[at++] = n;
    } else {
      out[at++] = 61 << 2;
      out[at++] = n & 255;
      out[at++] = n >> 8;
    }
    out.set(input.subarray(from, to), at);
    at += to - from;
  };
  const copy = (distance, length) => {
    for (let left = length; left > 0;) {
      const n = Math.min(left, 64);
      out[at++] = ((n - 1) << 2) | 2;
      out[at++] = distance & 255;
      out[at++] = distance >> 8;
      left -= n;
    }
  };

  const seen = new Int32Array(1 << TABLE_BITS);
  for (let base = 0; base < input.length; base += WINDOW) {
    const end = Math.min(base + WINDOW, input.length);
    seen.fill(-1);
    let told = base;
    let i = base;
    while (i + MIN_MATCH <= end) {
      const word = view.getUint32(i, true);
      const slot = Math.imul(word, 0x9e3779b1) >>> (32 - TABLE_BITS);
      const candidate = seen[slot];
      seen[slot] = i;
      if (candidate < 0 || view.getUint32(candidate, true) !== word) {
        i++;
        continue;
      }
      let n = MIN_MATCH;
      while (i + n < end && input[candidate + n] === input[i + n]) n++;
      literal(told, i);
      copy(i - candidate, n);
      i += n;
      told = i;
    }
    literal(told, end);
  }
  return out.subarray(0, at);
}
