import type { Node } from "yaml";
import type { Decoder } from "./config-decode";
import { hasAuthorization } from "./config-http";
import type { ConfigFile, GlobalConfig, ReceiverYaml, RouteConfig } from "./config-schema";
import { quoted } from "./matcher-text";

/** What a root route must be told before anything is checked. */
export interface CheckedFile {
  readonly file: ConfigFile;
  readonly route: RouteConfig;
}

/**
 * The rules that Alertmanager holds the whole file to, in its order and its words (Config.UnmarshalYAML and Load of
 * 0.34). Outside strict mode mail needs no smarthost, and a route may name a receiver that there is not.
 * @throws Refused
 */
export function checkFile(file: ConfigFile | undefined, d: Decoder): CheckedFile {
  if (file === undefined) return d.fail(undefined, "no route provided in config", "field_missing");
  const global = file.global ?? {};
  checkGlobal(global, d);
  const names = new Set<string>();
  const receivers = file.receivers ?? [];
  for (const [i, entry] of receivers.entries()) {
    // An empty entry is a receiver without a name.
    const receiver: ReceiverYaml = entry ?? {};
    const name = receiver.name ?? "";
    if (names.has(name))
      d.fail(
        entry === undefined ? d.at(receivers, String(i)) : d.at(entry, "name"),
        `notification config name ${quoted(name)} is not unique`,
      );
    for (const [type, check] of Object.entries(RECEIVER_CHECKS)) {
      const field = `${type}_configs` as keyof ReceiverYaml;
      const list = receiver[field] as readonly (object | undefined)[] | undefined;
      for (const [i, integration] of (list ?? []).entries()) {
        const at = (list === undefined ? undefined : d.at(list, String(i))) ?? d.at(receiver);
        // The rules of a type get that type's own values: the table's keys are the fields'.
        check?.(integration as never, global, d, at);
      }
    }
    names.add(name);
  }
  const { route } = file;
  if (route === undefined) return d.fail(d.at(file), "no routes provided", "field_missing");
  checkRoot(route, d);
  checkReceivers(route, names, d);
  checkIntervals(file, route, d);
  if (route.continue === true)
    d.fail(d.at(route, "continue"), "cannot have continue in root route");
  return { file, route };
}

function checkGlobal(g: GlobalConfig, d: Decoder): void {
  const pair = (a: keyof GlobalConfig, b: keyof GlobalConfig): void => {
    if (g[a] !== undefined && g[a] !== "" && g[b])
      d.fail(d.at(g, b), `at most one of ${a} & ${b} must be configured`);
  };
  pair("slack_app_token", "slack_app_token_file");
  pair("slack_api_url", "slack_api_url_file");
  const token = Boolean(g.slack_app_token || g.slack_app_token_file);
  const address = Boolean(g.slack_api_url || g.slack_api_url_file);
  // The same address twice is how bots were configured before there were tokens.
  if (token && address && g.slack_api_url !== (g.slack_app_url ?? SLACK_APP_URL))
    d.fail(
      d.at(g, "slack_api_url"),
      "at most one of slack_app_token/slack_app_token_file & slack_api_url/slack_api_url_file must be configured",
    );
  pair("opsgenie_api_key", "opsgenie_api_key_file");
  pair("victorops_api_key", "victorops_api_key_file");
  pair("telegram_bot_token", "telegram_bot_token_file");
  pair("smtp_auth_password", "smtp_auth_password_file");
  for (const name of ["rocketchat_token", "rocketchat_token_id"] as const)
    // An empty token is one.
    if (g[name] !== undefined && g[`${name}_file`])
      d.fail(d.at(g, `${name}_file`), `at most one of ${name} & ${name}_file must be configured`);
  pair("smtp_auth_secret", "smtp_auth_secret_file");
  pair("wechat_api_secret", "wechat_api_secret_file");
  pair("mattermost_webhook_url", "mattermost_webhook_url_file");
}

export const SLACK_APP_URL = "https://slack.com/api/chat.postMessage";

