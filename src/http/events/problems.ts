import type { Context } from "hono";
import { problem } from "../problem";
import { STORE_RETRY_AFTER_S, STORE_STATUS, type StoreRefusal } from "../store-refusal";

/** The events were not kept. */
export function storeProblem(c: Context, { reason, message }: StoreRefusal): Response {
  c.header("retry-after", String(STORE_RETRY_AFTER_S[reason]));
  return problem(c, {
    status: STORE_STATUS[reason],
    code: reason,
    detail: `${message}; events with ids may be sent again, they are kept once`,
  });
}
