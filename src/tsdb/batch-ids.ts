import { hashBytes } from "./label-hash";
import type { BatchIdEntry } from "./log-codec";

/** How long a batch id is remembered. */
export const BATCH_ID_MS = 24 * 3_600_000;

const encoder = new TextEncoder();

/** 64 bits of a batch id. */
export function batchIdKey(id: string, seenMs: number): BatchIdEntry {
  const b = encoder.encode(id);
  return {
    hi: hashBytes(b, 0, b.length, 0x5bd1e995),
    lo: hashBytes(b, 0, b.length, 0x2c1b3c6d),
    seenMs,
  };
}

/** Ids remembered at most; about 60 bytes each. Where more come in a day, the oldest go first. */
export const MAX_BATCH_IDS = 200_000;

/** Which batches were applied in the last 24 h, oldest first. */
export class BatchIds {
  private readonly seen = new Map<number, number>();

  constructor(private readonly max = MAX_BATCH_IDS) {}

  has(id: BatchIdEntry, now: number): boolean {
    const seenMs = this.seen.get(keyOf(id));
    return seenMs !== undefined && seenMs > now - BATCH_ID_MS;
  }

  add(id: BatchIdEntry): void {
    const key = keyOf(id);
    this.seen.delete(key);
    this.seen.set(key, id.seenMs);
    if (this.seen.size <= this.max) return;
    for (const oldest of this.seen.keys()) {
      this.seen.delete(oldest);
      break;
    }
  }

  expire(now: number): void {
    for (const [key, seenMs] of this.seen) {
      if (seenMs > now - BATCH_ID_MS) break;
      this.seen.delete(key);
    }
  }

  /** When the oldest id was seen, ms; Infinity where there is none. */
  get oldestMs(): number {
    for (const seenMs of this.seen.values()) return seenMs;
    return Infinity;
  }

  get size(): number {
    return this.seen.size;
  }
}

/** 53 of the 64 bits: what a number holds exactly. */
function keyOf(id: BatchIdEntry): number {
  return (id.hi & 0x1fffff) * 4294967296 + id.lo;
}
