import { type Result, err, ok } from "../../core/result";
import type { BodyError } from "./errors";

export type Encoding = "identity" | "gzip" | "deflate" | "snappy";

/** A media type and its parameters, lower-cased except for parameter values. */
export interface MediaType {
  /** `application/json`; "" where the header is absent. */
  readonly type: string;
  readonly params: ReadonlyMap<string, string>;
}

/** Reads a Content-Type header (RFC 9110 section 8.3.1). Broken parameters are left out. */
export function parseMediaType(header: string | null | undefined): MediaType {
  const [type = "", ...rest] = (header ?? "").split(";");
  const params = new Map<string, string>();
  for (const part of rest) {
    const eq = part.indexOf("=");
    if (eq < 0) continue;
    const value = part.slice(eq + 1).trim();
    params.set(
      part.slice(0, eq).trim().toLowerCase(),
      value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value,
    );
  }
  return { type: type.trim().toLowerCase(), params };
}

/** Accepts the header when its media type is one of `allowed`; an absent header passes where `allowed` holds "". */
export function checkMediaType(
  header: string | null | undefined,
  allowed: readonly string[],
): Result<MediaType, BodyError> {
  const media = parseMediaType(header);
  if (allowed.includes(media.type)) return ok(media);
  return err({
    reason: "unsupported_content_type",
    got: header ?? "",
    expected: allowed.filter((a) => a !== ""),
  });
}

/** Accepts a Content-Encoding header that names one of `allowed`; an absent or empty one means identity. */
export function checkEncoding(
  header: string | null | undefined,
  allowed: readonly Encoding[],
): Result<Encoding, BodyError> {
  const name = (header ?? "").trim().toLowerCase() || "identity";
  const known = allowed.find((a) => a === name);
  return known === undefined
    ? err({ reason: "unsupported_encoding", got: header ?? "", expected: allowed })
    : ok(known);
}
