import type { AnomalyState } from "../anomalies/alerts";
import type { DailyReport } from "./daily";

export interface StoredReport {
  readonly id: string;
  readonly report: DailyReport;
  readonly writtenAtMs: number;
  readonly sentAtMs: number | null;
}

/** A project's written reports, and what the anomaly scan remembers. */
export interface ReportStore {
  /** Writes or replaces the report of its day; gives its id. */
  put(report: DailyReport, nowMs: number): Promise<string>;
  /** Notes when a report was handed to its receiver; the first time stays. */
  noteSent(id: string, nowMs: number): Promise<void>;
  /** Newest first. */
  list(limit: number): Promise<StoredReport[]>;
  get(id: string): Promise<StoredReport | undefined>;
  /** Deletes reports of days before `day` (YYYY-MM-DD); gives how many. */
  deleteBefore(day: string, limit: number): Promise<number>;
  anomalyStates(name: string): Promise<AnomalyState[]>;
  putAnomalyStates(name: string, states: readonly AnomalyState[], nowMs: number): Promise<void>;
}
