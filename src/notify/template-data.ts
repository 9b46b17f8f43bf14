import type { NotificationAlert, NotificationData } from "../alerting/notification-data";
import { expandTemplate } from "../core/template/index";

/** Renders a receiver's field with Alertmanager's data; a template that fails shows its own error, so that the message still leaves. */
export function expand(text: string, data: NotificationData): string {
  const done = expandTemplate(text, "alertmanager", { dot: templateData(data) });
  return done.ok ? done.value : `${text} (template: ${done.error.message})`;
}

/** The data under Alertmanager's names (docs/notifications.md). */
function templateData(data: NotificationData): Readonly<Record<string, unknown>> {
  const alerts = data.alerts.map(alertData);
  const byStatus = (status: string): unknown[] => alerts.filter((a) => a["Status"] === status);
  return {
    Receiver: data.receiver,
    Status: data.status,
    Alerts: Object.assign([...alerts], {
      Firing: byStatus("firing"),
      Resolved: byStatus("resolved"),
    }),
    GroupLabels: data.groupLabels,
    CommonLabels: data.commonLabels,
    CommonAnnotations: data.commonAnnotations,
    ExternalURL: data.externalURL,
    NotificationReason: data.notification_reason,
  };
}

function alertData(a: NotificationAlert): Readonly<Record<string, unknown>> {
  return {
    Status: a.status,
    Labels: a.labels,
    Annotations: a.annotations,
    StartsAt: new Date(a.startsAt),
    EndsAt: new Date(a.endsAt),
    GeneratorURL: a.generatorURL,
    Fingerprint: a.fingerprint,
  };
}
