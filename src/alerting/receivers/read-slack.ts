import type { SlackAction, SlackConfirmation, SlackField, SlackIntegration } from "../config";
import { SLACK_APP_URL } from "../config-check";
import type { Struct } from "../config-decode";
import { hasAuthorization } from "../config-http";
import { type Place, base, timeout } from "./place";
import type { slack } from "./delivered";

type SlackYaml = Struct<(typeof slack)["fields"]>;
type SlackActionYaml = NonNullable<SlackYaml["actions"]>[number];

const TEXTS = [
  ["channel", "channel"],
  ["username", "username"],
  ["icon_emoji", "iconEmoji"],
  ["icon_url", "iconUrl"],
  ["color", "color"],
  ["title", "title"],
  ["title_link", "titleLink"],
  ["pretext", "pretext"],
  ["text", "text"],
  ["message_text", "messageText"],
  ["fallback", "fallback"],
  ["footer", "footer"],
  ["image_url", "imageUrl"],
  ["thumb_url", "thumbUrl"],
  ["callback_id", "callbackId"],
] as const;

/** An incoming webhook or an app's token, as Alertmanager chooses between its own and those of `global`. */
export function readSlack(c: SlackYaml, at: Place): SlackIntegration {
  const { to, path } = at;
  to.refuseFields(c, ["update_message"], path);
  const fields = fieldsOf(c, at);
  const actions = actionsOf(c, at);
  const mrkdwnIn = c.mrkdwn_in?.map((name) => name ?? "");
  return {
    type: "slack",
    ...base(c, at, false),
    ...to.http(c.http_config, path),
    ...addressOf(c, at),
    ...to.templates(c, path, TEXTS),
    ...timeout(c),
    ...(c.link_names === undefined ? {} : { linkNames: c.link_names }),
    ...(mrkdwnIn === undefined || mrkdwnIn.length === 0 ? {} : { mrkdwnIn }),
    ...(fields.length === 0 ? {} : { fields }),
    ...(actions.length === 0 ? {} : { actions }),
  };
}

function addressOf(
  c: SlackYaml,
  { to, path }: Place,
): Pick<SlackIntegration, "apiUrl" | "appToken"> {
  const { global: g } = to;
  let token = to.valueOrFile(c, "app_token", c.app_token, c.app_token_file);
  if (!token && !hasAuthorization(c.http_config) && c.api_url === undefined)
    token = to.valueOrFile(g, "slack_app_token", g.slack_app_token, g.slack_app_token_file);
  if (token) {
    const url = c.app_url ?? g.slack_app_url ?? SLACK_APP_URL;
    const where = to.d.at(c, "app_url");
    return { apiUrl: to.address(where, `${path}.app_url`, url), appToken: token };
  }
  const own = c.api_url !== undefined || c.api_url_file !== undefined;
  const url = own
    ? to.valueOrFile(c, "api_url", c.api_url, c.api_url_file)
    : to.valueOrFile(g, "slack_api_url", g.slack_api_url, g.slack_api_url_file);
  const where = own ? to.d.at(c, "api_url") : to.d.at(g, "slack_api_url");
  const name = own ? `${path}.api_url` : "global.slack_api_url";
  return { apiUrl: to.address(where, name, url ?? "") };
}

function fieldsOf(c: SlackYaml, { to, path }: Place): SlackField[] {
  return (c.fields ?? []).flatMap((field, i) => {
    if (field === undefined) return [];
    const at = `${path}.fields[${i}]`;
    const title = to.template(to.d.at(field, "title"), `${at}.title`, field.title ?? "");
    const value = to.template(to.d.at(field, "value"), `${at}.value`, field.value ?? "");
    return [{ title, value, short: field.short ?? c.short_fields ?? false }];
  });
}

const ACTION_TEXTS = [
  ["url", "url"],
  ["style", "style"],
  ["name", "name"],
  ["value", "value"],
] as const;

function actionsOf(c: SlackYaml, { to, path }: Place): SlackAction[] {
  return (c.actions ?? []).flatMap((action, i): SlackAction[] => {
    if (action === undefined) return [];
    const at = `${path}.actions[${i}]`;
    const { url, style, name, value } = to.templates(action, at, ACTION_TEXTS);
    const type = to.template(to.d.at(action, "type"), `${at}.type`, action.type ?? "");
    const text = to.template(to.d.at(action, "text"), `${at}.text`, action.text ?? "");
    const styled = style === undefined ? {} : { style };
    // A link needs none of what asks back, and Alertmanager drops it.
    if (url) return [{ type, text, url, ...styled }];
    const confirm = confirmOf(action.confirm, at, to);
    return [
      {
        type,
        text,
        name: name ?? "",
        ...(value === undefined ? {} : { value }),
        ...styled,
        ...confirm,
      },
    ];
  });
}

const CONFIRM_TEXTS = [
  ["title", "title"],
  ["ok_text", "okText"],
  ["dismiss_text", "dismissText"],
] as const;

function confirmOf(
  c: NonNullable<SlackActionYaml>["confirm"],
  path: string,
  to: Place["to"],
): { readonly confirm?: SlackConfirmation } {
  if (c === undefined) return {};
  const at = `${path}.confirm`;
  const text = to.template(to.d.at(c, "text"), `${at}.text`, c.text ?? "");
  return { confirm: { text, ...to.templates(c, at, CONFIRM_TEXTS) } };
}