type Item<L> = NonNullable<L> extends readonly (infer T)[] ? NonNullable<T> : never;
type Type<K> = K extends `${infer T}_configs` ? T : never;

/** What an entry lacks that `global` does not give either; `at`: where it stands. */
type Check<K extends keyof ReceiverYaml> = (
  value: Item<ReceiverYaml[K]> | undefined,
  global: GlobalConfig,
  d: Decoder,
  at: Node | undefined,
) => void;

const RECEIVER_CHECKS: {
  readonly [K in keyof ReceiverYaml as Type<K>]?: Check<K>;
} = {
  webhook: required("webhook"),
  email(c, g, d, at) {
    if (c === undefined) missing(d, at, "missing email config");
    if (!d.options.strict) return;
    if (!c?.smarthost && !g.smtp_smarthost) missing(d, at, "no global SMTP smarthost set");
    if (!c?.from && !g.smtp_from) missing(d, at, "no global SMTP from set");
  },
  slack(c, g, d, at) {
    needsUrl(c?.app_url, g, "slack_app_url", "Slack App", d, at);
    let token = Boolean(c?.app_token || c?.app_token_file);
    const authorized = hasAuthorization(c?.http_config);
    if (!token && !authorized && c?.api_url === undefined)
      token = Boolean(g.slack_app_token || g.slack_app_token_file);
    const address =
      c?.api_url ?? (c?.api_url_file || g.slack_api_url || g.slack_api_url_file || undefined);
    if (address === undefined && !token)
      missing(d, at, "no Slack API URL nor App token set either inline or in a file");
    if (token && (c?.http_config === undefined ? hasAuthorization(g.http_config) : authorized))
      d.fail(at, "http authorization can't be set when using Slack App tokens");
  },
  pushover: required("pushover"),
  pagerduty(c, g, d, at) {
    if (c === undefined) missing(d, at, "missing pagerduty config");
    needsUrl(c?.url, g, "pagerduty_url", "PagerDuty", d, at);
  },
  incidentio: required("incidentio"),
  opsgenie(c, g, d, at) {
    needsUrl(c?.api_url, g, "opsgenie_api_url", "OpsGenie", d, at);
    if (!c?.api_key && !c?.api_key_file && !g.opsgenie_api_key && !g.opsgenie_api_key_file)
      missing(d, at, "no global OpsGenie API Key set either inline or in a file");
  },
  wechat(c, g, d, at) {
    needsUrl(c?.api_url, g, "wechat_api_url", "Wechat", d, at);
    if (!c?.api_secret && !c?.api_secret_file && !g.wechat_api_secret && !g.wechat_api_secret_file)
      missing(d, at, "no global Wechat Api Secret set either inline or in a file");
    if (!c?.corp_id && !g.wechat_api_corp_id) missing(d, at, "no global Wechat CorpID set");
  },
  victorops(c, g, d, at) {
    if (c === undefined) missing(d, at, "missing victorops config");
    needsUrl(c?.api_url, g, "victorops_api_url", "VictorOps", d, at);
    if (!c?.api_key && !c?.api_key_file && !g.victorops_api_key && !g.victorops_api_key_file)
      missing(d, at, "no global VictorOps API Key set");
  },
  sns: required("sns"),
  telegram(c, g, d, at) {
    if (c === undefined) missing(d, at, "missing telegram config");
    const own = c?.bot_token || c?.bot_token_file;
    if (!own && !g.telegram_bot_token && !g.telegram_bot_token_file)
      missing(d, at, "missing bot_token or bot_token_file on telegram_config");
  },
  discord: required("discord"),
  webex(c, g, d, at) {
    if (c === undefined) missing(d, at, "missing webex config");
    needsUrl(c?.api_url, g, "webex_api_url", "Webex", d, at);
  },
  msteams: required("msteams"),
  msteamsv2: required("msteamsv2"),
  jira(c, g, d, at) {
    if (c === undefined) missing(d, at, "missing jira config");
    if (c?.api_url === undefined && g.jira_api_url === undefined)
      missing(d, at, "no global Jira Cloud URL set");
  },
  rocketchat(c, g, d, at) {
    const id = c?.token_id ?? g.rocketchat_token_id;
    if (id === undefined && !c?.token_id_file && !g.rocketchat_token_id_file)
      missing(d, at, "no global Rocketchat TokenID set either inline or in a file");
    const token = c?.token ?? g.rocketchat_token;
    if (token === undefined && !c?.token_file && !g.rocketchat_token_file)
      missing(d, at, "no global Rocketchat Token set either inline or in a file");
  },
  mattermost(c, g, d, at) {
    if (c === undefined) missing(d, at, "missing mattermost config");
    const own = c?.webhook_url ?? (c?.webhook_url_file || undefined);
    const shared = g.mattermost_webhook_url ?? (g.mattermost_webhook_url_file || undefined);
    if (own === undefined && shared === undefined)
      missing(d, at, "missing webhook_url or webhook_url_file on mattermost_config");
  },
};

