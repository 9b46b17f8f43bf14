import type { IntegrationRef, RouterConfig } from "../alerting/config";
import { configInForce } from "../alerting/effective-config";
import { handToReceiver } from "../alerting/hand-over";
import type { ConfigStore } from "../core/config-store";
import type { Objects } from "../core/object-stubs";
import type { OutgoingNotification } from "../core/objects";
import { type EscalationConfig, defaultEscalation, parseEscalation } from "./policy";

/** Where receivers are looked up and reached. */
export interface SendingPorts {
  readonly configs: ConfigStore;
  readonly objects: Objects;
}

/** The escalation in force: the configured one, or the default for the group's receiver. Throws where D1 cannot tell. */
export async function loadEscalation(
  ports: SendingPorts,
  receiver: string,
): Promise<EscalationConfig> {
  const [document, router] = await Promise.all([
    ports.configs.get("escalation", "default"),
    configInForce(ports.objects),
  ]);
  const fallback = fallbackFor(router, receiver);
  if (document === undefined) return fallback;
  const parsed = parseEscalation(document.body, receiverNames(router));
  // It was checked when it was put; a receiver may have been removed since. Paging somebody beats paging nobody.
  return parsed.ok ? parsed.value : fallback;
}

/** What is followed while nobody can tell which escalation is configured. */
export async function defaultFor(ports: SendingPorts, receiver: string): Promise<EscalationConfig> {
  return fallbackFor(await configInForce(ports.objects), receiver);
}

function fallbackFor(router: RouterConfig, receiver: string): EscalationConfig {
  // A receiver that does nothing but open incidents can page nobody, so the root receiver is told instead.
  const pages = canSend(router, receiver) ? receiver : router.route.receiver;
  return defaultEscalation(pages, router.route.receiver);
}

export function receiverNames(config: RouterConfig): string[] {
  return config.receivers.map((r) => r.name);
}

/** An incident opens no incident, so that integration is left out. */
function sendingIntegrations(config: RouterConfig, receiver: string): readonly IntegrationRef[] {
  const found = config.receivers.find((r) => r.name === receiver);
  return (found?.integrations ?? []).filter((i) => i.type !== "incident");
}

function canSend(config: RouterConfig, receiver: string): boolean {
  return sendingIntegrations(config, receiver).length > 0;
}

export type SendOutcome =
  | { readonly sent: number }
  | { readonly reason: "receiver_unknown" | "nothing_to_send_with" };

/**
 * Hands one message to every integration of a receiver. `make` gives each its own id, so that it
 * can be repeated. Throws where one could not be reached, after all were tried.
 */
export async function sendToReceiver(
  objects: Objects,
  receiver: string,
  make: (integration: IntegrationRef) => OutgoingNotification,
): Promise<SendOutcome> {
  const config = await configInForce(objects);
  if (!receiverNames(config).includes(receiver)) return { reason: "receiver_unknown" };
  const integrations = sendingIntegrations(config, receiver);
  if (integrations.length === 0) return { reason: "nothing_to_send_with" };
  const handed = await Promise.allSettled(
    integrations.map(async (i) => handToReceiver(objects, i, make(i))),
  );
  for (const h of handed) if (h.status === "rejected") throw h.reason;
  return { sent: integrations.length };
}
