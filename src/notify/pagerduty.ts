import type { PagerDutyIntegration } from "../alerting/config";
import type { NotificationData } from "../alerting/notification-data";
import { labelOf } from "../core/alerts";
import { type MessageContext, jsonHeaders, linkButtons } from "./message";
import type { OutgoingRequest } from "./model";
import { renderTree } from "./template-tree";
import { alertText, alertsLink, cut, isWeb, linksOf, titleOf, utf8Length } from "./texts";

/** Events API v2 (developer.pagerduty.com/docs/events-api-v2): an event beyond 512 KB is refused. */
const MAX_BYTES = 512_000;
const SUMMARY_CHARS = 1_024;
const MAX_ALERTS = 100;
const FIELD_CHARS = 255;
const DETAIL_CHARS = 20_000;
const MAX_LINKS = 20;

/** Where the API of service keys takes events; the address in the configuration is that of v2. */
const V1_URL = "https://events.pagerduty.com/generic/2010-04-15/create_event.json";
const V2_HOST = "events.pagerduty.com";

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

/** A trigger or resolve event; the group's key, hashed as Alertmanager hashes it, ties them together. */
export function renderPagerDuty(
  integration: PagerDutyIntegration,
  message: MessageContext,
): OutgoingRequest {
  const old = integration.version === 1;
  const make = old ? serviceEvent : routedEvent;
  const event = (alerts: number, details: number): string =>
    JSON.stringify(
      make(integration, message, customDetails(integration, message, alerts, details)),
    );
  let alerts = Math.min(MAX_ALERTS, message.data.alerts.length);
  let details = DETAIL_CHARS;
  let body = event(alerts, details);
  while (utf8Length(body) > MAX_BYTES && (alerts > 0 || details > 0)) {
    if (alerts > 0) alerts = Math.floor(alerts / 2);
    else details = Math.floor(details / 4);
    body = event(alerts, details);
  }
  const url = old && new URL(integration.url).hostname === V2_HOST ? V1_URL : integration.url;
  return { url, headers: jsonHeaders(integration), body };
}

type Json = Readonly<Record<string, unknown>>;

function routedEvent(i: PagerDutyIntegration, message: MessageContext, details: Json): Json {
  const { data } = message;
  // 64 characters of the 255 that are allowed.
  const base = { routing_key: i.routingKey, dedup_key: message.groupHash };
  if (data.status === "resolved") return { ...base, event_action: "resolve" };
  const text = texts(message);
  const link = alertsLink(data);
  return {
    ...base,
    event_action: "trigger",
    client: text(i.client) ?? "Vedette",
    ...present("client_url", webOnly(text(i.clientUrl)) ?? webOnly(link)),
    links: [
      ...(i.links ?? []).flatMap((l) => {
        const href = webOnly(text(l.href, SUMMARY_CHARS));
        return href === undefined ? [] : [{ href, text: text(l.text) ?? href }];
      }),
      ...linkButtons(message.links).map((b) => ({ href: b.url, text: b.text })),
      ...runbooks(data),
      ...(isWeb(link) ? [{ href: link, text: "See all alerts" }] : []),
    ].slice(0, MAX_LINKS),
    images: (i.images ?? []).flatMap((image) => {
      const src = webOnly(text(image.src, SUMMARY_CHARS));
      if (src === undefined) return [];
      return [
        {
          src,
          ...present("alt", text(image.alt)),
          ...present("href", webOnly(text(image.href, SUMMARY_CHARS))),
        },
      ];
    }),
    payload: {
      summary: text(i.description, SUMMARY_CHARS) ?? cut(titleOf(data), SUMMARY_CHARS),
      source:
        text(i.source) ??
        cut(data.commonLabels["instance"] || data.commonLabels["job"] || "vedette", FIELD_CHARS),
      severity: severityOf(text(i.severity) ?? worst(data)),
      ...present("component", text(i.component)),
      ...present("group", text(i.group)),
      ...present("class", text(i.class)),
      custom_details: details,
    },
  };
}

