import type { Delivery } from "../config-deliver";

/** Where an integration stands, and what it is called. */
export interface Place {
  readonly path: string;
  readonly id: string;
  readonly to: Delivery;
}

/** What every integration has. */
export function base(
  c: { readonly send_resolved?: boolean; readonly rate_limit?: number },
  at: Place,
  sendResolved: boolean,
): { readonly id: string; readonly sendResolved: boolean; readonly perMinute?: number } {
  return {
    id: at.id,
    sendResolved: c.send_resolved ?? sendResolved,
    ...(c.rate_limit ? { perMinute: c.rate_limit } : {}),
  };
}

export function timeout(c: { readonly timeout?: number }): { readonly timeoutMs?: number } {
  return c.timeout !== undefined && c.timeout > 0 ? { timeoutMs: c.timeout } : {};
}
