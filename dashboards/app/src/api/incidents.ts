import type {
  Command,
  IncidentStatus,
  Severity,
  TimelineKind,
} from "../../../../src/incidents/model";
import { getJson, send } from "./client";

export type { Command } from "../../../../src/incidents/model";

type StringMap = Readonly<Record<string, string>>;

/** An incident in the list of GET /api/v1/incidents; times are ISO 8601. */
export interface ListedIncident {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly status: IncidentStatus;
  readonly assignee: string | null;
  readonly alerts: number;
  readonly alerts_firing: number;
  readonly opened_at: string;
  readonly acknowledged_by: string | null;
  readonly resolved_at: string | null;
  readonly resolved_by: string | null;
}

/** GET /api/v1/incidents/<id>. */
export interface Incident extends Omit<ListedIncident, "alerts"> {
  readonly common_labels: StringMap;
  readonly alerts: readonly {
    readonly fingerprint: string;
    readonly status: "firing" | "resolved";
    readonly labels: StringMap;
    readonly annotations: StringMap;
  }[];
  readonly escalation: {
    readonly policy: string;
    readonly steps: readonly {
      readonly after_seconds: number;
      readonly receivers: readonly string[];
    }[];
    /** From 1. */
    readonly next_step: number;
    readonly due_at: string | null;
    readonly held_by: readonly string[];
  };
  readonly timeline: readonly {
    readonly at: string;
    readonly author: string;
    readonly kind: TimelineKind;
    readonly text: string;
  }[];
}

/** Newest first. */
export async function listIncidents(signal?: AbortSignal): Promise<readonly ListedIncident[]> {
  return (
    await getJson<{ readonly incidents: readonly ListedIncident[] }>(
      "/api/v1/incidents?limit=200",
      signal,
    )
  ).incidents;
}

export function getIncident(id: string, signal?: AbortSignal): Promise<Incident> {
  return getJson<Incident>(`/api/v1/incidents/${encodeURIComponent(id)}`, signal);
}

/** Does something to an incident in the name of the session. */
export async function commandIncident(id: string, command: Command): Promise<void> {
  const { do: verb, ...body } = command;
  await send(
    "POST",
    `/api/v1/incidents/${encodeURIComponent(id)}/${verb === "note" ? "notes" : verb}`,
    body,
  );
}
