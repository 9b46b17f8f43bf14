import type { StringMap } from "../core/alerts";
import { matcherPredicate } from "./routing";
import type { Silence } from "./model";

export type SilenceState = "pending" | "active" | "expired";

export function silenceState(s: Silence, nowMs: number): SilenceState {
  if (nowMs < s.startsAtMs) return "pending";
  return nowMs < s.endsAtMs ? "active" : "expired";
}

/** Ids of the silences that hold an alert now. */
export function silencedBy(
  silences: Iterable<Silence>,
  labels: StringMap,
  nowMs: number,
): readonly string[] {
  const out: string[] = [];
  for (const s of silences)
    if (silenceState(s, nowMs) === "active" && matcherPredicate(s.matchers)(labels)) out.push(s.id);
  return out;
}
