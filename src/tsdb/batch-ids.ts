import { hashBytes } from "./label-hash";
import type { BatchIdEntry } from "./log-codec";

/** How long a batch id is remembered. */
export const BATCH_ID_MS = 24 * 3_600_000;
const HOUR = 3_600_000;

/** 64 bits of a batch id. */
export function batchIdKey(id: string, seenMs: number): BatchIdEntry {
  const b = new TextEncoder().encode(id);
  return {
    hi: hashBytes(b, 0, b.length, 0x5bd1e995),
    lo: hashBytes(b, 0, b.length, 0x2c1b3c6d),
    seenMs,
  };
}

/** Which batches were applied in the last 24 h, in hourly sets that are dropped whole. */
export class BatchIds {
  private readonly hours = new Map<number, Set<number>>();

  has(id: BatchIdEntry, now: number): boolean {
    const key = keyOf(id);
    for (const [hour, ids] of this.hours)
      if ((hour + 1) * HOUR > now - BATCH_ID_MS && ids.has(key)) return true;
    return false;
  }

  add(id: BatchIdEntry): void {
    const hour = Math.floor(id.seenMs / HOUR);
    let ids = this.hours.get(hour);
    if (ids === undefined) this.hours.set(hour, (ids = new Set()));
    ids.add(keyOf(id));
  }

  /** Drops hours that lie wholly before the window. */
  expire(now: number): void {
    for (const hour of this.hours.keys())
      if ((hour + 1) * HOUR <= now - BATCH_ID_MS) this.hours.delete(hour);
  }

  get size(): number {
    let n = 0;
    for (const ids of this.hours.values()) n += ids.size;
    return n;
  }
}

/** 53 of the 64 bits: what a number holds exactly. */
function keyOf(id: BatchIdEntry): number {
  return (id.hi & 0x1fffff) * 4294967296 + id.lo;
}
