import { getJson } from "./client";
import type { Notifications } from "./notifications";

/** One firing of one alert. */
export interface PastAlert {
  readonly fingerprint: string;
  readonly startsAtMs: number;
  readonly endedAtMs: number | null;
  readonly endedBy: string | null;
  readonly acknowledgedBy: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** GET /api/v1/alerts/history, newest first; the totals come with the first page. */
interface AlertPage {
  readonly alerts: readonly PastAlert[];
  readonly totals?: { readonly fired: number };
  readonly next_cursor?: string;
}

/** What both searches take; empty texts ask for nothing. */
export interface HistorySearch {
  readonly from: string;
  readonly q: string;
  readonly cursor?: string | undefined;
}

export function searchAlerts(
  search: HistorySearch & { readonly severity: string; readonly status: string },
  signal?: AbortSignal,
): Promise<AlertPage> {
  return getJson<AlertPage>(`/api/v1/alerts/history?${queryOf(search)}`, signal);
}

export function searchNotifications(
  search: HistorySearch & {
    readonly decision: string;
    readonly outcome: string;
    readonly alert: string;
  },
  signal?: AbortSignal,
): Promise<Notifications> {
  return getJson<Notifications>(`/api/v1/notifications?${queryOf(search)}`, signal);
}

function queryOf(search: HistorySearch): string {
  const query = new URLSearchParams({ limit: "50" });
  for (const [name, value] of Object.entries(search) as [string, string | undefined][])
    if (value !== undefined && value !== "") query.set(name, value);
  return query.toString();
}
