import type { PagerDutyIntegration } from "../alerting/config";
import { fnv64 } from "../alerting/fingerprint";
import type { NotificationData } from "../alerting/notification-data";
import type { OutgoingRequest } from "./model";
import type { TemplateSet } from "../core/template/set";
import { expand } from "./template-data";
import { alertText, alertsLink, cut, titleOf } from "./texts";

/** Events API v2 (developer.pagerduty.com/docs/events-api-v2): an event beyond 512 KB is refused. */
const MAX_BYTES = 512_000;
const SUMMARY_CHARS = 1_024;
const MAX_ALERTS = 100;

const SEVERITIES: Readonly<Record<string, string>> = {
  critical: "critical",
  page: "critical",
  high: "error",
  error: "error",
  warning: "warning",
  medium: "warning",
  low: "info",
  info: "info",
  none: "info",
};

/** A trigger or resolve event; the group's key, hashed, ties them together. */
export function renderPagerDuty(
  integration: PagerDutyIntegration,
  data: NotificationData,
  templates?: TemplateSet,
): OutgoingRequest {
  const event = (alerts: number): string =>
    JSON.stringify(pagerDutyEvent(integration, data, templates, alerts));
  let alerts = Math.min(MAX_ALERTS, data.alerts.length);
  let body = event(alerts);
  const encoder = new TextEncoder();
  while (alerts > 0 && encoder.encode(body).length > MAX_BYTES) {
    alerts = Math.floor(alerts / 2);
    body = event(alerts);
  }
  return { url: integration.url, headers: { "content-type": "application/json" }, body };
}

function pagerDutyEvent(
  integration: PagerDutyIntegration,
  data: NotificationData,
  templates: TemplateSet | undefined,
  alerts: number,
): Readonly<Record<string, unknown>> {
  const base = {
    routing_key: integration.routingKey,
    // A hash: group keys may be longer than the 255 characters allowed.
    dedup_key: `${fnv64(data.groupKey)}${fnv64(`${data.receiver}\0${data.groupKey}`)}`,
  };
  if (data.status === "resolved") return { ...base, event_action: "resolve" };
  const text = (t: string | undefined): string | undefined =>
    t === undefined || t === "" ? undefined : expand(t, data, templates);
  const link = alertsLink(data);
  const web = /^https?:\/\//.test(link);
  const clientUrl = text(integration.clientUrl) ?? (web ? link : undefined);
  const component = text(integration.component);
  const group = text(integration.group);
  const kind = text(integration.class);
  const shown = data.alerts.slice(0, alerts);
  return {
    ...base,
    event_action: "trigger",
    client: text(integration.client) ?? "Vedette",
    ...(clientUrl === undefined ? {} : { client_url: clientUrl }),
    ...(web ? { links: [{ href: link, text: "See all alerts" }] } : {}),
    payload: {
      summary: cut(text(integration.description) ?? titleOf(data), SUMMARY_CHARS),
      source: data.commonLabels["instance"] ?? data.commonLabels["job"] ?? "vedette",
      severity: severityOf(text(integration.severity) ?? worst(data)),
      ...(component === undefined ? {} : { component }),
      ...(group === undefined ? {} : { group }),
      ...(kind === undefined ? {} : { class: kind }),
      custom_details: {
        firing: shown.filter((a) => a.status === "firing").map(detail),
        resolved: shown.filter((a) => a.status === "resolved").map(detail),
        num_firing: data.alerts.filter((a) => a.status === "firing").length,
        num_resolved: data.alerts.filter((a) => a.status === "resolved").length,
        not_shown: data.alerts.length - shown.length + data.truncatedAlerts,
        ...Object.fromEntries(
          Object.entries(integration.details ?? {}).map(([k, v]) => [
            k,
            expand(v, data, templates),
          ]),
        ),
      },
    },
  };
}

function detail(a: NotificationData["alerts"][number]): Readonly<Record<string, unknown>> {
  return {
    text: cut(alertText(a), SUMMARY_CHARS),
    labels: a.labels,
    started: a.startsAt,
    source: a.generatorURL,
  };
}

function severityOf(label: string): string {
  return SEVERITIES[label.toLowerCase()] ?? "error";
}

const GRAVITY = ["critical", "error", "warning", "info"];

/** The gravest severity of the alerts that fire; a label that says nothing known counts as an error. */
function worst(data: NotificationData): string {
  const found = data.alerts
    .filter((a) => a.status === "firing")
    .map((a) => severityOf(a.labels["severity"] ?? ""));
  return GRAVITY.find((g) => found.includes(g)) ?? "error";
}
