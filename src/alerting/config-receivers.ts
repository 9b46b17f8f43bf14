import type {
  BuiltinIntegration,
  HttpAuthorization,
  IncidentIntegration,
  Integration,
  IntegrationType,
  PagerDutyIntegration,
  ReceiverConfig,
  SlackIntegration,
  WebhookIntegration,
} from "./config";
import { Fields } from "./yaml-fields";
import type { Node } from "yaml";
import { parseTemplate } from "../core/template/index";

export interface GlobalDefaults {
  readonly resolveTimeoutMs: number;
  readonly slackApiUrl: string | undefined;
  readonly pagerdutyUrl: string;
  readonly checkUrl: UrlCheck;
}

/** Why an address may not be called; undefined where it may. */
export type UrlCheck = (url: string) => string | undefined;

const PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue";
const RESOLVE_TIMEOUT_MS = 300_000;

export function parseGlobal(f: Fields | undefined, check: UrlCheck): GlobalDefaults {
  const global: GlobalDefaults = {
    checkUrl: check,
    resolveTimeoutMs: f?.duration("resolve_timeout")?.ms ?? RESOLVE_TIMEOUT_MS,
    slackApiUrl: f?.text("slack_api_url"),
    pagerdutyUrl: f?.text("pagerduty_url") ?? PAGERDUTY_URL,
  };
  if (f !== undefined) {
    f.refuseUndelivered(f.names().filter((n) => UNDELIVERED_GLOBAL.test(n)));
    f.end();
  }
  return global;
}

/** Settings of types that are not delivered; an unknown word beside them is still a mistake. */
const UNDELIVERED_GLOBAL =
  /^(http_config|(smtp|opsgenie|victorops|wechat|telegram|webex|rocketchat|jira|mattermost|slack_app|slack_api_url_file)\w*)$/;

const UNDELIVERED_TYPES = [
  "discord",
  "email",
  "incidentio",
  "jira",
  "mattermost",
  "msteams",
  "msteamsv2",
  "opsgenie",
  "pushover",
  "rocketchat",
  "sns",
  "telegram",
  "victorops",
  "webex",
  "wechat",
].map((t) => `${t}_configs`);

const READERS: Readonly<
  Partial<Record<IntegrationType, (f: Fields, id: string, global: GlobalDefaults) => Integration>>
> = {
  builtin: readBuiltin,
  incident: readIncident,
  webhook: readWebhook,
  slack: readSlack,
  pagerduty: readPagerDuty,
};

/** A name becomes part of its Receiver object's name and of API paths. */
const MAX_NAME = 200;

export function parseReceiver(f: Fields, global: GlobalDefaults): ReceiverConfig<Integration> {
  const name = f.text("name") ?? "";
  if (name === "") f.file.refuse(f.node, "field_missing", `missing: ${f.at("name")}`);
  if (name.length > MAX_NAME)
    f.file.refuse(f.node, "value_wrong", `${f.at("name")} has more than ${MAX_NAME} characters`);
  const integrations: Integration[] = [];
  // Keys of READERS are IntegrationType by its own type.
  for (const type of Object.keys(READERS) as IntegrationType[]) {
    f.list(`${type}_configs`).forEach(({ node, path }, i) => {
      const inner = new Fields(f.file, node, path);
      const read = READERS[type];
      if (read !== undefined) integrations.push(read(inner, `${name}/${type}/${i}`, global));
      inner.end();
    });
  }
  f.refuseUndelivered(UNDELIVERED_TYPES);
  f.end();
  return { name, integrations };
}

function readBuiltin(f: Fields, id: string): BuiltinIntegration {
  return { type: "builtin", id, sendResolved: f.flag("send_resolved", true) };
}

function readIncident(f: Fields, id: string): IncidentIntegration {
  return { type: "incident", id, sendResolved: f.flag("send_resolved", true) };
}

function readWebhook(f: Fields, id: string, global: GlobalDefaults): WebhookIntegration {
  const authorization = readHttpConfig(f);
  f.refuseUndelivered(["url_file", "payload"]);
  return {
    type: "webhook",
    id,
    sendResolved: f.flag("send_resolved", true),
    url: readUrl(f, "url", global),
    maxAlerts: f.wholeNumber("max_alerts", 0),
    timeoutMs: f.duration("timeout")?.ms ?? 0,
    ...(authorization === undefined ? {} : { authorization }),
  };
}

const SLACK_TEXTS = [
  ["channel", "channel"],
  ["username", "username"],
  ["icon_emoji", "iconEmoji"],
  ["icon_url", "iconUrl"],
  ["color", "color"],
  ["title", "title"],
  ["title_link", "titleLink"],
  ["text", "text"],
] as const;

