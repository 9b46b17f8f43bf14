/** Copies reach back at most this far with two bytes of offset, so that each block is looked up by itself. */
const BLOCK = 65_536;
const TABLE_BITS = 14;
const MIN_MATCH = 4;
const MAX_COPY = 64;

/** Snappy's block format (https://github.com/google/snappy/blob/main/format_description.txt), as {@link decodeSnappy} reads it. */
export function encodeSnappy(src: Uint8Array): Uint8Array {
  const out = new Out(src);
  out.length(src.length);
  const table = new Uint16Array(1 << TABLE_BITS);
  for (let start = 0; start < src.length; start += BLOCK)
    encodeBlock(out, table, start, Math.min(start + BLOCK, src.length));
  return out.finish();
}

function encodeBlock(out: Out, table: Uint16Array, start: number, end: number): void {
  const { src, view } = out;
  table.fill(0);
  let literal = start;
  let at = start + 1;
  while (at + MIN_MATCH <= end) {
    const word = view.getUint32(at, true);
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - TABLE_BITS);
    const candidate = start + (table[slot] as number);
    table[slot] = at - start;
    if (view.getUint32(candidate, true) !== word) {
      // The longer nothing repeats, the wider the steps: what does not compress is passed quickly.
      at += 1 + ((at - literal) >> 5);
      continue;
    }
    let to = at + MIN_MATCH;
    while (to < end && src[to] === src[candidate + to - at]) to++;
    out.literal(literal, at);
    out.copy(at - candidate, to - at);
    at = to;
    literal = to;
  }
  out.literal(literal, end);
}

class Out {
  readonly view: DataView;
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(readonly src: Uint8Array) {
    this.view = new DataView(src.buffer, src.byteOffset, src.length);
    // A literal's head takes at most 3 bytes of 65,536, a copy never more than it stands for.
    this.bytes = new Uint8Array(
      16 + src.length + 4 * Math.ceil(src.length / BLOCK) + (src.length >> 5),
    );
  }

  length(n: number): void {
    let rest = n;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.bytes[this.at++] = (rest % 128) | 128;
    this.bytes[this.at++] = rest;
  }

  literal(from: number, to: number): void {
    const n = to - from - 1;
    if (n < 0) return;
    if (n < 60) this.bytes[this.at++] = n << 2;
    else if (n < 256) {
      this.bytes[this.at++] = 60 << 2;
      this.bytes[this.at++] = n;
    } else {
      this.bytes[this.at++] = 61 << 2;
      this.bytes[this.at++] = n & 255;
      this.bytes[this.at++] = n >> 8;
    }
    this.bytes.set(this.src.subarray(from, to), this.at);
    this.at += n + 1;
  }

  copy(offset: number, length: number): void {
    let rest = length;
    while (rest > 0) {
      const n = Math.min(rest, MAX_COPY);
      this.bytes[this.at++] = 2 | ((n - 1) << 2);
      this.bytes[this.at++] = offset & 255;
      this.bytes[this.at++] = offset >> 8;
      rest -= n;
    }
  }

  finish(): Uint8Array {
    return this.bytes.subarray(0, this.at);
  }
}
