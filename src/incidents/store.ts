import type { Incident, IncidentStatus } from "./model";

/** A project's incidents as lists and reports see them. Follows the Incident objects. */
export interface IncidentStore {
  /** Writes the row of an incident as it is now. Idempotent; an older state never replaces a newer one. */
  put(incident: Incident): Promise<void>;
  get(id: string): Promise<Incident | undefined>;
  /** Newest first. */
  list(filter: { readonly status?: IncidentStatus; readonly limit: number }): Promise<Incident[]>;
  /** Opened and resolved in [fromMs, toMs). */
  totals(fromMs: number, toMs: number): Promise<IncidentTotals>;
  /** Deletes resolved incidents opened before; gives the rows deleted. */
  deleteBefore(beforeMs: number, limit: number): Promise<number>;
}

export interface IncidentTotals {
  readonly opened: number;
  readonly resolved: number;
  /** Mean of resolved − opened over those resolved, ms; null where none was. */
  readonly meanTimeToResolveMs: number | null;
  readonly bySeverity: Readonly<Record<string, number>>;
}
