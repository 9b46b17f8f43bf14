import type { StringMap } from "./alerts";

/** One figure of the live page: `null` while there is no data. */
export interface Figures {
  /** Requests per second. */
  readonly requestRate: number | null;
  /** Share of failed requests, 0 to 1. */
  readonly errorRate: number | null;
  /** 95th percentile of the response time, seconds. */
  readonly p95Seconds: number | null;
  /** Distinct visitors of the last 5 min. */
  readonly activeUsers: number | null;
  readonly eventsPerMinute: number | null;
}

export interface LiveAlert {
  readonly fingerprint: string;
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly status: "firing" | "resolved" | "suppressed";
  /** What holds an alert that is suppressed. */
  readonly heldBy?: "silence" | "maintenance" | "inhibition";
  readonly startsAtMs: number;
  readonly value: number;
  readonly acknowledgedBy?: string;
  readonly incidentId?: string;
}

export interface LiveIncident {
  readonly id: string;
  readonly title: string;
  readonly severity: string;
  readonly status: "open" | "acknowledged" | "resolved";
  readonly openedAtMs: number;
  readonly assignee?: string;
}

export interface LiveLogLine {
  readonly timeMs: number;
  readonly level: string;
  readonly service: string;
  readonly message: string;
}

export interface LiveEvent {
  readonly timeMs: number;
  readonly name: string;
  readonly visitor: string;
  readonly properties: StringMap;
}

/** What the hub sends to a socket. A socket gets one `snapshot` first. */
export type LiveMessage =
  | {
      readonly type: "snapshot";
      readonly atMs: number;
      readonly figures: Figures;
      readonly alerts: readonly LiveAlert[];
      readonly incidents: readonly LiveIncident[];
      readonly logs: readonly LiveLogLine[];
      readonly events: readonly LiveEvent[];
      /** What could not be read, and why; its part is empty. */
      readonly problem?: string;
    }
  | {
      readonly type: "figures";
      readonly atMs: number;
      readonly figures: Figures;
      readonly problem?: string;
    }
  | { readonly type: "alerts"; readonly alerts: readonly LiveAlert[] }
  | { readonly type: "incident"; readonly incident: LiveIncident }
  /** `dropped`: how many more there were than a message carries. */
  | { readonly type: "logs"; readonly lines: readonly LiveLogLine[]; readonly dropped?: number }
  | { readonly type: "events"; readonly events: readonly LiveEvent[]; readonly dropped?: number };
