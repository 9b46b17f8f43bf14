import type { DailyReport } from "../../../../src/reports/daily";
import { getJson } from "./client";

export type { DayFigures } from "../../../../src/reports/daily";

/** A report that was written, with when it was written and sent. */
export interface WrittenReport extends DailyReport {
  readonly id: string;
  readonly written_at: string;
  readonly sent_at: string | null;
}

/** Newest first. */
export async function listReports(signal?: AbortSignal): Promise<readonly WrittenReport[]> {
  return (
    await getJson<{ readonly reports: readonly WrittenReport[] }>(
      "/api/v1/reports?limit=60",
      signal,
    )
  ).reports;
}

/** A day's report as it would be written now. */
export function previewReport(date: string, signal?: AbortSignal): Promise<DailyReport> {
  return getJson<DailyReport>(`/api/v1/reports/preview?date=${date}`, signal);
}
