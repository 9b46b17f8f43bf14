/** The figures of one day. Nulls: nothing was sent that they could be made from. */
export interface DayFigures {
  readonly requests: number;
  readonly errors: number;
  /** errors ÷ requests, 0 to 1. */
  readonly error_rate: number | null;
  readonly p95_seconds: number | null;
  readonly events: number;
  readonly visitors: number;
  readonly page_views: number;
  readonly log_lines: number;
  readonly log_errors: number;
  readonly spans: number;
  readonly alerts_fired: number;
  readonly incidents_opened: number;
  readonly incidents_resolved: number;
  readonly mean_time_to_resolve_seconds: number | null;
}

export interface TopEvent {
  readonly event: string;
  readonly count: number;
  readonly previous: number;
}

/** Yesterday beside the day before. */
export interface DailyReport {
  readonly report_type: "daily_performance";
  /** YYYY-MM-DD, UTC. */
  readonly date: string;
  readonly summary: DayFigures;
  readonly previous: DayFigures;
  /** Per figure: percent against the day before; null where that was 0 or absent. */
  readonly change_percent: Readonly<Record<keyof DayFigures, number | null>>;
  readonly top_events: readonly TopEvent[];
  readonly areas_for_improvement: readonly string[];
}

const TOP_EVENTS = 10;

/** Puts two days side by side. */
export function compareDays(
  date: string,
  summary: DayFigures,
  previous: DayFigures,
  events: Readonly<Record<string, number>>,
  eventsBefore: Readonly<Record<string, number>>,
): DailyReport {
  const keys = Object.keys(summary) as (keyof DayFigures)[];
  const change = Object.fromEntries(
    keys.map((k) => [k, changePercent(summary[k], previous[k])]),
  ) as Record<keyof DayFigures, number | null>;
  const top = Object.entries(events)
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .slice(0, TOP_EVENTS)
    .map(([event, count]) => ({ event, count, previous: eventsBefore[event] ?? 0 }));
  return {
    report_type: "daily_performance",
    date,
    summary,
    previous,
    change_percent: change,
    top_events: top,
    areas_for_improvement: improvements(summary, previous),
  };
}

export function changePercent(now: number | null, before: number | null): number | null {
  if (now === null || before === null || before === 0) return null;
  return Math.round(((now - before) / before) * 1000) / 10;
}

/** The report as a message: the summary line and the figures, for a receiver. */
export function renderReportText(
  r: DailyReport,
  link: string,
): { readonly summary: string; readonly description: string } {
  const s = r.summary;
  const line = (name: string, value: string, key: keyof DayFigures): string =>
    `${name}: ${value}${signed(r.change_percent[key])}`;
  const description = [
    line("Requests", String(s.requests), "requests"),
    line("Error rate", percent(s.error_rate), "error_rate"),
    line(
      "p95",
      s.p95_seconds === null ? "no data" : `${s.p95_seconds.toFixed(3)} s`,
      "p95_seconds",
    ),
    line("Events", String(s.events), "events"),
    line("Visitors", String(s.visitors), "visitors"),
    line("Log lines", `${s.log_lines} (${s.log_errors} errors)`, "log_lines"),
    line("Spans", String(s.spans), "spans"),
    line("Alerts fired", String(s.alerts_fired), "alerts_fired"),
    line(
      "Incidents",
      `${s.incidents_opened} opened, ${s.incidents_resolved} resolved`,
      "incidents_opened",
    ),
    ...(r.top_events.length === 0
      ? []
      : [
          `Top events: ${r.top_events
            .slice(0, 5)
            .map((e) => `${e.event} ${e.count}`)
            .join(", ")}`,
        ]),
    ...r.areas_for_improvement,
    link,
  ].join("\n");
  return {
    summary: `Daily report for ${r.date}: ${s.requests} requests${s.error_rate === null ? "" : `, ${percent(s.error_rate)} errors`}, ${s.incidents_opened} incidents`,
    description,
  };
}

function improvements(now: DayFigures, before: DayFigures): string[] {
  const out: string[] = [];
  if (now.error_rate !== null && now.error_rate > 0.05)
    out.push(`Error rate ${percent(now.error_rate)} is above 5 %`);
  if (now.p95_seconds !== null && now.p95_seconds > 1)
    out.push(`p95 of ${now.p95_seconds.toFixed(2)} s is above 1 s`);
  if (now.log_errors > 2 * before.log_errors && now.log_errors > 10)
    out.push(`Log errors more than doubled: ${before.log_errors} to ${now.log_errors}`);
  if (now.incidents_opened > now.incidents_resolved)
    out.push(
      `${now.incidents_opened - now.incidents_resolved} more incidents were opened than resolved`,
    );
  return out;
}

function percent(share: number | null): string {
  return share === null ? "no data" : `${(share * 100).toFixed(2)} %`;
}

function signed(change: number | null): string {
  if (change === null) return "";
  return ` (${change > 0 ? "+" : ""}${change} %)`;
}
