import type { Matcher } from "../core/matchers";

/**
 * Alertmanager's configuration, checked, with every inherited value filled in. Decisions look at no more of an
 * integration than {@link IntegrationRef}; the parser gives whole ones, the router holds sealed ones.
 */
export interface RouterConfig<I extends IntegrationRef = IntegrationRef> {
  readonly resolveTimeoutMs: number;
  readonly route: Route;
  readonly receivers: readonly ReceiverConfig<I>[];
  readonly inhibitRules: readonly InhibitRule[];
  /** Absent in configurations stored before there were any. */
  readonly timeIntervals?: readonly NamedTimeIntervals[];
}

/** One entry of `time_intervals`: active whenever one of its intervals is. */
export interface NamedTimeIntervals {
  readonly name: string;
  readonly intervals: readonly TimeInterval[];
}

/**
 * Alertmanager's time interval: it contains a moment if every list that is not empty has a range with it,
 * read on the clock of `location`. Recurring silences and maintenance windows speak in the same terms.
 */
export interface TimeInterval {
  /** Minutes of the day, the end excluded, 0 to 1440. */
  readonly times: readonly MinuteRange[];
  /** 0 is Sunday; both ends included, as in every range below. */
  readonly weekdays: readonly NumberRange[];
  /** From 1; negative days count from the month's end, -1 is its last. */
  readonly daysOfMonth: readonly NumberRange[];
  /** 1 to 12. */
  readonly months: readonly NumberRange[];
  readonly years: readonly NumberRange[];
  /** An IANA time zone; "UTC" unless said. */
  readonly location: string;
}

export interface MinuteRange {
  readonly startMinute: number;
  readonly endMinute: number;
}