function readSlack(f: Fields, id: string, global: GlobalDefaults): SlackIntegration {
  refuseHttpConfig(f);
  f.refuseUndelivered([
    "actions",
    "fields",
    "api_url_file",
    "app_token",
    "app_token_file",
    "app_url",
    "callback_id",
    "fallback",
    "footer",
    "image_url",
    "link_names",
    "message_text",
    "mrkdwn_in",
    "pretext",
    "short_fields",
    "thumb_url",
    "timeout",
    "update_message",
  ]);
  const own = f.take("api_url");
  const apiUrl = own === undefined ? global.slackApiUrl : f.scalarText(own, f.at("api_url"));
  if (apiUrl === undefined || apiUrl === "")
    return f.file.refuse(
      f.node,
      "field_missing",
      `no global Slack API URL set, and none in ${f.path}`,
    );
  checkUrl(f, own ?? f.node, "api_url", apiUrl, global);
  return {
    type: "slack",
    id,
    sendResolved: f.flag("send_resolved", false),
    apiUrl,
    ...texts(f, SLACK_TEXTS),
  };
}

const PAGERDUTY_TEXTS = [
  ["severity", "severity"],
  ["description", "description"],
  ["client", "client"],
  ["client_url", "clientUrl"],
  ["component", "component"],
  ["group", "group"],
  ["class", "class"],
] as const;

function readPagerDuty(f: Fields, id: string, global: GlobalDefaults): PagerDutyIntegration {
  refuseHttpConfig(f);
  f.refuseUndelivered([
    "service_key",
    "service_key_file",
    "routing_key_file",
    "images",
    "links",
    "source",
    "timeout",
  ]);
  const details = f
    .textMap("details")
    .map(([k, , node]) => [k, templateText(f, node, f.at(`details.${k}`))] as const);
  const urlNode = f.take("url");
  const url = urlNode === undefined ? global.pagerdutyUrl : f.scalarText(urlNode, f.at("url"));
  checkUrl(f, urlNode ?? f.node, "url", url, global);
  return {
    type: "pagerduty",
    id,
    sendResolved: f.flag("send_resolved", true),
    routingKey: f.requiredText("routing_key"),
    url,
    ...texts(f, PAGERDUTY_TEXTS),
    ...(details.length === 0 ? {} : { details: Object.fromEntries(details) }),
  };
}

function texts<const P extends readonly (readonly [string, string])[]>(
  f: Fields,
  pairs: P,
): { [K in P[number][1]]?: string } {
  const out: Record<string, string> = {};
  for (const [yaml, name] of pairs) {
    const node = f.take(yaml);
    if (node !== undefined) out[name] = templateText(f, node, f.at(yaml));
  }
  return out as { [K in P[number][1]]?: string }; // the names written are those of `pairs`
}

/** A text that may be a Go template; one that does not parse is refused now, not when it is needed. */
function templateText(f: Fields, node: Node, path: string): string {
  const text = f.scalarText(node, path);
  if (!text.includes("{{")) return text;
  const parsed = parseTemplate(text, "alertmanager");
  if (!parsed.ok) f.file.refuse(node, "value_wrong", `${path}: ${parsed.error.message}`);
  return text;
}

function readUrl(f: Fields, name: string, global: GlobalDefaults): string {
  const node = f.take(name);
  if (node === undefined) return f.missing(name);
  const url = f.scalarText(node, f.at(name));
  checkUrl(f, node, name, url, global);
  return url;
}

function checkUrl(
  f: Fields,
  node: unknown,
  name: string,
  url: string,
  global: GlobalDefaults,
): void {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    f.file.refuse(node, "value_wrong", `${f.at(name)} must be an http or https address`);
  const refusal = global.checkUrl(url);
  if (refusal !== undefined)
    f.file.refuse(node, "url_refused", `${f.at(name)} may not be called: ${refusal}`);
}

function refuseHttpConfig(f: Fields): void {
  f.refuseUndelivered(["http_config"]);
}

/** `authorization` or `basic_auth` of http_config; the rest of it is refused by name. */
function readHttpConfig(f: Fields): HttpAuthorization | undefined {
  const http = f.fields("http_config");
  if (http === undefined) return undefined;
  const bearer = http.fields("authorization");
  const basic = http.fields("basic_auth");
  if (bearer !== undefined && basic !== undefined)
    f.file.refuse(
      http.node,
      "value_wrong",
      "at most one of basic_auth, oauth2 & authorization must be configured",
    );
  http.refuseUndelivered(http.names());
  if (bearer !== undefined) {
    bearer.refuseUndelivered(["credentials_file"]);
    const type = bearer.text("type") ?? "Bearer";
    const credentials = bearer.requiredText("credentials");
    bearer.end();
    return { kind: "bearer", type, credentials };
  }
  if (basic !== undefined) {
    basic.refuseUndelivered(["username_file", "password_file"]);
    const username = basic.requiredText("username");
    const password = basic.text("password") ?? "";
    basic.end();
    return { kind: "basic", username, password };
  }
  return undefined;
}
