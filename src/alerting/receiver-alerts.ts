import type { StringMap } from "../core/alerts";
import type { IntegrationRef, ReceiverConfig, RouterConfig } from "./config";
import { receiverByName } from "./state";

/** The alert that a receiver raises about itself. */
export const RECEIVER_DOWN = "VedetteReceiverDown";

/** The source of its firing set; no rule group's name begins so, as a namespace has no such sets. */
export function receiverSource(integrationId: string): string {
  return `receiver/${integrationId}`;
}

/** An integration that hears of a group, and of which of its alerts. */
export interface Hearer {
  readonly integration: IntegrationRef;
  readonly hears: "group" | "receiver_alerts";
}

/**
 * Who hears of a group: the integrations of its route's receiver. Alerts that a receiver is down are never told through that
 * receiver alone:
 *
 * 1. An integration that every alert of the group says is down is left out.
 * 2. Where the route's receiver has none besides those that are down, the alerts about them (and only those) also go to the
 *    root route's receiver and to every built-in and incident integration, without those that are down.
 * 3. Where there are none of these either, they go to every other integration there is.
 *
 * If nothing is left it stays in the list of alerts, the history and the metrics, and the outbound watchdog falls silent.
 */
export function hearersOf(
  config: RouterConfig,
  receiver: string,
  members: readonly { readonly labels: StringMap }[],
): readonly Hearer[] {
  const own = receiverByName(config, receiver)?.integrations ?? [];
  const about = members.map((a) => failingIntegration(a.labels));
  const down = new Set(about.filter((id) => id !== undefined));
  if (down.size === 0) return own.map((integration) => ({ integration, hears: "group" }));
  const only = about.every((id) => id !== undefined) && down.size === 1;
  const told = own
    .filter((i) => !(only && down.has(i.id)))
    .map((integration): Hearer => ({ integration, hears: "group" }));
  if (own.some((i) => !down.has(i.id))) return told;
  const others = (list: readonly IntegrationRef[]): Hearer[] =>
    unique(list)
      .filter((i) => !down.has(i.id) && !own.some((o) => o.id === i.id))
      .map((integration) => ({ integration, hears: "receiver_alerts" }));
  const all = config.receivers.flatMap((r: ReceiverConfig) => r.integrations);
  const near = others([
    ...(receiverByName(config, config.route.receiver)?.integrations ?? []),
    ...all.filter((i) => i.type === "builtin" || i.type === "incident"),
  ]);
  return [...told, ...(near.length > 0 ? near : others(all))];
}

/** The integration that an alert says is down; undefined of any other alert. */
export function failingIntegration(labels: StringMap): string | undefined {
  return labels["alertname"] === RECEIVER_DOWN ? labels["integration"] : undefined;
}

function unique(list: readonly IntegrationRef[]): readonly IntegrationRef[] {
  return [...new Map(list.map((i) => [i.id, i])).values()];
}
