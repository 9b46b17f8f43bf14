import type { Matcher } from "../core/matchers";
import {
  type Decoder,
  type Kind,
  type Struct,
  filled,
  lazy,
  list,
  mapOf,
  struct,
} from "./config-decode";
import { eventRecorder } from "./config-event-recorder";
import { anyHeaders, httpConfig, tlsConfig } from "./config-http";
import { namedIntervals } from "./config-intervals";
import {
  flag,
  float,
  hostPort,
  promDuration,
  secret,
  secretUrl,
  text,
  url,
} from "./config-scalars";
import { checkMatcher, parseMatchers, quoted } from "./matcher-text";
import * as delivered from "./receivers/delivered";
import * as messengers from "./receivers/messengers";
import * as pagers from "./receivers/pagers";

const MAX_ROUTES = 1_000;

/** Alertmanager's file, as its own structs describe it (config/config.go of 0.34), with Vedette's receivers. */
export const globalConfig = struct("config.plain", {
  resolve_timeout: promDuration,
  http_config: httpConfig,
  jira_api_url: url,
  smtp_from: text,
  smtp_hello: text,
  smtp_smarthost: hostPort,
  smtp_auth_username: text,
  smtp_auth_password: secret,
  smtp_auth_password_file: text,
  smtp_auth_secret: secret,
  smtp_auth_secret_file: text,
  smtp_auth_identity: text,
  smtp_require_tls: flag,
  smtp_tls_config: tlsConfig,
  smtp_force_implicit_tls: flag,
  slack_api_url: secretUrl,
  slack_api_url_file: text,
  slack_app_token: secret,
  slack_app_token_file: text,
  slack_app_url: url,
  pagerduty_url: url,
  opsgenie_api_url: url,
  opsgenie_api_key: secret,
  opsgenie_api_key_file: text,
  wechat_api_url: url,
  wechat_api_secret: secret,
  wechat_api_secret_file: text,
  wechat_api_corp_id: text,
  victorops_api_url: url,
  victorops_api_key: secret,
  victorops_api_key_file: text,
  telegram_api_url: url,
  telegram_bot_token: secret,
  telegram_bot_token_file: text,
  webex_api_url: url,
  rocketchat_api_url: url,
  rocketchat_token: secret,
  rocketchat_token_file: text,
  rocketchat_token_id: secret,
  rocketchat_token_id_file: text,
  mattermost_webhook_url: secretUrl,
  mattermost_webhook_url_file: text,
});

export type GlobalConfig = Struct<(typeof globalConfig)["fields"]>;

const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

const exactMatchers = mapOf(text);

/** Alertmanager anchors the old form in the text itself, where group keys show it. */
const regexMatchers = mapOf(
  {
    go: "string",
    read(d, node) {
      const value = text.read(d, node);
      if (value === undefined) return undefined;
      const checked = checkMatcher({ type: "=~", name: "", value: `^(?:${value})$` });
      return checked.ok ? value : d.fail(node, checked.error);
    },
  } satisfies Kind<string>,
  (value, d) => {
    for (const [name, regex] of value) {
      const at = d.places.get(value)?.fields.get(name);
      checkLabelName(d, at, name);
      if (regex === undefined) d.fail(at, `invalid regexp value for ${quoted(name)}`);
    }
  },
  "common.plain",
);

/** A list of matcher texts, each of which may hold several. */
const matchers: Kind<readonly Matcher[]> = {
  go: "[]string",
  read(d, node) {
    const lines = list(text).read(d, node);
    if (lines === undefined) return undefined;
    return lines.flatMap((line, i) => {
      const parsed = parseMatchers(line ?? "");
      return parsed.ok ? parsed.value : d.fail(d.at(lines, String(i)), parsed.error);
    });
  },
};

const routeFields = {
  receiver: text,
  group_by: list(text),
  match: exactMatchers,
  match_re: regexMatchers,
  matchers,
  labels: mapOf(text),
  mute_time_intervals: list(text),
  active_time_intervals: list(text),
  continue: flag,
  group_wait: promDuration,
  group_interval: promDuration,
  repeat_interval: promDuration,
};

export interface RouteConfig extends Struct<typeof routeFields> {
  readonly routes?: readonly (RouteConfig | undefined)[];
}

const routesSeen = new WeakMap<Decoder, number>();

const route: Kind<RouteConfig> = {
  go: "config.plain",
  read(d, node) {
    const seen = (routesSeen.get(d) ?? 0) + 1;
    routesSeen.set(d, seen);
    if (seen > MAX_ROUTES) d.fail(node, `more than ${MAX_ROUTES} routes`, "too_large");
    return routeStruct.read(d, node);
  },
};

const routeStruct = struct(
  "config.plain",
  { ...routeFields, routes: lazy("[]*config.Route", () => list(route, "[]*config.Route")) },
  checkRoute,
);

function checkRoute(r: RouteConfig, d: Decoder): void {
  checkLabelNames(d, r.match);
  const names = r.group_by ?? [];
  const at = (i: number) => d.at(names, String(i));
  const all = names.includes("...");
  const labels = new Set<string>();
  for (const [i, name] of names.entries())
    if ((name ?? "") === "") d.fail(at(i), 'invalid label name "" in group_by list');
  if (all && names.some((name) => name !== "..."))
    d.fail(
      d.at(r, "group_by"),
      "cannot have wildcard group_by (`...`) and other labels at the same time",
    );
  for (const [i, name] of names.entries()) {
    if (name !== "..." && labels.has(name ?? ""))
      d.fail(at(i), `duplicated label ${quoted(name ?? "")} in group_by`);
    labels.add(name ?? "");
  }
  checkAnyLabelNames(d, r.labels);
  if (r.group_interval === 0) d.fail(d.at(r, "group_interval"), "group_interval cannot be zero");
  if (r.repeat_interval === 0) d.fail(d.at(r, "repeat_interval"), "repeat_interval cannot be zero");
}