/** The addresses that `global` has by default can be taken away by an empty field. */
function needsUrl(
  own: string | undefined,
  global: GlobalConfig,
  field: keyof GlobalConfig,
  service: string,
  d: Decoder,
  at: Node | undefined,
): void {
  if (own === undefined && d.isNull(global, field)) missing(d, at, `no global ${service} URL set`);
}

function required(type: string) {
  return (value: object | undefined, _: GlobalConfig, d: Decoder, at: Node | undefined): void => {
    if (value === undefined) missing(d, at, `missing ${type} config`);
  };
}

function checkRoot(route: RouteConfig, d: Decoder): void {
  if (!route.receiver) missing(d, d.at(route), "root route must specify a default receiver");
  const own = [route.match?.size, route.match_re?.size, route.matchers?.length];
  if (own.some((n) => (n ?? 0) > 0)) d.fail(d.at(route), "root route must not have any matchers");
  for (const kind of ["mute", "active"] as const)
    if ((route[`${kind}_time_intervals`]?.length ?? 0) > 0)
      d.fail(
        d.at(route, `${kind}_time_intervals`),
        `root route must not have any ${kind} time intervals`,
      );
}

/** Children first, as Alertmanager reports them. The root's receiver must exist in any mode. */
function checkReceivers(
  route: RouteConfig,
  names: ReadonlySet<string>,
  d: Decoder,
  root = true,
): void {
  for (const child of route.routes ?? []) {
    if (child === undefined) d.fail(d.at(route, "routes"), "a route is empty");
    else checkReceivers(child, names, d, false);
  }
  const name = route.receiver ?? "";
  if (name !== "" && !names.has(name) && (root || d.options.strict))
    d.fail(
      d.at(route, "receiver"),
      `undefined receiver ${quoted(name)} used in route`,
      "receiver_undefined",
    );
}

function checkIntervals(file: ConfigFile, root: RouteConfig, d: Decoder): void {
  const names = new Set<string>();
  const add = (lists: ConfigFile["time_intervals"], what: string): void => {
    for (const [i, named] of (lists ?? []).entries()) {
      const name = named?.name ?? "";
      if (names.has(name))
        d.fail(d.at(lists ?? [], String(i)), `${what} ${quoted(name)} is not unique`);
      names.add(name);
    }
  };
  add(file.mute_time_intervals, "mute time interval");
  add(file.time_intervals, "time interval");
  const check = (route: RouteConfig): void => {
    for (const child of route.routes ?? []) if (child !== undefined) check(child);
    for (const field of ["active_time_intervals", "mute_time_intervals"] as const) {
      const list = route[field] ?? [];
      for (const [i, name] of list.entries())
        if (!names.has(name ?? ""))
          d.fail(
            d.at(list, String(i)),
            `undefined time interval ${quoted(name ?? "")} used in route`,
          );
    }
  };
  check(root);
}

function missing(d: Decoder, at: Node | undefined, message: string): never {
  return d.fail(at, message, "field_missing");
}
