import type { WebhookIntegration } from "../alerting/config";
import type { NotificationData } from "../alerting/notification-data";
import type { OutgoingRequest } from "./model";

/** Alertmanager's webhook message, cut to `max_alerts`. */
export function renderWebhook(
  integration: WebhookIntegration,
  data: NotificationData,
): OutgoingRequest {
  const over =
    integration.maxAlerts === 0 ? 0 : Math.max(0, data.alerts.length - integration.maxAlerts);
  const cut: NotificationData =
    over === 0
      ? data
      : {
          ...data,
          alerts: data.alerts.slice(0, integration.maxAlerts),
          truncatedAlerts: data.truncatedAlerts + over,
        };
  return {
    url: integration.url,
    headers: { "content-type": "application/json", ...authorization(integration) },
    body: JSON.stringify(cut),
  };
}

function authorization(integration: WebhookIntegration): Readonly<Record<string, string>> {
  const a = integration.authorization;
  if (a === undefined) return {};
  if (a.kind === "bearer") return { authorization: `${a.type} ${a.credentials}` };
  const bytes = new TextEncoder().encode(`${a.username}:${a.password}`);
  return { authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` };
}
