import type { StringMap } from "../core/alerts";
import type { AlertChange } from "./state";

export interface PastAlert {
  readonly fingerprint: string;
  readonly startsAtMs: number;
  readonly endedAtMs: number | null;
  readonly labels: StringMap;
  readonly annotations: StringMap;
  readonly value: number | null;
}

export interface AlertTotals {
  /** Alerts that began to fire. */
  readonly fired: number;
  readonly bySeverity: Readonly<Record<string, number>>;
  /** The alerts that fired most, the most frequent first. */
  readonly top: readonly { readonly name: string; readonly count: number }[];
}

/** The past of a project's alerts: one record per firing. */
export interface AlertHistory {
  /** Idempotent: a firing is one row, told again or ended later. */
  record(changes: readonly AlertChange[]): Promise<void>;
  /** Began in [fromMs, toMs), newest first. */
  list(fromMs: number, toMs: number, limit: number): Promise<PastAlert[]>;
  totals(fromMs: number, toMs: number): Promise<AlertTotals>;
  /** Deletes firings that ended before; gives the rows deleted. */
  deleteBefore(beforeMs: number, limit: number): Promise<number>;
}