const inhibitRule = struct(
  "common.plain",
  {
    name: text,
    source_match: exactMatchers,
    source_match_re: regexMatchers,
    source_matchers: matchers,
    target_match: exactMatchers,
    target_match_re: regexMatchers,
    target_matchers: matchers,
    equal: list(text),
  },
  (r, d) => {
    checkLabelNames(d, r.source_match);
    checkLabelNames(d, r.target_match);
    for (const name of r.equal ?? [])
      if (!name) d.fail(d.at(r, "equal"), 'invalid label name "" in equal list');
  },
);

const receiver = struct(
  "config.plain",
  {
    name: text,
    labels: mapOf(text),
    discord_configs: list(delivered.discord, "[]*discord.DiscordConfig"),
    email_configs: list(delivered.email, "[]*email.EmailConfig"),
    incidentio_configs: list(pagers.incidentio, "[]*incidentio.IncidentioConfig"),
    pagerduty_configs: list(delivered.pagerduty, "[]*pagerduty.PagerdutyConfig"),
    slack_configs: list(delivered.slack, "[]*slack.SlackConfig"),
    webhook_configs: list(delivered.webhook, "[]*webhook.WebhookConfig"),
    opsgenie_configs: list(pagers.opsgenie, "[]*opsgenie.OpsGenieConfig"),
    wechat_configs: list(messengers.wechat, "[]*wechat.WechatConfig"),
    pushover_configs: list(pagers.pushover, "[]*pushover.PushoverConfig"),
    victorops_configs: list(pagers.victorops, "[]*victorops.VictorOpsConfig"),
    sns_configs: list(pagers.sns, "[]*sns.SNSConfig"),
    telegram_configs: list(delivered.telegram, "[]*telegram.TelegramConfig"),
    webex_configs: list(messengers.webex, "[]*webex.WebexConfig"),
    msteams_configs: list(delivered.msteams, "[]*msteams.MSTeamsConfig"),
    msteamsv2_configs: list(delivered.msteamsv2, "[]*msteamsv2.MSTeamsV2Config"),
    jira_configs: list(messengers.jira, "[]*jira.JiraConfig"),
    rocketchat_configs: list(messengers.rocketchat, "[]*rocketchat.RocketchatConfig"),
    mattermost_configs: list(messengers.mattermost, "[]*mattermost.MattermostConfig"),
    incident_configs: list(delivered.incident),
    builtin_configs: list(delivered.builtin),
  },
  (r, d) => {
    if (!r.name) d.fail(d.at(r), "missing name in receiver", "field_missing");
    checkAnyLabelNames(d, r.labels);
    if (r.labels?.has("name") === true && r.labels.get("name") !== r.name)
      d.fail(
        d.at(r.labels, "name"),
        `label "name" of receiver ${quoted(r.name ?? "")} must be its name`,
      );
  },
);

export type ReceiverYaml = Struct<(typeof receiver)["fields"]>;

const tracing = struct(
  "tracing.plain",
  {
    client_type: {
      go: "tracing.plain",
      read(d, node) {
        const value = text.read(d, node);
        if (value !== undefined && value !== "http" && value !== "grpc")
          d.fail(node, `expected tracing client type to be to be http or grpc, but got ${value}`);
        return value;
      },
    } satisfies Kind<string>,
    endpoint: text,
    sampling_fraction: float,
    insecure: flag,
    tls_config: tlsConfig,
    headers: anyHeaders,
    compression: text,
    timeout: promDuration,
  },
  (t, d) => {
    if (!t.endpoint) d.fail(d.at(t), "tracing endpoint must be set", "field_missing");
    if (t.compression && t.compression !== "gzip")
      d.fail(
        d.at(t, "compression"),
        `invalid compression type ${t.compression} provided, valid options: gzip`,
      );
  },
);

export const configFile = struct("config.plain", {
  global: filled(globalConfig),
  route,
  inhibit_rules: list(inhibitRule, "[]common.InhibitRule"),
  receivers: filled(list(receiver, "[]config.Receiver")),
  templates: list(text),
  mute_time_intervals: list(namedIntervals("mute time interval"), "[]config.MuteTimeInterval"),
  time_intervals: list(namedIntervals("time interval"), "[]config.TimeInterval"),
  tracing,
  event_recorder: eventRecorder,
});

export type ConfigFile = Struct<(typeof configFile)["fields"]>;

/** Any text is a label's name by now, but none is not. */
function checkAnyLabelNames(d: Decoder, labels: ReadonlyMap<string, unknown> | undefined): void {
  if (labels?.has("") === true) d.fail(d.at(labels), 'invalid label name ""');
}

function checkLabelNames(d: Decoder, matches: ReadonlyMap<string, unknown> | undefined): void {
  if (matches === undefined) return;
  for (const name of matches.keys())
    checkLabelName(d, d.places.get(matches)?.fields.get(name), name);
}

function checkLabelName(d: Decoder, at: unknown, name: string): void {
  if (!LABEL_NAME.test(name)) d.fail(at, `invalid label name ${quoted(name)}`);
}
