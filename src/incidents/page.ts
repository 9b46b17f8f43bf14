import type { OutgoingNotification } from "../core/objects";
import { firstWithin, nestedJsonBytes } from "../core/stored-size";
import { type Incident, MAX_ALERT_BYTES } from "./model";

export interface PageAddress {
  /** Idempotency: one per incident, round, step and integration. */
  readonly id: string;
  readonly receiver: string;
  readonly integration: string;
  readonly externalUrl: string;
}

/** An escalation step's message in Alertmanager's webhook v4 shape, so that every receiver renders it as any alert. */
export function pageMessage(incident: Incident, to: PageAddress): OutgoingNotification {
  const link = `${to.externalUrl}/incidents/${incident.id}`;
  const common = {
    ...incident.commonAnnotations,
    incident: incident.id,
    incident_url: link,
    incident_title: incident.title,
  };
  const head = {
    version: "4",
    groupKey: incident.groupKey,
    status: "firing",
    receiver: to.receiver,
    groupLabels: incident.groupLabels,
    commonLabels: { ...incident.commonLabels, incident_severity: incident.severity },
    commonAnnotations: common,
    externalURL: to.externalUrl,
    notification_reason: "escalation",
  };
  const alerts = incident.alerts
    .filter((a) => a.status === "firing")
    .map((a) => ({
      status: a.status,
      labels: a.labels,
      annotations: { ...a.annotations, incident_url: link },
      startsAt: new Date(a.startsAtMs).toISOString(),
      endsAt: "0001-01-01T00:00:00Z",
      generatorURL: link,
      fingerprint: a.fingerprint,
    }));
  const shown = firstWithin(alerts, MAX_ALERT_BYTES, nestedJsonBytes);
  const data = { ...head, truncatedAlerts: alerts.length - shown.length, alerts: shown };
  return {
    id: to.id,
    receiver: to.receiver,
    integration: to.integration,
    groupKey: incident.groupKey,
    status: "firing",
    reason: "escalation",
    dataJson: JSON.stringify(data),
  };
}
