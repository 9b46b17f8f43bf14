import type { WebhookIntegration } from "../alerting/config";
import type { NotificationData } from "../alerting/notification-data";
import { linkHeader } from "./links";
import { type MessageContext, jsonHeaders } from "./message";
import type { OutgoingRequest } from "./model";
import { renderTree } from "./template-tree";

/** Alertmanager's webhook message, field for field, cut to `max_alerts`; what is ours stands in headers. */
export function renderWebhook(
  integration: WebhookIntegration,
  message: MessageContext,
): OutgoingRequest {
  const { data, links } = message;
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
  const { payload } = integration;
  return {
    url: integration.url,
    headers: {
      "idempotency-key": message.id,
      ...(links === undefined ? {} : { link: linkHeader(links) }),
      ...jsonHeaders(integration),
      "content-type": "application/json",
    },
    body: JSON.stringify(payload === undefined ? cut : renderTree(payload, message.expand)),
  };
}

export const SIGNATURE_HEADER = "x-vedette-signature";

/**
 * `t=<seconds>,v1=<hex>`: HMAC-SHA-256 over `<seconds>.<body>`. Who checks it compares in constant time and refuses
 * times that are minutes old, so that a request that was overheard cannot be repeated. Each attempt is signed anew.
 */
export async function signature(secret: string, body: string, nowMs: number): Promise<string> {
  const seconds = Math.floor(nowMs / 1_000);
  const encoder = new TextEncoder();
  const key = await crypto.subtle.importKey(
    "raw",
    encoder.encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const mac = await crypto.subtle.sign("HMAC", key, encoder.encode(`${seconds}.${body}`));
  const hex = Array.from(new Uint8Array(mac), (b) => b.toString(16).padStart(2, "0")).join("");
  return `t=${seconds},v1=${hex}`;
}
