/** gzip through the platform's own streams; the bytes may differ between runtimes, what they unfold to does not. */
export async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  return await through(new CompressionStream("gzip"), bytes, Number.POSITIVE_INFINITY);
}

/** Thrown by {@link gunzip} beyond its limit. */
export class GunzipLimitError extends Error {
  override readonly name = "GunzipLimitError";
}

/**
 * @throws GunzipLimitError where the bytes unfold to more than `limitBytes`
 * @throws TypeError where they are no gzip
 */
export async function gunzip(bytes: Uint8Array, limitBytes: number): Promise<Uint8Array> {
  return await through(new DecompressionStream("gzip"), bytes, limitBytes);
}

async function through(
  stream: CompressionStream | DecompressionStream,
  bytes: Uint8Array,
  limitBytes: number,
): Promise<Uint8Array> {
  const writer = stream.writable.getWriter();
  // A stream that fails rejects the reader below as well, which is where it is told.
  const written = writer
    .write(bytes)
    .then(() => writer.close())
    .catch(() => undefined);
  const reader = stream.readable.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    // Both streams give Uint8Array; one declaration of their types says any.
    const part = value as Uint8Array;
    size += part.length;
    if (size > limitBytes) {
      await reader.cancel().catch(() => undefined);
      throw new GunzipLimitError(`more than ${limitBytes} bytes`);
    }
    parts.push(part);
  }
  await written;
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
