import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Test-side encoders, written apart from the decoders they check. */
export interface WriteSeries {
  readonly labels: readonly (readonly [string, string])[];
  readonly samples: readonly (readonly [timeMs: number, value: number | Uint8Array])[];
}

export function encodeWriteRequest(
  series: readonly WriteSeries[],
  metadata: readonly { type: number; name: string; help: string; unit: string }[] = [],
): Uint8Array {
  const w = new BinaryWriter();
  for (const s of series) {
    w.tag(1, WireType.LengthDelimited).fork();
    for (const [name, value] of s.labels) {
      w.tag(1, WireType.LengthDelimited).fork();
      w.tag(1, WireType.LengthDelimited)
        .string(name)
        .tag(2, WireType.LengthDelimited)
        .string(value)
        .join();
    }
    for (const [time, value] of s.samples) {
      w.tag(2, WireType.LengthDelimited).fork();
      if (typeof value === "number") w.tag(1, WireType.Bit64).double(value);
      else w.tag(1, WireType.Bit64).raw(value);
      w.tag(2, WireType.Varint).int64(time).join();
    }
    w.join();
  }
  for (const m of metadata) {
    w.tag(3, WireType.LengthDelimited).fork();
    w.tag(1, WireType.Varint).int32(m.type).tag(2, WireType.LengthDelimited).string(m.name);
    w.tag(4, WireType.LengthDelimited)
      .string(m.help)
      .tag(5, WireType.LengthDelimited)
      .string(m.unit)
      .join();
  }
  return w.finish();
}

/** A greedy Snappy block compressor: literals, and copies with all three offset widths. */
export function encodeSnappy(src: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let n = src.length; ; n = Math.floor(n / 128)) {
    if (n < 128) {
      out.push(n);
      break;
    }
    out.push((n % 128) | 128);
  }
  const literal = (from: number, to: number): void => {
    for (let at = from; at < to; at += 65536) {
      const n = Math.min(65536, to - at) - 1;
      if (n < 60) out.push(n << 2);
      else if (n < 256) out.push(60 << 2, n);
      else out.push(61 << 2, n & 255, n >> 8);
      for (let k = 0; k <= n; k++) out.push(src[at + k] as number);
    }
  };
  const seen = new Map<string, number>();
  let lit = 0;
  let i = 0;
  while (i + 4 <= src.length) {
    const key = `${src[i]},${src[i + 1]},${src[i + 2]},${src[i + 3]}`;
    const from = seen.get(key);
    seen.set(key, i);
    if (from === undefined) {
      i++;
      continue;
    }
    let len = 4;
    while (len < 64 && i + len < src.length && src[from + len] === src[i + len]) len++;
    literal(lit, i);
    const offset = i - from;
    if (len <= 11 && offset < 2048)
      out.push(1 | ((len - 4) << 2) | ((offset >> 8) << 5), offset & 255);
    else if (offset < 65536) out.push(2 | ((len - 1) << 2), offset & 255, offset >> 8);
    else
      out.push(
        3 | ((len - 1) << 2),
        offset & 255,
        (offset >> 8) & 255,
        (offset >> 16) & 255,
        offset >>> 24,
      );
    i += len;
    lit = i;
  }
  literal(lit, src.length);
  return Uint8Array.from(out);
}
