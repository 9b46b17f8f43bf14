import type { Context } from "hono";
import { type BodyError, bodyErrorMessage, bodyErrorStatus } from "../../ingest/body/errors";
import { problem } from "../problem";
import {
  RETRY_AFTER_S,
  type Stored,
  type Unavailable,
  rejectionStatus,
  rejectionText,
} from "./append";

/** A body that could not be read, as problem+json. */
export function bodyProblem(c: Context, e: BodyError): Response {
  const limit =
    e.reason === "too_large"
      ? { limit: { name: "body_bytes", value: e.limitBytes, raise: "send smaller batches" } }
      : {};
  return problem(c, {
    status: bodyErrorStatus(e),
    code: `body_${e.reason}`,
    detail: bodyErrorMessage(e),
    ...limit,
  });
}

export function unavailableProblem(c: Context, e: Unavailable): Response {
  c.header("retry-after", String(RETRY_AFTER_S));
  return problem(c, {
    status: 503,
    code: e.reason,
    detail: `${e.message}; nothing is lost by sending the same again`,
  });
}

/** Samples that were not taken; the others of the request are stored. */
export function rejectionProblem(
  c: Context,
  { accepted, rejected }: Pick<Stored, "accepted" | "rejected">,
): Response {
  return problem(c, {
    status: rejectionStatus(rejected),
    code: "samples_rejected",
    detail: `${rejectionText(rejected)}; ${accepted} accepted`,
  });
}
