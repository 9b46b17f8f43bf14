import { type Result, err, ok } from "../core/result";
import { type Encoding, checkEncoding } from "../ingest/body/content";
import { concat, decompress } from "../ingest/body/decompress";
import type { BodyError } from "../ingest/body/errors";

export interface BodyOptions {
  /** Holds for the body as sent and for what it unfolds to. */
  readonly limitBytes: number;
  readonly encodings: readonly Encoding[];
  /** What a body without the Content-Encoding header is taken for; identity unless given. */
  readonly assumed?: Encoding;
}

/** The request's body, decompressed, never more of it in memory than the limit. */
export async function readBody(
  request: Request,
  options: BodyOptions,
): Promise<Result<Uint8Array, BodyError>> {
  const encoding = checkEncoding(
    request.headers.get("content-encoding") ?? options.assumed,
    options.encodings,
  );
  if (!encoding.ok) return encoding;
  const raw = await readBounded(request, options.limitBytes);
  if (!raw.ok) return raw;
  return await decompress(raw.value, encoding.value, options.limitBytes);
}

async function readBounded(
  request: Request,
  limitBytes: number,
): Promise<Result<Uint8Array, BodyError>> {
  const tooLarge: BodyError = { reason: "too_large", limitBytes, stage: "compressed" };
  const declared = request.headers.get("content-length");
  if (declared !== null) {
    // HTTP ends the body at its declared length, so that one native read is bounded too.
    return Number(declared) > limitBytes
      ? err(tooLarge)
      : ok(new Uint8Array(await request.arrayBuffer()));
  }
  if (request.body === null) return ok(new Uint8Array());
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return ok(concat(chunks, size));
    size += value.length;
    if (size > limitBytes) {
      await reader.cancel().catch(() => undefined);
      return err(tooLarge);
    }
    chunks.push(value);
  }
}
