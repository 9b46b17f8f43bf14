import { isMap } from "yaml";
import { type Decoder, type Kind, list, mapOf, struct } from "../config-decode";
import { httpConfig } from "../config-http";
import {
  anything,
  flag,
  goDuration,
  promDuration,
  secret,
  secretUrl,
  text,
  textDuration,
  uint64,
  url,
} from "../config-scalars";
import { parseTemplate } from "../../core/template/index";
import { quoted } from "../matcher-text";
import { atMostOne, notifier, oneOf } from "./common";

/** The receiver types that are read and judged as Alertmanager does, but not delivered. */
export const incidentio = struct(
  "incidentio.plain",
  {
    ...notifier,
    http_config: httpConfig,
    url,
    url_file: text,
    alert_source_token: secret,
    alert_source_token_file: text,
    max_alerts: uint64,
    timeout: goDuration,
  },
  (c, d) => {
    oneOf(d, c, "url", "url_file");
    atMostOne(d, c, "url", "url_file");
    atMostOne(d, c, "alert_source_token", "alert_source_token_file");
    const token = Boolean(c.alert_source_token || c.alert_source_token_file);
    const header = c.http_config?.authorization ?? c.http_config?.bearer_token;
    if (header !== undefined && token)
      d.fail(
        d.at(c),
        "cannot specify alert_source_token or alert_source_token_file when using http_config.authorization",
      );
    if (c.http_config !== undefined && header === undefined && !token)
      d.fail(
        d.at(c),
        "at least one of alert_source_token, alert_source_token_file or http_config.authorization must be configured",
      );
  },
);

const jiraText = struct("jira.plain", { template: text, enable_update: flag });

/** A template, alone or with settings. */
const jiraField: Kind<unknown> = {
  go: "jira.JiraFieldConfig",
  read: (d, node) => (isMap(node) ? jiraText.read(d, node) : text.read(d, node)),
};

/** Labels, alone or with settings. */
const jiraLabels: Kind<unknown> = {
  go: "jira.JiraLabelsConfig",
  read: (d, node) => (isMap(node) ? jiraLabelsWith.read(d, node) : list(text).read(d, node)),
};
const jiraLabelsWith = struct("jira.plain", { values: list(text), enable_update: flag });

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
    labels: jiraLabels,
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
    if (c.api_type !== undefined && !["auto", "cloud", "datacenter"].includes(c.api_type))
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
  fields: list(mattermostField),
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
    attachments: list(struct("mattermost.MattermostAttachment", mattermostTexts)),
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

const RESPONDER_TYPES = "^(team|teams|user|escalation|schedule)$";

export const opsgenie = struct(
  "opsgenie.plain",
  {
    ...notifier,
    http_config: httpConfig,
    api_key: secret,
    api_key_file: text,
    api_url: url,
    message: text,
    description: text,
    source: text,
    details: mapOf(text),
    entity: text,
    responders: list(
      struct("opsgenie.OpsGenieConfigResponder", {
        id: text,
        name: text,
        username: text,
        type: text,
      }),
    ),
    actions: text,
    tags: text,
    note: text,
    priority: text,
    update_alerts: flag,
  },
  (c, d) => {
    atMostOne(d, c, "api_key", "api_key_file");
    for (const r of c.responders ?? []) {
      const { id = "", name = "", username = "", type = "" } = r ?? {};
      const at = r === undefined ? d.at(c, "responders") : d.at(r);
      const shown = `opsGenieConfig responder {${id} ${name} ${username} ${type}}`;
      if (id === "" && username === "" && name === "")
        d.fail(
          at,
          `${shown} has to have at least one of id, username or name specified`,
          "field_missing",
        );
      if (type.includes("{{")) {
        const parsed = parseTemplate(type, "alertmanager");
        if (!parsed.ok)
          d.fail(at, `${shown} type is not a valid template: ${parsed.error.message}`);
      } else if (!new RegExp(RESPONDER_TYPES).test(type.toLowerCase()))
        d.fail(at, `${shown} type does not match valid options ${RESPONDER_TYPES}`);
    }
  },
);

