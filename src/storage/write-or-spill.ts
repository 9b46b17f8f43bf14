import type { SpillRpc } from "../core/objects";
import { type D1Failure, classifyD1Error } from "./d1-errors";

/** A write that can be repeated from bytes: `kind` names a writer of spill-writers.ts. */
export interface SpillableWrite {
  readonly kind: string;
  readonly payload: () => Uint8Array;
  readonly write: () => Promise<void>;
}

/** The store refuses and the write was not kept: the daily quota or the database's size is used up. */
export class StoreQuotaError extends Error {
  override readonly name = "StoreQuotaError";
}

/** Neither the store nor the spill took the write; sending it again is right. */
export class StoreUnavailableError extends Error {
  override readonly name = "StoreUnavailableError";
}

/** D1 gives up on a statement after 30 s; a request should not wait that long to learn it. */
const WRITE_TIMEOUT_MS = 8_000;

/** After a write that hung, others are spilled at once for so long, instead of each waiting to learn the same. */
const HANG_MEMORY_MS = 5_000;
/** Per isolate, which has one D1. */
let hangsUntilMs = 0;

/**
 * Writes to D1, or keeps the write in the spill where D1 is overloaded, hangs or is down. Durable when it resolves.
 * @throws StoreQuotaError | StoreUnavailableError; the store's own error where the write can never succeed
 */
export async function writeOrSpill(
  spill: () => SpillRpc,
  w: SpillableWrite,
  timeoutMs = WRITE_TIMEOUT_MS,
): Promise<"stored" | "spilled"> {
  const failure = await tryWrite(w, timeoutMs);
  if (failure === undefined) return "stored";
  try {
    await spill().put(w.kind, w.payload());
    return "spilled";
  } catch (e) {
    throw new StoreUnavailableError(
      `D1: ${failure.message}; spill: ${e instanceof Error ? e.message : String(e)}`,
    );
  }
}

/** Undefined where D1 took the write; the failure where it is to be spilled. */
async function tryWrite(w: SpillableWrite, timeoutMs: number): Promise<D1Failure | undefined> {
  if (Date.now() < hangsUntilMs) return { kind: "transient", message: "D1 hung a moment ago" };
  try {
    await withTimeout(w.write(), timeoutMs);
    return undefined;
  } catch (e) {
    if (e instanceof HungError) hangsUntilMs = Date.now() + HANG_MEMORY_MS;
    const failure = classifyD1Error(e);
    if (failure.kind === "permanent") throw e;
    if (failure.kind === "quota") throw new StoreQuotaError(failure.message);
    return failure;
  }
}

class HungError extends Error {}

/** @throws HungError where the work is not done in time; it may still be done later. */
export async function withTimeout(
  work: Promise<void>,
  ms: number,
  what = "D1 write",
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new HungError(`${what} timed out after ${ms} ms`)), ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
