import { classifyD1Error } from "./d1-errors";

/** What to do after a write of the spill failed. */
export type DrainStep =
  /** D1 is not well: nothing else would succeed either. */
  | { readonly step: "wait" }
  /** The batch itself is at fault, or may be: look whether the store takes other writes, and if so put it aside. */
  | { readonly step: "probe" }
  | { readonly step: "poison" };

/** Failures of one batch after which it is suspected. */
export const SUSPECT_AFTER = 6;

export function afterFailure(error: unknown, attempts: number): DrainStep {
  switch (classifyD1Error(error).kind) {
    case "permanent":
      return { step: "poison" };
    case "quota":
      return { step: "wait" };
    case "transient":
      return attempts >= SUSPECT_AFTER ? { step: "probe" } : { step: "wait" };
  }
}

const FIRST_MS = 1_000;
const MAX_MS = 60_000;

/** Doubles with each failure up to a minute; a random half of it, so that many spills do not drain at once. */
export function drainDelayMs(failures: number, random: number): number {
  const full = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(failures, 16));
  return Math.round(full / 2 + (full / 2) * random);
}
