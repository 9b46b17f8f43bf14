import type { OutgoingNotification } from "../core/objects";
import type { EventSummary } from "../core/events";
import type { Deps } from "../http/deps";
import { configInForce } from "../alerting/effective-config";
import { sendToReceiver } from "../incidents/receivers";
import { type DailyReport, type DayFigures, compareDays, renderReportText } from "../reports/daily";
import { type ReportSettings, parseReportSettings } from "../reports/settings";
import { dayMetrics } from "../reports/day-metrics";
import { each } from "./each";
import type { Job } from "./job";

const DAY = 86_400_000;

/** Writes yesterday's report for every project and sends it, once, to its receiver. */
export const dailyReport: Job = {
  name: "daily-report",
  pattern: "5 0 * * *",
  what: "writes yesterday's figures beside the day before's, and sends them",
  async run(deps, nowMs) {
    const lines = await each(
      await deps.projectIds(),
      String,
      async (projectId) => `${projectId}: ${await reportProject(deps, projectId, nowMs)}`,
    );
    return lines.join("; ");
  },
};

async function reportProject(deps: Deps, projectId: string, nowMs: number): Promise<string> {
  const day = dayOf(nowMs - DAY);
  const report = await writeReport(deps, projectId, day);
  const id = await deps.reports(projectId).put(report, deps.clock());
  const sent = await sendReport(deps, projectId, id, report);
  return `${id} written, ${sent}`;
}

/** The report of one UTC day, YYYY-MM-DD, from the stores as they are now. */
export async function writeReport(
  deps: Deps,
  projectId: string,
  day: string,
): Promise<DailyReport> {
  const start = Date.parse(`${day}T00:00:00Z`);
  const [today, before] = await Promise.all([
    figuresOf(deps, projectId, start),
    figuresOf(deps, projectId, start - DAY),
  ]);
  return compareDays(
    day,
    today.figures,
    before.figures,
    counts(today.events),
    counts(before.events),
  );
}

async function figuresOf(
  deps: Deps,
  projectId: string,
  startMs: number,
): Promise<{ readonly figures: DayFigures; readonly events: EventSummary }> {
  const endMs = startMs + DAY;
  const [metrics, events, incidents, alerts] = await Promise.all([
    dayMetrics(deps.metrics(projectId), startMs, endMs),
    deps.events(projectId).eventsOn(dayOf(startMs)),
    deps.incidents(projectId).totals(startMs, endMs),
    deps.alertHistory(projectId).totals(startMs, endMs),
  ]);
  const figures: DayFigures = {
    requests: metrics.requests,
    errors: metrics.errors,
    error_rate: metrics.requests === 0 ? null : metrics.errors / metrics.requests,
    p95_seconds: metrics.p95Seconds,
    events: events.events,
    visitors: events.visitors,
    page_views: events.pageViews,
    log_lines: metrics.logLines,
    log_errors: metrics.logErrors,
    spans: metrics.spans,
    alerts_fired: alerts.fired,
    incidents_opened: incidents.opened,
    incidents_resolved: incidents.resolved,
    mean_time_to_resolve_seconds:
      incidents.meanTimeToResolveMs === null ? null : incidents.meanTimeToResolveMs / 1000,
  };
  return { figures, events };
}

async function sendReport(
  deps: Deps,
  projectId: string,
  id: string,
  report: DailyReport,
): Promise<string> {
  const objects = deps.objects(projectId);
  const settings = await loadReportSettings(deps, projectId);
  if (!settings.enabled) return "sending is off";
  const reports = deps.reports(projectId);
  // A run beside this one sends the same message ids, which a receiver takes once; so it is noted afterwards, and a failure repeats.
  if (((await reports.get(id))?.sentAtMs ?? null) !== null) return "sent before";
  const receiver = settings.receiver ?? (await configInForce(objects)).route.receiver;
  const done = await sendToReceiver(objects, receiver, (i) =>
    reportMessage(
      report,
      {
        id: `report/${id}/${i.id}`,
        receiver,
        integration: i.id,
        externalUrl: deps.config.externalUrl ?? "",
      },
      id,
    ),
  );
  if ("reason" in done) return `not sent: ${receiver}: ${done.reason}`;
  await reports.noteSent(id, deps.clock());
  return `sent to ${receiver}`;
}

export async function loadReportSettings(deps: Deps, projectId: string): Promise<ReportSettings> {
  const document = await deps.configStore(projectId).get("reports", "default");
  const parsed = parseReportSettings(document === undefined ? {} : JSON.parse(document.body));
  // Checked when it was put.
  return parsed.ok ? parsed.value : { enabled: true };
}

/** The report in Alertmanager's webhook shape, so that every receiver renders it. */
function reportMessage(
  report: DailyReport,
  to: {
    readonly id: string;
    readonly receiver: string;
    readonly integration: string;
    readonly externalUrl: string;
  },
  reportId: string,
): OutgoingNotification {
  const link = `${to.externalUrl}/reports/${reportId}`;
  const annotations = { ...renderReportText(report, link), report_url: link };
  const labels = { alertname: "DailyReport", date: report.date, severity: "info" };
  const data = {
    version: "4",
    groupKey: `report/${reportId}`,
    truncatedAlerts: 0,
    status: "firing",
    receiver: to.receiver,
    groupLabels: labels,
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: to.externalUrl,
    notification_reason: "report",
    alerts: [
      {
        status: "firing",
        labels,
        annotations,
        startsAt: `${report.date}T00:00:00Z`,
        endsAt: "0001-01-01T00:00:00Z",
        generatorURL: link,
        fingerprint: "0000000000000000",
      },
    ],
  };
  return {
    id: to.id,
    receiver: to.receiver,
    integration: to.integration,
    groupKey: data.groupKey,
    status: "firing",
    reason: "report",
    dataJson: JSON.stringify(data),
  };
}

function counts(events: EventSummary): Record<string, number> {
  return Object.fromEntries(events.byEvent.map((e) => [e.value, e.count]));
}

function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
