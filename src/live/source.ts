import type { Figures, LiveAlert, LiveEvent, LiveIncident, LiveLogLine } from "../core/live";

/** What the hub and the dashboard route read a project's present state through. Each may reject; the reader shows why. */
export interface LiveSource {
  /** The figures at `nowMs`; `problem` names those that could not be told. */
  figures(nowMs: number): Promise<{ readonly figures: Figures; readonly problem?: string }>;
  /** Firing and suppressed alerts. */
  alerts(): Promise<readonly LiveAlert[]>;
  /** Incidents that are not resolved. */
  incidents(): Promise<readonly LiveIncident[]>;
  /** The newest `limit` lines, oldest first. */
  logs(limit: number, nowMs: number): Promise<readonly LiveLogLine[]>;
  /** The newest `limit` events, oldest first. */
  events(limit: number, nowMs: number): Promise<readonly LiveEvent[]>;
  /** Events have come: figures about them are to be read anew. */
  stir(): void;
}
