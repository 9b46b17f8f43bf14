import { type StringMap, labelOf } from "../core/alerts";
import type { IntegrationRef, ReceiverConfig, RouterConfig } from "./config";
import { matchRoutes } from "./routing";
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

interface Labelled {
  readonly labels: StringMap;
  /** Absent where somebody only asks what would become of an alert. */
  readonly source?: string;
}

/**
 * Who hears of a group: the integrations of its route's receiver. Alerts that a receiver is down are never told through that
 * receiver alone:
 *
 * 1. An integration that every alert of the group says is down is left out.
 * 2. Where the routes of such an alert lead to nobody but integrations that are down, it (and no other alert of the group)
 *    also goes to the root route's receiver and to every built-in and incident integration, without those that are down.
 * 3. Where there are none of these either, to every other integration there is.
 *
 * If nothing is left it stays in the list of alerts, the history and the metrics, and the outbound watchdog falls silent.
 * `active`: all alerts of the router; it is looked at only where a receiver is down.
 */
export function hearersOf(
  config: RouterConfig,
  receiver: string,
  members: readonly Labelled[],
  active: Iterable<Labelled & { readonly status: "firing" | "resolved" }>,
): readonly Hearer[] {
  const own = integrationsOf(config, receiver);
  const group = (list: readonly IntegrationRef[]): readonly Hearer[] =>
    list.map((integration) => ({ integration, hears: "group" }));
  const about = members.filter((a) => failingIntegration(a) !== undefined);
  if (about.length === 0) return group(own);
  const named = new Set(about.map((a) => failingIntegration(a)));
  const only = about.length === members.length && named.size === 1;
  const told = group(own.filter((i) => !(only && named.has(i.id))));
  const down = new Set(named);
  for (const a of active) if (a.status === "firing") down.add(failingIntegration(a));
  const reaches = (a: Labelled): boolean =>
    matchRoutes(config.route, a.labels).some((r) =>
      integrationsOf(config, r.receiver).some((i) => !down.has(i.id)),
    );
  if (about.every(reaches)) return told;
  const others = (list: readonly IntegrationRef[]): Hearer[] =>
    unique(list)
      .filter((i) => !down.has(i.id) && !own.some((o) => o.id === i.id))
      .map((integration) => ({ integration, hears: "receiver_alerts" }));
  const all = config.receivers.flatMap((r: ReceiverConfig) => r.integrations);
  const near = others([
    ...integrationsOf(config, config.route.receiver),
    ...all.filter((i) => i.type === "builtin" || i.type === "incident"),
  ]);
  return [...told, ...(near.length > 0 ? near : others(all))];
}

function integrationsOf(config: RouterConfig, receiver: string): readonly IntegrationRef[] {
  return receiverByName(config, receiver)?.integrations ?? [];
}

/**
 * The integration that an alert says is down; undefined of any other alert. Where its source is known it is the receiver
 * itself: whoever may post alerts must not tell the router whom it cannot reach.
 */
export function failingIntegration({ labels, source }: Labelled): string | undefined {
  if (labelOf(labels, "alertname") !== RECEIVER_DOWN) return undefined;
  const integration = labelOf(labels, "integration");
  if (integration === "") return undefined;
  return source === undefined || source === receiverSource(integration) ? integration : undefined;
}

function unique(list: readonly IntegrationRef[]): readonly IntegrationRef[] {
  return [...new Map(list.map((i) => [i.id, i])).values()];
}
