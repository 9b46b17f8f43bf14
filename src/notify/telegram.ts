import type { TelegramIntegration } from "../alerting/config";
import { MAX_URL, type Markup, alertList } from "./alert-list";
import { escapeHtml } from "./html-template";
import { type MessageContext, jsonHeaders, linkButtons } from "./message";
import type { OutgoingRequest } from "./model";
import { alertsLink, cut, cutEscaped, isWeb, reasonLine, titleOf } from "./texts";

/** core.telegram.org/bots/api#sendmessage: 4,096 characters; the markup is counted with them here, which is more than they do. */
const MAX_CHARS = 4_096;
const TITLE_CHARS = 512;
/** The actions of a message that has them as text. */
const ACTION_CHARS = 1_800;

type ParseMode = TelegramIntegration["parseMode"];

/**
 * A `sendMessage` with the actions as buttons. Telegram refuses broken markup and odd addresses as a whole; in the
 * `plain` form that is sent then the same stands as plain text, the actions as lines.
 */
export function renderTelegram(
  integration: TelegramIntegration,
  message: MessageContext,
): OutgoingRequest {
  const buttons = message.plain ? [] : linkButtons(message.links).filter((b) => isWeb(b.url));
  const { text, mode } = textOf(integration, message);
  const body = {
    chat_id: integration.chatId,
    ...(integration.messageThreadId === undefined
      ? {}
      : { message_thread_id: integration.messageThreadId }),
    text,
    ...(mode === "" ? {} : { parse_mode: mode }),
    disable_notification: integration.disableNotifications,
    link_preview_options: { is_disabled: true },
    ...(buttons.length === 0 ? {} : { reply_markup: { inline_keyboard: [buttons] } }),
  };
  const base = integration.apiUrl.replace(/\/+$/, "");
  return {
    url: `${base}/bot${integration.botToken}/sendMessage`,
    headers: jsonHeaders(integration),
    body: JSON.stringify(body),
  };
}

function textOf(
  integration: TelegramIntegration,
  message: MessageContext,
): { readonly text: string; readonly mode: ParseMode } {
  const wanted = integration.parseMode;
  if (integration.message === undefined) {
    const mode = message.plain ? "" : wanted;
    return { text: ownText(message, mode), mode };
  }
  const expand = wanted === "HTML" ? message.expandHtml : message.expand;
  const text = expand(integration.message);
  if (!message.plain && text.length <= MAX_CHARS && text.trim() !== "")
    return { text, mode: wanted };
  // A text with markup cannot be cut anywhere, so that one too long loses it.
  const bare = wanted === "HTML" ? withoutTags(text) : text;
  return { text: withLinks(bare.trim() === "" ? titleOf(message.data) : bare, message), mode: "" };
}

function ownText(message: MessageContext, mode: ParseMode): string {
  const { data } = message;
  const markup = MARKUP[mode];
  const title = markup.bold(cutEscaped(titleOf(data), TITLE_CHARS, markup.escape));
  const link = alertsLink(data);
  const foot = [
    markup.italic(markup.escape(reasonLine(data))),
    ...(isWeb(link) && link.length <= MAX_URL
      ? [markup.link(markup.escape("See all alerts"), link)]
      : []),
    ...actionLines(message),
  ].join("\n");
  const room = MAX_CHARS - title.length - foot.length - 4;
  return `${title}\n\n${alertList(data, markup, room).text}\n\n${foot}`;
}

/** A receiver's own text without markup, cut, with the address of the rest. */
function withLinks(text: string, message: MessageContext): string {
  const link = alertsLink(message.data);
  const all = isWeb(link) && link.length <= MAX_URL ? [`See all alerts: ${link}`] : [];
  const end = [...all, ...actionLines(message)].join("\n");
  return end === "" ? cut(text, MAX_CHARS) : `${cut(text, MAX_CHARS - end.length - 2)}\n\n${end}`;
}

/** The actions as lines, for a message that has no buttons. */
function actionLines(message: MessageContext): readonly string[] {
  if (!message.plain) return [];
  const lines = linkButtons(message.links).map((b) => `${b.text}: ${b.url}`);
  return lines.join("\n").length <= ACTION_CHARS ? lines : lines.slice(0, 1);
}

function withoutTags(html: string): string {
  return html
    .replace(/<[^<>]*>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#34;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}

const LINES = { newline: "\n", gap: "\n\n" } as const;

/** core.telegram.org/bots/api#formatting-options */
const MARKUP: Readonly<Record<ParseMode, Markup>> = {
  "": {
    ...LINES,
    escape: (t) => t,
    bold: (t) => t,
    italic: (t) => t,
    link: (t, url) => `${t}: ${url}`,
  },
  HTML: {
    ...LINES,
    escape: escapeHtml,
    bold: (t) => `<b>${t}</b>`,
    italic: (t) => `<i>${t}</i>`,
    link: (t, url) => `<a href="${escapeHtml(url)}">${t}</a>`,
  },
  MarkdownV2: {
    ...LINES,
    escape: (t) => t.replace(/[\\_*[\]()~`>#+\-=|{}.!]/g, String.raw`\$&`),
    bold: (t) => `*${t}*`,
    italic: (t) => `_${t}_`,
    link: (t, url) => `[${t}](${url.replace(/[\\)]/g, String.raw`\$&`)})`,
  },
  Markdown: {
    ...LINES,
    // Nothing can be escaped inside an entity of the old form, so that names and labels stay outside of one.
    escape: (t) => t.replace(/[_*`[]/g, String.raw`\$&`),
    bold: (t) => t,
    italic: (t) => t,
    link: (t, url) => `[${t}](${url.replaceAll(")", "%29")})`,
  },
};
