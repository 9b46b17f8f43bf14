import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { ErrorCode } from "./error-codes";

/**
 * The error body of Vedette's own routes (RFC 9457): a stable `code`, what was wrong,
 * where, and the limit if one was hit.
 */
export interface Problem {
  readonly status: ContentfulStatusCode;
  readonly code: ErrorCode;
  readonly detail: string;
  /** Where in the input: a JSON pointer, `line:column`, or a header's name. */
  readonly where?: string;
  readonly limit?: { readonly name: string; readonly value: number; readonly raise: string };
}

export function problem(c: Context, p: Problem): Response {
  const { status, code, detail, ...rest } = p;
  return c.body(
    JSON.stringify({
      type: `/docs/errors#${code}`,
      title: code.replaceAll("_", " "),
      status,
      code,
      detail,
      ...rest,
    }),
    status,
    {
      "content-type": "application/problem+json",
    },
  );
}
