import type {
  DiscordIntegration,
  MsTeamsIntegration,
  PagerDutyIntegration,
  SlackIntegration,
  TelegramIntegration,
  WebhookIntegration,
} from "../alerting/config";
import { renderDiscord } from "./discord";
import type { MessageContext } from "./message";
import type { OutgoingRequest } from "./model";
import { renderMsTeams } from "./msteams";
import { renderPagerDuty } from "./pagerduty";
import { renderSlack } from "./slack";
import { renderTelegram } from "./telegram";
import { renderWebhook } from "./webhook";

/** Integrations that send over HTTP to an address of their own. */
export type HttpIntegration =
  | WebhookIntegration
  | SlackIntegration
  | PagerDutyIntegration
  | DiscordIntegration
  | MsTeamsIntegration
  | TelegramIntegration;

/** The request that brings a message to the other side, within its limits whatever the alerts say. */
export function renderRequest(
  integration: HttpIntegration,
  message: MessageContext,
): OutgoingRequest {
  switch (integration.type) {
    case "webhook":
      return renderWebhook(integration, message);
    case "slack":
      return renderSlack(integration, message);
    case "pagerduty":
      return renderPagerDuty(integration, message);
    case "discord":
      return renderDiscord(integration, message);
    case "msteams":
    case "msteamsv2":
      return renderMsTeams(integration, message);
    case "telegram":
      return renderTelegram(integration, message);
  }
  // An integration that only another version knew.
  throw new Error(
    `messages of type ${JSON.stringify((integration as { type: string }).type)} are not known`,
  );
}