export const pushover = struct(
  "pushover.plain",
  {
    ...notifier,
    http_config: httpConfig,
    user_key: secret,
    user_key_file: text,
    token: secret,
    token_file: text,
    title: text,
    message: text,
    url: text,
    url_title: text,
    device: text,
    sound: text,
    priority: text,
    retry: textDuration,
    expire: textDuration,
    ttl: textDuration,
    html: flag,
    monospace: flag,
  },
  (c, d) => {
    oneOf(d, c, "user_key", "user_key_file");
    atMostOne(d, c, "user_key", "user_key_file");
    oneOf(d, c, "token", "token_file");
    atMostOne(d, c, "token", "token_file");
    if (c.html === true && c.monospace === true)
      d.fail(d.at(c, "monospace"), "at most one of monospace & html must be configured");
  },
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
    fields: list(rocketchatField),
    short_fields: flag,
    emoji: text,
    icon_url: text,
    image_url: text,
    thumb_url: text,
    link_names: flag,
    actions: list(rocketchatAction),
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

const sigv4 = struct(
  "sigv4.plain",
  {
    region: text,
    access_key: text,
    secret_key: secret,
    profile: text,
    role_arn: text,
    external_id: text,
    service: text,
    use_fips_sts_endpoint: flag,
  },
  (c, d) => {
    if (!c.access_key !== !c.secret_key)
      d.fail(
        d.at(c),
        "must provide a AWS SigV4 Access key and Secret Key if credentials are specified in the SigV4 config",
      );
  },
);

export const sns = struct(
  "sns.plain",
  {
    ...notifier,
    http_config: httpConfig,
    api_url: text,
    sigv4,
    topic_arn: text,
    phone_number: text,
    target_arn: text,
    subject: text,
    message: text,
    attributes: mapOf(text),
    use_aws_http_client: flag,
  },
  (c, d) => {
    // An odd number of the three, as Alertmanager counts them: one, or all.
    const given = [c.target_arn, c.topic_arn, c.phone_number].filter(Boolean).length;
    if (given % 2 === 0)
      d.fail(
        d.at(c),
        "must provide either a Target ARN, Topic ARN, or Phone Number for SNS config",
        "field_missing",
      );
  },
);

const VICTOROPS_OWN = [
  "routing_key",
  "message_type",
  "state_message",
  "entity_display_name",
  "monitoring_tool",
  "entity_id",
  "entity_state",
];

export const victorops = struct(
  "victorops.plain",
  {
    ...notifier,
    http_config: httpConfig,
    api_key: secret,
    api_key_file: text,
    api_url: url,
    routing_key: text,
    message_type: text,
    state_message: text,
    entity_display_name: text,
    monitoring_tool: text,
    custom_fields: mapOf(text),
  },
  (c, d) => {
    if (!c.routing_key) missing(d, c, "missing Routing key in VictorOps config");
    atMostOne(d, c, "api_key", "api_key_file");
    for (const name of VICTOROPS_OWN)
      if (c.custom_fields?.has(name) === true)
        d.fail(
          d.at(c, "custom_fields"),
          `victorOps config contains custom field ${name} which cannot be used as it conflicts with the fixed/static fields`,
        );
  },
);

export const webex = struct(
  "webex.plain",
  { ...notifier, http_config: httpConfig, api_url: url, message: text, room_id: text },
  (c, d) => {
    if (!c.room_id) missing(d, c, "missing room_id on webex_config");
    const http = c.http_config;
    if (!http?.authorization && !http?.bearer_token && !http?.bearer_token_file)
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

function missing(d: Decoder, at: object, message: string): never {
  return d.fail(d.at(at), message, "field_missing");
}
