import { type Incident, SYSTEM } from "./model";
import type { EscalationStep } from "./policy";
import { entry, extend } from "./lifecycle";

/** What the escalation does now, and why. */
export type EscalationDecision =
  | {
      readonly do: "notify";
      readonly step: EscalationStep;
      readonly stepNumber: number;
      readonly round: number;
      readonly incident: Incident;
    }
  | { readonly do: "wait"; readonly untilMs: number }
  | {
      readonly do: "nothing";
      readonly reason: "acknowledged" | "resolved" | "held" | "no_policy" | "exhausted";
    };

/**
 * Decides at `nowMs`. A `notify` carries the incident as it must be stored before the
 * message leaves: the step counts as taken, and the next is due relative to the round's
 * begin, so that a late alarm delays one step and not all that follow.
 */
export function decideEscalation(incident: Incident, nowMs: number): EscalationDecision {
  if (incident.status !== "open") return { do: "nothing", reason: incident.status };
  const { policy, nextStep, round, dueAtMs, held } = incident.escalation;
  if (held !== undefined) return { do: "nothing", reason: "held" };
  if (policy.steps.length === 0) return { do: "nothing", reason: "no_policy" };
  const step = policy.steps[nextStep];
  if (step === undefined || dueAtMs === undefined) return { do: "nothing", reason: "exhausted" };
  if (nowMs < dueAtMs) return { do: "wait", untilMs: dueAtMs };
  return {
    do: "notify",
    step,
    stepNumber: nextStep + 1,
    round,
    incident: taken(incident, step, nowMs),
  };
}

function taken(incident: Incident, step: EscalationStep, nowMs: number): Incident {
  const { policy, nextStep, round, dueAtMs = nowMs } = incident.escalation;
  const roundBegan = dueAtMs - step.afterMs;
  const following = policy.steps[nextStep + 1];
  const text = `step ${nextStep + 1} of ${policy.steps.length}${policy.rounds > 1 ? `, round ${round}` : ""}: ${step.receivers.join(", ")}`;
  const entries = [entry(nowMs, SYSTEM, "escalated", text)];
  if (following !== undefined) {
    return {
      ...incident,
      escalation: {
        policy,
        nextStep: nextStep + 1,
        round,
        dueAtMs: roundBegan + following.afterMs,
      },
      timeline: extend(incident.timeline, entries),
    };
  }
  if (round < policy.rounds) {
    // The next round begins one spacing of the last two steps later, and at least a minute.
    const before = policy.steps[nextStep - 1];
    const gap = Math.max(60_000, step.afterMs - (before?.afterMs ?? 0));
    const first = policy.steps[0] as EscalationStep;
    return {
      ...incident,
      escalation: {
        policy,
        nextStep: 0,
        round: round + 1,
        dueAtMs: roundBegan + step.afterMs + gap + first.afterMs,
      },
      timeline: extend(incident.timeline, entries),
    };
  }
  entries.push(entry(nowMs, SYSTEM, "escalation_exhausted", "nobody is left to notify"));
  return {
    ...incident,
    escalation: { policy, nextStep: nextStep + 1, round },
    timeline: extend(incident.timeline, entries),
  };
}
