import { isMap } from "yaml";
import { type Kind, list, mapOf, struct } from "../config-decode";
import { hasAuthorization, httpConfig } from "../config-http";
import { anything, flag, promDuration, secret, secretUrl, text, url } from "../config-scalars";
import { quoted } from "../matcher-text";
import { atMostOne, missing, notifier } from "./common";

/** Receiver types that write to a room or a tracker: read and judged as Alertmanager does, and not delivered. */
const jiraText = struct("jira.plain", { template: text, enable_update: flag });

/** A template, alone or with settings. */
const jiraField: Kind<unknown> = {
  go: "jira.JiraFieldConfig",
  read: (d, node) => (isMap(node) ? jiraText.read(d, node) : text.read(d, node)),
};

export const jira = struct(
  "jira.plain",
  {
    ...notifier,
    http_config: httpConfig,
    api_url: url,
    api_type: text,
    project: text,
    summary: jiraField,
    description: jiraField,
    labels: list(text),
    priority: text,
    issue_type: text,
    reopen_transition: text,
    resolve_transition: text,
    wont_fix_resolution: text,
    reopen_duration: promDuration,
    fields: mapOf(anything),
  },
  (c, d) => {
    if (!c.project) missing(d, c, "missing project in jira_config");
    if (!c.issue_type) missing(d, c, "missing issue_type in jira_config");
    const apiType = c.api_type ?? (d.isNull(c, "api_type") ? "" : "auto");
    if (!["auto", "cloud", "datacenter"].includes(apiType))
      d.fail(
        d.at(c, "api_type"),
        "unknown api_type on jira_config, must be auto, cloud or datacenter",
      );
  },
);

const mattermostField = struct(
  "mattermost.plain",
  { title: text, value: text, short: flag },
  (f, d) => {
    if (!f.title) missing(d, f, "missing title in Mattermost field configuration");
    if (!f.value) missing(d, f, "missing value in Mattermost field configuration");
  },
);

const mattermostTexts = {
  fallback: text,
  color: text,
  pretext: text,
  text,
  author_name: text,
  author_link: text,
  author_icon: text,
  title: text,
  title_link: text,
  fields: list(mattermostField, "[]*mattermost.MattermostField"),
  thumb_url: text,
  footer: text,
  footer_icon: text,
  image_url: text,
};

export const mattermost = struct(
  "mattermost.plain",
  {
    ...notifier,
    ...mattermostTexts,
    http_config: httpConfig,
    webhook_url: secretUrl,
    webhook_url_file: text,
    channel: text,
    username: text,
    icon_url: text,
    icon_emoji: text,
    attachments: list(
      struct("mattermost.MattermostAttachment", mattermostTexts),
      "[]*mattermost.MattermostAttachment",
    ),
    type: text,
    props: struct("mattermost.MattermostProps", { card: text }),
    priority: struct("mattermost.MattermostPriority", {
      priority: text,
      requested_ack: flag,
      persistent_notifications: flag,
    }),
  },
  (c, d) => atMostOne(d, c, "webhook_url", "webhook_url_file"),
);

// These two have no names of their own for YAML, which then takes the fields' in lower case.
const rocketchatField = struct("rocketchat.RocketchatAttachmentField", {
  short: flag,
  title: text,
  value: text,
});
const rocketchatAction = struct("rocketchat.RocketchatAttachmentAction", {
  type: text,
  text,
  url: text,
  imageurl: text,
  iswebview: flag,
  webviewheightratio: text,
  msg: text,
  msginchatwindow: flag,
  msgprocessingtype: text,
});

export const rocketchat = struct(
  "rocketchat.plain",
  {
    ...notifier,
    http_config: httpConfig,
    api_url: url,
    token_id: secret,
    token_id_file: text,
    token: secret,
    token_file: text,
    channel: text,
    color: text,
    title: text,
    title_link: text,
    text,
    fields: list(rocketchatField, "[]*rocketchat.RocketchatAttachmentField"),
    short_fields: flag,
    emoji: text,
    icon_url: text,
    image_url: text,
    thumb_url: text,
    link_names: flag,
    actions: list(rocketchatAction, "[]*rocketchat.RocketchatAttachmentAction"),
  },
  (c, d) => {
    if (c.token !== undefined && c.token_file)
      d.fail(d.at(c, "token_file"), "at most one of token & token_file must be configured");
    if (c.token_id !== undefined && c.token_id_file)
      d.fail(
        d.at(c, "token_id_file"),
        "at most one of token_id & token_id_file must be configured",
      );
  },
);

export const webex = struct(
  "webex.plain",
  { ...notifier, http_config: httpConfig, api_url: url, message: text, room_id: text },
  (c, d) => {
    if (!c.room_id) missing(d, c, "missing room_id on webex_config");
    if (!hasAuthorization(c.http_config))
      missing(d, c, "missing webex_configs.http_config.authorization");
  },
);

const WECHAT_TYPES = "^(text|markdown)$";

export const wechat = struct(
  "wechat.plain",
  {
    ...notifier,
    http_config: httpConfig,
    api_secret: secret,
    api_secret_file: text,
    corp_id: text,
    message: text,
    api_url: url,
    to_user: text,
    to_party: text,
    to_tag: text,
    agent_id: text,
    message_type: text,
  },
  (c, d) => {
    const type = c.message_type || "text";
    if (!new RegExp(WECHAT_TYPES).test(type))
      d.fail(
        d.at(c, "message_type"),
        `weChat message type ${quoted(type)} does not match valid options ${WECHAT_TYPES}`,
      );
    atMostOne(d, c, "api_secret", "api_secret_file");
  },
);
