import type { Silence } from "./model";
import { type Occurrence, nextOccurrence, occurrenceAt } from "./schedule";

export type SilenceState = "pending" | "active" | "expired";

/** A silence as lists show it. */
export interface SilenceView extends Silence {
  readonly state: SilenceState;
  /** Of a recurring silence that is active: the stretch that holds. */
  readonly occurrence?: Occurrence;
  /** Of a recurring silence: the stretch that comes next. */
  readonly next?: Occurrence;
}

export function silenceState(s: Silence, nowMs: number): SilenceState {
  if (nowMs >= s.endsAtMs) return "expired";
  if (nowMs < s.startsAtMs) return "pending";
  if (s.schedule === undefined || occurrenceAt(s.schedule, nowMs) !== undefined) return "active";
  return nextOccurrence(s.schedule, nowMs) === undefined ? "expired" : "pending";
}

export function silenceView(s: Silence, nowMs: number): SilenceView {
  const state = silenceState(s, nowMs);
  if (s.schedule === undefined || state === "expired") return { ...s, state };
  const occurrence = occurrenceAt(s.schedule, nowMs);
  const next = nextOccurrence(s.schedule, nowMs);
  return {
    ...s,
    state,
    ...(occurrence === undefined ? {} : { occurrence }),
    ...(next === undefined ? {} : { next }),
  };
}

/**
 * The silence as those see it who know none that recurs: with the times of the stretch that holds, or else
 * of the one that comes next.
 */
export function ordinarySilence({ occurrence, next, ...silence }: SilenceView): SilenceView {
  const shown = occurrence ?? next;
  if (shown === undefined) return silence;
  return { ...silence, startsAtMs: shown.startMs, endsAtMs: shown.endMs };
}
