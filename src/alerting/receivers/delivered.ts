import { type Decoder, list, mapOf, lenient, struct } from "../config-decode";
import { httpConfig } from "../config-http";
import {
  anything,
  flag,
  goDuration,
  hostPort,
  int,
  int64,
  secret,
  secretUrl,
  templateUrl,
  text,
  uint64,
  url,
} from "../config-scalars";
import { tlsConfig, canonicalHeader } from "../config-http";
import { quoted } from "../matcher-text";
import { atMostOne, missing, notifier, oneOf } from "./common";

/** The receiver types that Vedette delivers, with Alertmanager's fields and rules. */
export const webhook = struct(
  "webhook.plain",
  {
    ...notifier,
    http_config: httpConfig,
    url: templateUrl,
    url_file: text,
    max_alerts: uint64,
    timeout: goDuration,
    payload: anything,
    signing_secret: secret,
  },
  (c, d) => {
    oneOf(d, c, "url", "url_file");
    atMostOne(d, c, "url", "url_file");
  },
);

const slackConfirmation = struct(
  "slack.plain",
  { text, title: text, ok_text: text, dismiss_text: text },
  (c, d) => {
    if (!c.text) missing(d, c, "missing text in Slack confirmation configuration");
  },
);

const slackAction = struct(
  "slack.plain",
  { type: text, text, url: text, style: text, name: text, value: text, confirm: slackConfirmation },
  (a, d) => {
    if (!a.type) missing(d, a, "missing type in Slack action configuration");
    if (!a.text) missing(d, a, "missing text in Slack action configuration");
    if (!a.url && !a.name) missing(d, a, "missing name or url in Slack action configuration");
  },
);

const slackField = struct("slack.plain", { title: text, value: text, short: flag }, (f, d) => {
  if (!f.title) missing(d, f, "missing title in Slack field configuration");
  if (!f.value) missing(d, f, "missing value in Slack field configuration");
});

const SLACK_POST = "https://slack.com/api/chat.postMessage";

export const slack = struct(
  "slack.plain",
  {
    ...notifier,
    http_config: httpConfig,
    api_url: secretUrl,
    api_url_file: text,
    app_token: secret,
    app_token_file: text,
    app_url: url,
    channel: text,
    username: text,
    color: text,
    title: text,
    title_link: text,
    pretext: text,
    text,
    message_text: text,
    fields: list(slackField, "[]*slack.SlackField"),
    short_fields: flag,
    footer: text,
    fallback: text,
    callback_id: text,
    icon_emoji: text,
    icon_url: text,
    image_url: text,
    thumb_url: text,
    link_names: flag,
    mrkdwn_in: list(text),
    actions: list(slackAction, "[]*slack.SlackAction"),
    update_message: flag,
    timeout: goDuration,
  },
  (c, d) => {
    atMostOne(d, c, "api_url", "api_url_file");
    atMostOne(d, c, "app_token", "app_token_file");
    const address = c.api_url !== undefined || Boolean(c.api_url_file);
    if (address && (c.app_token || c.app_token_file))
      d.fail(
        d.at(c),
        "at most one of api_url/api_url_file & app_token/app_token_file must be configured",
      );
    if (c.update_message === true && c.api_url !== SLACK_POST)
      d.fail(
        d.at(c, "update_message"),
        `update_message can only be used with bot tokens. api_url must be set to ${SLACK_POST}`,
      );
  },
);

export const pagerduty = struct(
  "pagerduty.plain",
  {
    ...notifier,
    http_config: httpConfig,
    service_key: secret,
    service_key_file: text,
    routing_key: secret,
    routing_key_file: text,
    url,
    client: text,
    client_url: text,
    description: text,
    details: mapOf(anything),
    images: list(struct("pagerduty.PagerdutyImage", { src: text, alt: text, href: text })),
    links: list(struct("pagerduty.PagerdutyLink", { href: text, text })),
    source: text,
    severity: text,
    class: text,
    component: text,
    group: text,
    timeout: goDuration,
  },
  (c, d) => {
    if (!c.routing_key && !c.service_key && !c.routing_key_file && !c.service_key_file)
      missing(d, c, "missing service or routing key in PagerDuty config");
    atMostOne(d, c, "routing_key", "routing_key_file");
    atMostOne(d, c, "service_key", "service_key_file");
  },
);

