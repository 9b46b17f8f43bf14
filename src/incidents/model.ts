import type { StringMap } from "../core/alerts";
import type { EscalationPolicy } from "./policy";

export const SEVERITIES = ["low", "medium", "high", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

export type IncidentStatus = "open" | "acknowledged" | "resolved";

/** One alert of the group that the incident stands for. */
export interface IncidentAlert {
  readonly fingerprint: string;
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly status: "firing" | "resolved";
  readonly startsAtMs: number;
}

export type TimelineKind =
  | "opened"
  | "alert_joined"
  | "alert_resolved"
  | "alert_fired_again"
  | "severity_raised"
  | "escalated"
  | "escalation_failed"
  | "escalation_exhausted"
  | "escalation_held"
  | "escalation_resumed"
  | "acknowledged"
  | "assigned"
  | "note"
  | "resolved";

/** What happened, when, and by whom: a token's name, or "vedette". */
export interface TimelineEntry {
  readonly atMs: number;
  readonly author: string;
  readonly kind: TimelineKind;
  readonly text: string;
}

/** Where the escalation stands. The policy is the one in force when the incident was opened. */
export interface EscalationState {
  readonly policy: EscalationPolicy;
  /** The step to be taken next; equal to the number of steps when all were taken. */
  readonly nextStep: number;
  readonly round: number;
  /** When the next step is due; absent once the escalation has stopped. */
  readonly dueAtMs?: number;
  /** Maintenance windows stop its clock: since when, and their names. `dueAtMs` moves by as much when it goes on. */
  readonly held?: { readonly sinceMs: number; readonly windows: readonly string[] };
}

export interface Incident {
  readonly id: string;
  readonly projectId: string;
  readonly title: string;
  readonly severity: Severity;
  readonly status: IncidentStatus;
  readonly groupKey: string;
  readonly receiver: string;
  readonly groupLabels: StringMap;
  readonly commonLabels: StringMap;
  readonly commonAnnotations: StringMap;
  readonly alerts: readonly IncidentAlert[];
  readonly openedAtMs: number;
  readonly acknowledgedAtMs?: number;
  readonly acknowledgedBy?: string;
  readonly resolvedAtMs?: number;
  readonly resolvedBy?: string;
  readonly assignee?: string;
  readonly escalation: EscalationState;
  readonly timeline: readonly TimelineEntry[];
}

/** What a person may do. */
export type Command =
  | { readonly do: "acknowledge" }
  | { readonly do: "resolve"; readonly note?: string }
  | { readonly do: "assign"; readonly assignee: string }
  | { readonly do: "note"; readonly text: string };

/** The author of what no person did. */
export const SYSTEM = "vedette";

/** Bounds one incident's row: D1 and Durable Object rows end at 2 MB. */
export const MAX_TIMELINE = 1_000;
export const MAX_TIMELINE_BYTES = 400_000;
export const MAX_ALERTS = 500;
export const MAX_ALERT_BYTES = 1_000_000;
