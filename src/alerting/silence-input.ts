import { type Result, err, ok } from "../core/result";
import type { Silence } from "./model";

export interface SilenceInput {
  readonly id?: string | undefined;
  readonly matchers: Silence["matchers"];
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly createdBy: string;
  readonly comment: string;
}

export type SilenceRefusal =
  | { readonly reason: "no_matchers" }
  /** Every matcher matches the empty text: it would silence everything. */
  | { readonly reason: "matches_everything" }
  | { readonly reason: "ends_before_it_starts" }
  | { readonly reason: "ended_already" }
  | { readonly reason: "unknown_id"; readonly id: string }
  | { readonly reason: "too_many"; readonly limit: number };

export const MAX_SILENCES = 1_000;

/** Checks a silence as Alertmanager does; a start in the past becomes now. */
export function checkSilence(
  input: SilenceInput,
  matchesEmpty: (matcher: Silence["matchers"][number]) => boolean,
  id: string,
  nowMs: number,
): Result<Silence, SilenceRefusal> {
  if (input.matchers.length === 0) return err({ reason: "no_matchers" });
  if (input.matchers.every(matchesEmpty)) return err({ reason: "matches_everything" });
  const startsAtMs = Math.max(input.startsAtMs, nowMs);
  if (input.endsAtMs <= nowMs) return err({ reason: "ended_already" });
  if (input.endsAtMs <= startsAtMs) return err({ reason: "ends_before_it_starts" });
  return ok({
    id,
    matchers: input.matchers,
    startsAtMs,
    endsAtMs: input.endsAtMs,
    createdBy: input.createdBy,
    comment: input.comment,
    updatedAtMs: nowMs,
  });
}
