/** How long after the hub's word a producer may take it that somebody watches. Longer than producers remember it (5 s). */
export const LEASE_MS = 15_000;

/** Until when somebody is known to watch; 0: nobody does, publish nothing. */
export function leaseUntil(sockets: number, nowMs: number): number {
  return sockets > 0 ? nowMs + LEASE_MS : 0;
}

/** Producers remember a lease this long, so what was said in that time before the hub woke reached nobody. */
export const CATCH_UP_MS = 6_000;
