import type { Context } from "hono";
import { problem } from "./problem";

/** Why a store took nothing, as a sender can be told. */
export interface StoreRefusal {
  readonly reason: "store_quota" | "store_unavailable";
  readonly message: string;
}

/** Seconds after which sending the same again may succeed. */
export const STORE_RETRY_AFTER_S = { store_quota: 3_600, store_unavailable: 5 } as const;
export const STORE_STATUS = { store_quota: 429, store_unavailable: 503 } as const;

/** The refusal that an error of storage/write-or-spill.ts stands for; undefined for any other error. */
export function storeRefusal(e: unknown): StoreRefusal | undefined {
  if (!(e instanceof Error)) return undefined;
  switch (e.name) {
    case "StoreQuotaError":
      return { reason: "store_quota", message: `the database's quota is used up: ${e.message}` };
    case "StoreUnavailableError":
      return { reason: "store_unavailable", message: e.message };
    default:
      return undefined;
  }
}

/** The refusal as problem+json, saying when to send the same again. */
export function refusalProblem(c: Context, { reason, message }: StoreRefusal): Response {
  c.header("retry-after", String(STORE_RETRY_AFTER_S[reason]));
  return problem(c, {
    status: STORE_STATUS[reason],
    code: reason,
    detail: `${message}; the same may be sent again`,
  });
}

/** Answers what a store refused as problem+json; any other error goes on. */
export async function orRefusal(c: Context, answer: () => Promise<Response>): Promise<Response> {
  try {
    return await answer();
  } catch (e) {
    const refusal = storeRefusal(e);
    if (refusal === undefined) throw e;
    return refusalProblem(c, refusal);
  }
}
