import type { Integration, RouterConfig } from "../alerting/config";
import { loadRouterConfig } from "../alerting/effective-config";
import type { ConfigStore } from "../core/config-store";
import type { Objects } from "../core/object-stubs";
import type { OutgoingNotification } from "../core/objects";
import { type EscalationConfig, defaultEscalation, parseEscalation } from "./policy";

/** The escalation in force: the configured one, or the default for the group's receiver. */
export async function loadEscalation(
  configs: ConfigStore,
  local: boolean,
  receiver: string,
): Promise<EscalationConfig> {
  const [document, router] = await Promise.all([
    configs.get("escalation", "default"),
    loadRouterConfig(configs, local),
  ]);
  // A receiver that does nothing but open incidents can page nobody, so the root receiver is told instead.
  const pages = canSend(router, receiver) ? receiver : router.route.receiver;
  const fallback = defaultEscalation(pages, router.route.receiver);
  if (document === undefined) return fallback;
  const parsed = parseEscalation(document.body, receiverNames(router));
  // It was checked when it was put; a receiver may have been removed since. Paging somebody beats paging nobody.
  return parsed.ok ? parsed.value : fallback;
}

export function receiverNames(config: RouterConfig): string[] {
  return config.receivers.map((r) => r.name);
}

/** An incident opens no incident, so that integration is left out. */
function sendingIntegrations(config: RouterConfig, receiver: string): readonly Integration[] {
  const found = config.receivers.find((r) => r.name === receiver);
  return (found?.integrations ?? []).filter((i) => i.type !== "incident");
}

function canSend(config: RouterConfig, receiver: string): boolean {
  return sendingIntegrations(config, receiver).length > 0;
}

export type SendOutcome =
  | { readonly sent: number }
  | { readonly reason: "receiver_unknown" | "nothing_to_send_with" };

/** Hands one message to every integration of a receiver. `make` gives each its own id. */
export async function sendToReceiver(
  ports: { readonly configs: ConfigStore; readonly objects: Objects; readonly local: boolean },
  receiver: string,
  make: (integration: Integration) => OutgoingNotification,
): Promise<SendOutcome> {
  const config = await loadRouterConfig(ports.configs, ports.local);
  if (!receiverNames(config).includes(receiver)) return { reason: "receiver_unknown" };
  const integrations = sendingIntegrations(config, receiver);
  if (integrations.length === 0) return { reason: "nothing_to_send_with" };
  for (const i of integrations)
    await ports.objects.receiver(i.id).enqueue(JSON.stringify(i), make(i));
  return { sent: integrations.length };
}