export interface NumberRange {
  readonly begin: number;
  readonly end: number;
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
  /** Names of time intervals in which nothing is sent. Not inherited. */
  readonly muteTimeIntervals?: readonly string[];
  /** Where there are any: names of the time intervals outside of which nothing is sent. Not inherited. */
  readonly activeTimeIntervals?: readonly string[];
  /** Labels of the route's groups, each value a Go template; inherited, a child's own value before its parent's. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly routes: readonly Route[];
}

export interface InhibitRule {
  readonly source: readonly Matcher[];
  readonly target: readonly Matcher[];
  readonly equal: readonly string[];
}

export interface ReceiverConfig<I extends IntegrationRef = IntegrationRef> {
  readonly name: string;
  /** What the file says of the receiver; `name` is always one of them and stands here only with others. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly integrations: readonly I[];
}

/** One way of one receiver. `id`: `<receiver>/<type>/<index>`, the name of its Receiver object. */
export type Integration =
  | WebhookIntegration
  | SlackIntegration
  | PagerDutyIntegration
  | EmailIntegration
  | DiscordIntegration
  | MsTeamsIntegration
  | TelegramIntegration
  | IncidentIntegration
  | BuiltinIntegration;

export type IntegrationType = Integration["type"];

/** What routing needs to know of an integration. */
export interface IntegrationRef {
  readonly id: string;
  readonly type: IntegrationType;
  readonly sendResolved: boolean;
}

/** An integration as router and Receiver keep it: nothing of it that may be secret lies in plain text. */
export interface SealedIntegration extends IntegrationRef {
  readonly perMinute?: number;
  /** The sealed JSON of the whole {@link Integration} (core/seal, purpose `integration`). */
  readonly sealed: string;
  /** Hash of the template bundle that its texts may call. */
  readonly templates?: string;
}

interface IntegrationBase {
  readonly id: string;
  readonly sendResolved: boolean;
  /** Vedette's own `rate_limit`: messages a minute at most; the rest wait. */
  readonly perMinute?: number;
}

/** Alertmanager's `http_config` as far as a Worker can honour it. */
export interface HttpSettings {
  readonly authorization?: HttpAuthorization;
  /** Further headers, in the file's order. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

export type HttpAuthorization =
  | { readonly kind: "bearer"; readonly type: string; readonly credentials: string }
  | { readonly kind: "basic"; readonly username: string; readonly password: string };

interface HttpIntegrationBase extends IntegrationBase, HttpSettings {
  /** Absent or 0: Vedette's own limit of 10 s alone. */
  readonly timeoutMs?: number;
}

export interface WebhookIntegration extends HttpIntegrationBase {
  readonly type: "webhook";
  readonly url: string;
  /** 0: all. */
  readonly maxAlerts: number;
  /** In place of Alertmanager's message: what is sent, its texts and keys being templates. */
  readonly payload?: TemplateTree;
  /** Vedette's own `signing_secret`: requests are signed with HMAC-SHA-256. */
  readonly signingSecret?: string;
}

/** JSON of any shape in which texts and keys are Go templates. */
export type TemplateTree =
  | string
  | number
  | boolean
  | null
  | readonly TemplateTree[]
  | { readonly [key: string]: TemplateTree };

/**
 * An incoming webhook, or with an app token `chat.postMessage` at the same address.
 * Texts are Go templates here and below; absent ones have Vedette's own form.
 */
export interface SlackIntegration extends HttpIntegrationBase {
  readonly type: "slack";
  readonly apiUrl: string;
  readonly appToken?: string;
  readonly channel?: string;
  readonly username?: string;
  readonly iconEmoji?: string;
  readonly iconUrl?: string;
  readonly color?: string;
  readonly title?: string;
  readonly titleLink?: string;
  readonly pretext?: string;
  readonly text?: string;
  readonly messageText?: string;
  readonly fallback?: string;
  readonly footer?: string;
  readonly imageUrl?: string;
  readonly thumbUrl?: string;
  readonly callbackId?: string;
  readonly linkNames?: boolean;
  readonly mrkdwnIn?: readonly string[];
  readonly fields?: readonly SlackField[];
  readonly actions?: readonly SlackAction[];
}

export interface SlackField {
  readonly title: string;
  readonly value: string;
  readonly short: boolean;
}

export interface SlackAction {
  readonly type: string;
  readonly text: string;
  readonly url?: string;
  readonly style?: string;
  readonly name?: string;
  readonly value?: string;
  /** What Slack asks before the action is taken. */
  readonly confirm?: SlackConfirmation;
}

export interface SlackConfirmation {
  readonly text: string;
  readonly title?: string;
  readonly okText?: string;
  readonly dismissText?: string;
}

export interface PagerDutyIntegration extends HttpIntegrationBase {
  readonly type: "pagerduty";
  /** Events API v2; with `version: 1` the service key of Events API v1. */
  readonly routingKey: string;
  readonly version?: 1 | 2;
  readonly url: string;
  readonly severity?: string;
  readonly description?: string;
  readonly client?: string;
  readonly clientUrl?: string;
  readonly source?: string;
  readonly component?: string;
  readonly group?: string;
  readonly class?: string;
  readonly details?: Readonly<Record<string, TemplateTree>>;
  readonly images?: readonly {
    readonly src?: string;
    readonly alt?: string;
    readonly href?: string;
  }[];
  readonly links?: readonly { readonly href?: string; readonly text?: string }[];
}

/** Sent by the deployment's mail binding or HTTP provider; a smarthost has no meaning on a Worker. */
export interface EmailIntegration extends IntegrationBase {
  readonly type: "email";
  /** Comma-separated addresses, a template. */
  readonly to: string;
  /** A template; absent: the deployment's sender. */
  readonly from?: string;
  /** Templates by header name (`Subject`, `Reply-To`, …). */
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: Vedette's own; "": no such part. */
  readonly html?: string;
  readonly text?: string;
}

export interface DiscordIntegration extends HttpIntegrationBase {
  readonly type: "discord";
  readonly webhookUrl: string;
  readonly title?: string;
  readonly message?: string;
  readonly content?: string;
  readonly username?: string;
  readonly avatarUrl?: string;
}

/** `msteams_configs` (connector cards) and `msteamsv2_configs` (adaptive cards by a workflow). */
export interface MsTeamsIntegration extends HttpIntegrationBase {
  readonly type: "msteams" | "msteamsv2";
  readonly webhookUrl: string;
  readonly title?: string;
  readonly summary?: string;
  readonly text?: string;
}

export interface TelegramIntegration extends HttpIntegrationBase {
  readonly type: "telegram";
  /** Base without the token, https://api.telegram.org unless set. */
  readonly apiUrl: string;
  readonly botToken: string;
  readonly chatId: number;
  readonly messageThreadId?: number;
  readonly message?: string;
  readonly disableNotifications: boolean;
  /** "" sends plain text. */
  readonly parseMode: "" | "Markdown" | "MarkdownV2" | "HTML";
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