export const email = struct(
  "email.plain",
  {
    ...notifier,
    to: text,
    from: text,
    hello: text,
    smarthost: hostPort,
    auth_username: text,
    auth_password: secret,
    auth_password_file: text,
    auth_secret: secret,
    auth_secret_file: text,
    auth_identity: text,
    headers: mapOf(text),
    html: text,
    text,
    require_tls: flag,
    tls_config: tlsConfig,
    force_implicit_tls: flag,
    threading: struct("email.ThreadingConfig", { enabled: flag, thread_by_date: text }),
    subject: lenient(text),
    body: lenient(text),
  },
  (c, d) => {
    const names = new Set<string>();
    for (const name of c.headers?.keys() ?? []) {
      const canonical = canonicalHeader(name);
      if (names.has(canonical))
        d.fail(d.at(c, "headers"), `duplicate header ${quoted(canonical)} in email config`);
      names.add(canonical);
    }
    if (!c.to) missing(d, c, "missing to address in email config");
    if (c.threading?.enabled !== true) return;
    for (const name of ["References", "In-Reply-To"])
      if (names.has(name))
        d.fail(
          d.at(c, "threading"),
          `conflicting configuration: threading.enabled conflicts with custom ${name} header`,
        );
    if (!["none", "daily"].includes(c.threading.thread_by_date ?? ""))
      d.fail(d.at(c, "threading"), "threading.thread_by_date must be either 'none' or 'daily'");
  },
);

export const discord = struct(
  "discord.plain",
  {
    ...notifier,
    http_config: httpConfig,
    webhook_url: secretUrl,
    webhook_url_file: text,
    content: text,
    title: text,
    message: text,
    username: text,
    avatar_url: text,
  },
  checkWebhookUrl,
);

export const msteams = struct(
  "msteams.plain",
  {
    ...notifier,
    http_config: httpConfig,
    webhook_url: secretUrl,
    webhook_url_file: text,
    title: text,
    summary: text,
    text,
  },
  checkWebhookUrl,
);

export const msteamsv2 = struct(
  "msteamsv2.plain",
  {
    ...notifier,
    http_config: httpConfig,
    webhook_url: secretUrl,
    webhook_url_file: text,
    title: text,
    text,
  },
  checkWebhookUrl,
);

const PARSE_MODES = ["", "Markdown", "MarkdownV2", "HTML"];

export const telegram = struct(
  "telegram.plain",
  {
    ...notifier,
    http_config: httpConfig,
    api_url: url,
    bot_token: secret,
    bot_token_file: text,
    chat_id: int64,
    chat_id_file: text,
    message_thread_id: int,
    message: text,
    disable_notifications: flag,
    parse_mode: text,
  },
  (c, d) => {
    atMostOne(d, c, "bot_token", "bot_token_file");
    const id = (c.chat_id ?? 0) !== 0;
    if (!id && !c.chat_id_file) missing(d, c, "missing chat_id or chat_id_file on telegram_config");
    if (id && c.chat_id_file)
      d.fail(d.at(c, "chat_id_file"), "at most one of chat_id & chat_id_file must be configured");
    if (!PARSE_MODES.includes(c.parse_mode ?? ""))
      d.fail(
        d.at(c, "parse_mode"),
        "unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or empty string",
      );
  },
);

/** Vedette's own. */
export const incident = struct("incident", notifier);
export const builtin = struct("builtin", notifier);

function checkWebhookUrl(
  c: { readonly webhook_url?: string; readonly webhook_url_file?: string },
  d: Decoder,
): void {
  oneOf(d, c, "webhook_url", "webhook_url_file");
  atMostOne(d, c, "webhook_url", "webhook_url_file");
}