/** Events API v1 (developer.pagerduty.com/docs/events-api-v1). */
function serviceEvent(i: PagerDutyIntegration, message: MessageContext, details: Json): Json {
  const { data } = message;
  const text = texts(message);
  return {
    service_key: i.routingKey,
    incident_key: message.groupHash,
    event_type: data.status === "resolved" ? "resolve" : "trigger",
    description: text(i.description, SUMMARY_CHARS) ?? cut(titleOf(data), SUMMARY_CHARS),
    ...(data.status === "resolved"
      ? {}
      : {
          client: text(i.client) ?? "Vedette",
          ...present("client_url", webOnly(text(i.clientUrl)) ?? webOnly(alertsLink(data))),
          details,
        }),
  };
}

function customDetails(
  i: PagerDutyIntegration,
  message: MessageContext,
  alerts: number,
  detailChars: number,
): Json {
  const { data, links } = message;
  const shown = data.alerts.slice(0, alerts);
  return {
    firing: shown.filter((a) => a.status === "firing").map(detail),
    resolved: shown.filter((a) => a.status === "resolved").map(detail),
    num_firing: data.alerts.filter((a) => a.status === "firing").length,
    num_resolved: data.alerts.filter((a) => a.status === "resolved").length,
    not_shown: data.alerts.length - shown.length + data.truncatedAlerts,
    reason: data.notification_reason,
    // v1 has no links of its own.
    ...(i.version === 1 && links !== undefined ? { actions: { ...links } } : {}),
    ...(detailChars === 0 ? {} : ownDetails(i, message, detailChars)),
  };
}

/** The texts of `details` are cut alike, however deep they lie. */
function ownDetails(i: PagerDutyIntegration, message: MessageContext, chars: number): Json {
  return Object.fromEntries(
    Object.entries(i.details ?? {}).map(([name, tree]) => [
      name,
      renderTree(tree, message.expand, (text) => cut(text, chars)),
    ]),
  );
}

function detail(a: NotificationData["alerts"][number]): Json {
  return {
    text: cut(alertText(a), SUMMARY_CHARS),
    labels: a.labels,
    started: a.startsAt,
    source: a.generatorURL,
    ...present("runbook", webOnly(a.annotations["runbook_url"])),
  };
}

/** One for each address that firing alerts name. */
function runbooks(data: NotificationData): Json[] {
  const found = data.alerts.flatMap((a) =>
    a.status === "firing" ? linksOf(a).filter((l) => l.text === "Runbook") : [],
  );
  const urls = [...new Set(found.map((l) => l.url))].filter((u) => u.length <= SUMMARY_CHARS);
  return urls.slice(0, 5).map((href) => ({ href, text: "Runbook" }));
}

/** An expanded field; undefined where it is absent or comes to nothing. */
function texts(
  message: MessageContext,
): (template: string | undefined, max?: number) => string | undefined {
  return (template, max = FIELD_CHARS) => {
    if (template === undefined || template === "") return undefined;
    const text = cut(message.expand(template), max);
    return text === "" ? undefined : text;
  };
}

function webOnly(url: string | undefined): string | undefined {
  return url !== undefined && isWeb(url) ? url : undefined;
}

function present(name: string, value: string | undefined): Json {
  return value === undefined ? {} : { [name]: value };
}

function severityOf(label: string): string {
  // Own names alone: whoever calls a severity `constructor` gets the same as for any other word.
  return labelOf(SEVERITIES, label.toLowerCase()) || "error";
}

const GRAVITY = ["critical", "error", "warning", "info"];

/** The gravest severity of the alerts that fire; a label that says nothing known counts as an error. */
function worst(data: NotificationData): string {
  const found = data.alerts
    .filter((a) => a.status === "firing")
    .map((a) => severityOf(a.labels["severity"] ?? ""));
  return GRAVITY.find((g) => found.includes(g)) ?? "error";
}
