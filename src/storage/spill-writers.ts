import type { Env } from "../env";

/**
 * Brings a spilled write to where it belonged. Idempotent: the store may have committed
 * before it seemed to fail, and the spill may try again after it succeeded.
 */
export type SpillWriter = (env: Env, projectId: string, payload: Uint8Array) => Promise<void>;

/** What `SpillRpc.put` can keep, by kind. A kind stays as long as an object out there may hold one. */
export const SPILL_WRITERS: Readonly<Record<string, SpillWriter>> = {};
