import type { Matcher } from "../core/matchers";

/** Alertmanager's configuration, checked, with every inherited value filled in. */
export interface RouterConfig {
  readonly resolveTimeoutMs: number;
  readonly route: Route;
  readonly receivers: readonly ReceiverConfig[];
  readonly inhibitRules: readonly InhibitRule[];
}

export interface Route {
  /** Position in the tree: `0`, `0/1`, `0/1/0`; stable while the tree is. */
  readonly id: string;
  /** The matchers as a group key shows them, from the root down: `{}/{severity="critical"}`. */
  readonly key: string;
  readonly receiver: string;
  /** Label names to group by, sorted; "all" for `['...']`. */
  readonly groupBy: readonly string[] | "all";
  readonly matchers: readonly Matcher[];
  readonly continue: boolean;
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
  readonly routes: readonly Route[];
}

export interface InhibitRule {
  readonly source: readonly Matcher[];
  readonly target: readonly Matcher[];
  readonly equal: readonly string[];
}

export interface ReceiverConfig {
  readonly name: string;
  readonly integrations: readonly Integration[];
}

/** One way of one receiver. `id`: `<receiver>/<type>/<index>`, the name of its Receiver object. */
export type Integration =
  | WebhookIntegration
  | SlackIntegration
  | PagerDutyIntegration
  | IncidentIntegration
  | BuiltinIntegration;

export type IntegrationType = Integration["type"];

interface IntegrationBase {
  readonly id: string;
  readonly sendResolved: boolean;
}

export interface WebhookIntegration extends IntegrationBase {
  readonly type: "webhook";
  readonly url: string;
  /** 0: all. */
  readonly maxAlerts: number;
  /** 0: Vedette's own limit of 10 s alone. */
  readonly timeoutMs: number;
  readonly authorization?: HttpAuthorization;
}

export type HttpAuthorization =
  | { readonly kind: "bearer"; readonly type: string; readonly credentials: string }
  | { readonly kind: "basic"; readonly username: string; readonly password: string };

/** An incoming webhook (`api_url`). Texts are Go templates; absent ones have Vedette's own form. */
export interface SlackIntegration extends IntegrationBase {
  readonly type: "slack";
  readonly apiUrl: string;
  readonly channel?: string;
  readonly username?: string;
  readonly iconEmoji?: string;
  readonly iconUrl?: string;
  readonly color?: string;
  readonly title?: string;
  readonly titleLink?: string;
  readonly text?: string;
}

export interface PagerDutyIntegration extends IntegrationBase {
  readonly type: "pagerduty";
  readonly routingKey: string;
  readonly url: string;
  readonly severity?: string;
  readonly description?: string;
  readonly client?: string;
  readonly clientUrl?: string;
  readonly component?: string;
  readonly group?: string;
  readonly class?: string;
  readonly details?: Readonly<Record<string, string>>;
}

/** Vedette's own: opens an incident that pages and escalates. */
export interface IncidentIntegration extends IntegrationBase {
  readonly type: "incident";
}

/** Vedette's own: keeps the messages for the page /receiver. */
export interface BuiltinIntegration extends IntegrationBase {
  readonly type: "builtin";
}

/** Every route, the parents before their children. */
export function allRoutes(route: Route): Route[] {
  return [route, ...route.routes.flatMap(allRoutes)];
}
