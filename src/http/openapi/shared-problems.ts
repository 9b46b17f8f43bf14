import type { ErrorCode } from "../error-codes";

type Problems = Readonly<Record<number, readonly ErrorCode[]>>;

/** What every route that reads a configuration as text may say (http/text-body.ts). */
export const TEXT_PROBLEMS = {
  400: ["body_malformed_encoding"],
  413: ["body_too_large"],
  415: ["body_unsupported_content_type", "body_unsupported_encoding"],
} as const satisfies Problems;

/** What every route that reads a small JSON body may say (http/json.ts). */
export const JSON_PROBLEMS = {
  ...TEXT_PROBLEMS,
  400: ["body_malformed_encoding", "json_malformed", "json_invalid"],
} as const satisfies Problems;

/** What a body sent for keeping may be refused for (ingest/body/errors.ts). */
export const BATCH_PROBLEMS = {
  400: ["body_malformed_encoding", "body_malformed_json"],
  413: ["body_too_large"],
  415: ["body_unsupported_content_type", "body_unsupported_encoding"],
} as const satisfies Problems;

/** What a store may say (http/store-refusal.ts). */
export const STORE_PROBLEMS = {
  429: ["store_quota"],
  503: ["store_unavailable"],
} as const satisfies Problems;

/** The codes of several, by status. */
export function together(...all: readonly Problems[]): Problems {
  const out: Record<number, ErrorCode[]> = {};
  for (const problems of all)
    for (const [status, codes] of Object.entries(problems))
      (out[Number(status)] ??= []).push(...codes);
  return out;
}
