import type { StringMap } from "../core/alerts";
import type { AlertChange } from "./state";

export interface PastAlert {
  readonly fingerprint: string;
  readonly startsAtMs: number;
  readonly endedAtMs: number | null;
  /** Null while it fires, and where an earlier version wrote the end. */
  readonly endedBy: AlertChange["endedBy"] | null;
  readonly dismissedBy: string | null;
  readonly acknowledgedBy: string | null;
  readonly acknowledgedAtMs: number | null;
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

/** All that are given must hold. */
export interface AlertQuery {
  /** Began in [fromMs, toMs). */
  readonly fromMs: number;
  readonly toMs: number;
  readonly name?: string;
  readonly severity?: string;
  readonly fingerprint?: string;
  /** Labels that it has. */
  readonly labels?: StringMap;
  readonly status?: "firing" | "resolved";
  /** Text within labels or annotations, whatever the case. */
  readonly text?: string;
  /** The last of the page before; `id` is its fingerprint. */
  readonly after?: { readonly atMs: number; readonly id: string };
  readonly limit: number;
}

/** The past of a project's alerts: one record per firing. */
export interface AlertHistory {
  /** Idempotent: a firing is one row, told again or ended later. */
  record(changes: readonly AlertChange[]): Promise<void>;
  /** Newest first. */
  search(query: AlertQuery): Promise<PastAlert[]>;
  totals(fromMs: number, toMs: number): Promise<AlertTotals>;
  /** Deletes firings that ended before; gives the rows deleted. */
  deleteBefore(beforeMs: number, limit: number): Promise<number>;
}
