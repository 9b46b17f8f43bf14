import type {
  PagerDutyIntegration,
  SlackIntegration,
  WebhookIntegration,
} from "../alerting/config";
import type { NotificationData } from "../alerting/notification-data";
import type { TemplateSet } from "../core/template/set";
import type { OutgoingRequest } from "./model";
import { renderPagerDuty } from "./pagerduty";
import { renderSlack } from "./slack";
import { renderWebhook } from "./webhook";

/** Integrations that send over HTTP. */
export type HttpIntegration = WebhookIntegration | SlackIntegration | PagerDutyIntegration;

export function renderRequest(
  integration: HttpIntegration,
  data: NotificationData,
  /** What the texts call by `{{ template }}`. */
  templates?: TemplateSet,
): OutgoingRequest {
  switch (integration.type) {
    case "webhook":
      return renderWebhook(integration, data);
    case "slack":
      return renderSlack(integration, data, templates);
    case "pagerduty":
      return renderPagerDuty(integration, data, templates);
  }
}

/** The address an integration calls. */
export function addressOf(integration: HttpIntegration): string {
  return integration.type === "slack" ? integration.apiUrl : integration.url;
}
