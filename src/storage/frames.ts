const encoder = new TextEncoder();

/**
 * A JSON header and byte strings as one array: what the spill keeps.
 * u32 length of the header, header, then for each part u32 length and bytes; little-endian.
 */
export function packFrames(header: unknown, parts: readonly Uint8Array[]): Uint8Array {
  const head = encoder.encode(JSON.stringify(header));
  const out = new Uint8Array(parts.reduce((n, p) => n + 4 + p.length, 4 + head.length));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const part of [head, ...parts]) {
    view.setUint32(at, part.length, true);
    out.set(part, at + 4);
    at += 4 + part.length;
  }
  return out;
}

/** @throws RangeError where the bytes are cut off */
export function unpackFrames(bytes: Uint8Array): {
  readonly header: unknown;
  readonly parts: readonly Uint8Array[];
} {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint32(at, true);
    if (at + 4 + length > bytes.length) throw new RangeError("a frame is cut off");
    frames.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  const [head, ...parts] = frames;
  if (head === undefined) throw new RangeError("no frames");
  return { header: JSON.parse(new TextDecoder().decode(head)) as unknown, parts };
}
