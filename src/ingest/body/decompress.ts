import { type Result, err, ok } from "../../core/result";
import { decodeSnappy, SnappyError } from "../snappy/decode";
import type { Encoding } from "./content";
import type { BodyError } from "./errors";

/**
 * The body behind its content encoding. Output stops at `limitBytes`, so that a
 * few kilobytes that unfold to gigabytes cost no more than the limit.
 */
export async function decompress(
  bytes: Uint8Array,
  encoding: Encoding,
  limitBytes: number,
): Promise<Result<Uint8Array, BodyError>> {
  switch (encoding) {
    case "identity":
      return bytes.length > limitBytes
        ? err({ reason: "too_large", limitBytes, stage: "decompressed" })
        : ok(bytes);
    case "snappy":
      return snappy(bytes, limitBytes);
    case "gzip":
    case "deflate":
      return await inflate(bytes, encoding, limitBytes);
  }
}

function snappy(bytes: Uint8Array, limitBytes: number): Result<Uint8Array, BodyError> {
  try {
    return ok(decodeSnappy(bytes, limitBytes));
  } catch (e) {
    if (!(e instanceof SnappyError)) throw e;
    return e.tooLarge
      ? err({ reason: "too_large", limitBytes, stage: "decompressed" })
      : err({ reason: "malformed_encoding", encoding: "snappy", message: e.message });
  }
}

async function inflate(
  bytes: Uint8Array,
  encoding: "gzip" | "deflate",
  limitBytes: number,
): Promise<Result<Uint8Array, BodyError>> {
  const stream = new DecompressionStream(encoding);
  const writer = stream.writable.getWriter();
  // A broken or abandoned stream rejects here too; the reader below tells which it was.
  const written = writer
    .write(bytes)
    .then(() => writer.close())
    .catch(() => undefined);
  const reader = stream.readable.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
      if (size > limitBytes) {
        await reader.cancel().catch(() => undefined);
        return err({ reason: "too_large", limitBytes, stage: "decompressed" });
      }
      chunks.push(value);
    }
  } catch (e) {
    return err({
      reason: "malformed_encoding",
      encoding,
      message: e instanceof Error ? e.message : String(e),
    });
  }
  await written;
  return ok(concat(chunks, size));
}

/** Joins chunks into one array of `size` bytes. */
export function concat(chunks: readonly Uint8Array[], size: number): Uint8Array {
  if (chunks.length === 1) return chunks[0] as Uint8Array;
  const out = new Uint8Array(size);
  let at = 0;
  for (const c of chunks) {
    out.set(c, at);
    at += c.length;
  }
  return out;
}
