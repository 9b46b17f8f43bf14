import type { ActionLinks } from "../../src/notify/links";
import type { MessageContext } from "../../src/notify/message";
import { expander } from "../../src/notify/template-data";
import type { NotificationAlert, NotificationData } from "../../src/alerting/notification-data";

export function alert(
  labels: Record<string, string>,
  extra: Partial<NotificationAlert> = {},
): NotificationAlert {
  return {
    status: "firing",
    labels,
    annotations: { summary: "Errors at 7 %", description: "more than 5 %" },
    startsAt: "2026-01-02T03:04:05Z",
    endsAt: "0001-01-01T00:00:00Z",
    generatorURL: "https://vedette.example/explore?q=1",
    fingerprint: "0123456789abcdef",
    ...extra,
  };
}

export function data(
  alerts: readonly NotificationAlert[],
  extra: Partial<NotificationData> = {},
): NotificationData {
  return {
    version: "4",
    groupKey: '{}:{alertname="HighErrors"}',
    truncatedAlerts: 0,
    status: alerts.some((a) => a.status === "firing") ? "firing" : "resolved",
    receiver: "ops",
    groupLabels: { alertname: "HighErrors" },
    commonLabels: { alertname: "HighErrors", severity: "critical" },
    commonAnnotations: {},
    externalURL: "https://vedette.example",
    notification_reason: "first notification",
    alerts,
    ...extra,
  };
}

export const LINKS: ActionLinks = {
  acknowledge: "https://vedette.example/a/AAA.sig",
  silence: "https://vedette.example/a/SSS.sig",
  resolve: "https://vedette.example/a/RRR.sig",
};

/** What a renderer is given for `data`. */
export function message(of: NotificationData, extra: Partial<MessageContext> = {}): MessageContext {
  return {
    data: of,
    id: "message-1",
    reason: "first_notification",
    groupHash: "0123456789abcdef".repeat(4),
    links: undefined,
    plain: false,
    ...expander(of, undefined),
    ...extra,
  };
}
