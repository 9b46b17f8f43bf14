import type { DiscordIntegration, MsTeamsIntegration, TelegramIntegration } from "../config";
import type { Struct } from "../config-decode";
import { type Place, base } from "./place";
import type { discord, msteams, telegram } from "./delivered";

export function readDiscord(c: Struct<(typeof discord)["fields"]>, at: Place): DiscordIntegration {
  const { to, path } = at;
  return {
    type: "discord",
    ...base(c, at, true),
    ...to.http(c.http_config, path),
    webhookUrl: webhookUrl(c, at),
    ...to.templates(c, path, [
      ["title", "title"],
      ["message", "message"],
      ["content", "content"],
      ["username", "username"],
      ["avatar_url", "avatarUrl"],
    ]),
  };
}

export function readMsTeams(
  type: "msteams" | "msteamsv2",
  c: Struct<(typeof msteams)["fields"]>,
  at: Place,
): MsTeamsIntegration {
  const { to, path } = at;
  return {
    type,
    ...base(c, at, true),
    ...to.http(c.http_config, path),
    webhookUrl: webhookUrl(c, at),
    ...to.templates(c, path, [
      ["title", "title"],
      ["summary", "summary"],
      ["text", "text"],
    ]),
  };
}

const TELEGRAM_URL = "https://api.telegram.org";

export function readTelegram(
  c: Struct<(typeof telegram)["fields"]>,
  at: Place,
): TelegramIntegration {
  const { to, path } = at;
  const { global: g } = to;
  const own = c.bot_token || c.bot_token_file;
  const botToken = own
    ? to.valueOrFile(c, "bot_token", c.bot_token, c.bot_token_file)
    : to.valueOrFile(g, "telegram_bot_token", g.telegram_bot_token, g.telegram_bot_token_file);
  const where = c.api_url === undefined ? to.d.at(g, "telegram_api_url") : to.d.at(c, "api_url");
  return {
    type: "telegram",
    ...base(c, at, true),
    ...to.http(c.http_config, path),
    apiUrl: to.address(where, `${path}.api_url`, c.api_url ?? g.telegram_api_url ?? TELEGRAM_URL),
    botToken: botToken ?? "",
    chatId: c.chat_id || chatIdFile(c, at),
    ...(c.message_thread_id ? { messageThreadId: c.message_thread_id } : {}),
    ...to.templates(c, path, [["message", "message"]]),
    disableNotifications: c.disable_notifications ?? false,
    parseMode: parseMode(c.parse_mode),
  };
}

function chatIdFile(c: Struct<(typeof telegram)["fields"]>, { to, path }: Place): number {
  if (!c.chat_id_file) return 0;
  const where = to.d.at(c, "chat_id_file");
  const text = to.file(c.chat_id_file, where);
  const id = Number(text);
  if (text !== "" && !Number.isSafeInteger(id))
    to.refuse(where, `${path}.chat_id_file does not hold a chat's number`, "value_wrong");
  return Number.isSafeInteger(id) ? id : 0;
}

function parseMode(mode: string | undefined): TelegramIntegration["parseMode"] {
  switch (mode) {
    case "":
    case "Markdown":
    case "MarkdownV2":
      return mode;
    default:
      return "HTML"; // Alertmanager's own choice; other words were refused before
  }
}

function webhookUrl(
  c: { readonly webhook_url?: string; readonly webhook_url_file?: string },
  { to, path }: Place,
): string {
  const url = to.valueOrFile(c, "webhook_url", c.webhook_url, c.webhook_url_file) ?? "";
  return to.address(to.d.at(c, "webhook_url"), `${path}.webhook_url`, url);
}
