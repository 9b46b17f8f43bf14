import type {
  SlackAction,
  SlackConfirmation,
  SlackField,
  SlackIntegration,
} from "../alerting/config";
import type { NotificationAlert } from "../alerting/notification-data";
import { type Markup, alertParagraph } from "./alert-list";
import { type MessageContext, jsonHeaders, linkButtons } from "./message";
import type { OutgoingRequest } from "./model";
import { alertsLink, cut, cutEscaped, isWeb, reasonLine, titleOf } from "./texts";

/** Slack's limits (docs.slack.dev/reference/block-kit): what is longer is refused as a whole, so that messages are cut. */
const HEADER_CHARS = 150;
const SECTION_CHARS = 3_000;
const MAX_BLOCKS = 50;
const BUTTON_URL_CHARS = 3_000;
/** Slack refuses messages beyond about 13,200 characters in all, whatever each block has; escapes and keys count. */
const TOTAL_CHARS = 12_000;
/** As Alertmanager cuts it. */
const TITLE_CHARS = 1_024;
const SHORT_CHARS = 300;
const FALLBACK_CHARS = 1_000;
const MAX_FIELDS = 10;
const FIELD_CHARS = 2_000;
const MAX_ACTIONS = 5;
/** What is left to a text whatever the other fields say. */
const TEXT_RESERVE = 2_500;

const COLORS = { firing: "#d92c2c", resolved: "#2eb67d" } as const;

type Json = Readonly<Record<string, unknown>>;

/**
 * A message for an incoming webhook, or with an app token for chat.postMessage. Where the receiver says nothing of the
 * content it has Vedette's own form, a coloured attachment of blocks with one section an alert; where it does, it is
 * the attachment that Alertmanager makes of the same settings. Both are cut to what Slack takes, with a link to the rest.
 */
export function renderSlack(
  integration: SlackIntegration,
  message: MessageContext,
): OutgoingRequest {
  const { expand } = message;
  const text = (template: string | undefined, max = SHORT_CHARS): string | undefined =>
    template === undefined ? undefined : cutJson(expand(template), max) || undefined;
  const color = text(integration.color) ?? COLORS[message.data.status];
  const head = {
    text:
      text(integration.messageText, FALLBACK_CHARS) ??
      escapeMrkdwn(cut(titleOf(message.data), SHORT_CHARS)),
    channel: text(integration.channel),
    username: text(integration.username),
    icon_emoji: text(integration.iconEmoji),
    icon_url: text(integration.iconUrl),
    link_names: integration.linkNames === true ? true : undefined,
  };
  const left = TOTAL_CHARS - JSON.stringify(head).length - 200;
  const attachment = saysContent(integration)
    ? attachmentOf(integration, message, left)
    : { blocks: blocksOf(message, left) };
  const headers = jsonHeaders(integration);
  return {
    url: integration.apiUrl,
    headers:
      integration.appToken === undefined
        ? headers
        : { ...headers, authorization: `Bearer ${integration.appToken}` },
    body: JSON.stringify({
      ...head,
      // The classic form says in its own text what the message is about.
      ...("blocks" in attachment || integration.messageText !== undefined
        ? {}
        : { text: undefined }),
      attachments: [{ color, ...attachment }],
    }),
  };
}

function saysContent(i: SlackIntegration): boolean {
  const content = [
    i.title,
    i.text,
    i.pretext,
    i.fallback,
    i.footer,
    i.titleLink,
    i.imageUrl,
    i.thumbUrl,
    i.callbackId,
  ];
  return (
    content.some((c) => c !== undefined && c !== "") ||
    (i.fields ?? []).length > 0 ||
    (i.actions ?? []).length > 0
  );
}

/** The attachment that Alertmanager sends (notify/slack); its text takes what room the rest leaves. */
function attachmentOf(i: SlackIntegration, message: MessageContext, total: number): Json {
  const { data, expand } = message;
  let left = total - TEXT_RESERVE;
  const take = (template: string | undefined, max: number): string | undefined => {
    if (template === undefined) return undefined;
    const text = cutJson(expand(template), Math.min(max, left));
    left -= jsonChars(text);
    return text === "" ? undefined : text;
  };
  const title = take(i.title, TITLE_CHARS) ?? cutJson(titleOf(data), SHORT_CHARS);
  const rawLink = i.titleLink === undefined ? alertsLink(data) : expand(i.titleLink);
  const titleLink = isWeb(rawLink) && jsonChars(rawLink) <= BUTTON_URL_CHARS ? rawLink : undefined;
  const fixed = {
    title,
    title_link: titleLink,
    fallback: take(i.fallback, FALLBACK_CHARS) ?? title,
    footer: take(i.footer, SHORT_CHARS) ?? reasonLine(data),
    callback_id: take(i.callbackId, SHORT_CHARS),
    mrkdwn_in: i.mrkdwnIn ?? ["fallback", "pretext", "text"],
    actions: nonEmpty(
      linkButtons(message.links).map((b) => ({ type: "button", text: b.text, url: b.url })),
    ),
  };
  left = total - TEXT_RESERVE - JSON.stringify(fixed).length;
  const extras: Record<string, unknown> = {};
  const add = (name: string, value: unknown): void => {
    const size = value === undefined ? 0 : JSON.stringify(value).length + name.length + 4;
    if (size === 0 || size > left) return;
    extras[name] = value;
    left -= size;
  };
  add("pretext", i.pretext && cutJson(expand(i.pretext), Math.min(SECTION_CHARS, left / 3)));
  add("image_url", i.imageUrl && cut(expand(i.imageUrl), BUTTON_URL_CHARS));
  add("thumb_url", i.thumbUrl && cut(expand(i.thumbUrl), BUTTON_URL_CHARS));
  const own = (i.actions ?? []).map((a) => actionOf(a, expand));
  add("actions", nonEmpty([...(fixed.actions ?? []), ...own].slice(0, MAX_ACTIONS)));
  // As many as there is room for, each with its share of it.
  const fields = (i.fields ?? []).slice(0, MAX_FIELDS);
  const shown: SlackField[] = [];
  for (const [n, f] of fields.entries()) {
    const share = left / (fields.length - n) - 60;
    const title = cutJson(expand(f.title), Math.min(SHORT_CHARS, share / 3));
    const value = cutJson(expand(f.value), Math.min(FIELD_CHARS, share - jsonChars(title)));
    shown.push({ title, value, short: f.short });
    left -= JSON.stringify(shown.at(-1)).length + 1;
  }
  if (shown.length > 0) extras["fields"] = shown;
  return { ...fixed, ...extras, text: textIn(i, message, left + TEXT_RESERVE - 20) };
}

function nonEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

/** The receiver's text, or that of the alerts; what is cut ends in a link to the rest. */
function textIn(i: SlackIntegration, message: MessageContext, left: number): string | undefined {
  if (i.text === "") return undefined;
  const text =
    i.text === undefined
      ? message.data.alerts.map((a) => alertParagraph(a, MRKDWN, SECTION_CHARS)).join("\n\n")
      : message.expand(i.text);
  if (jsonChars(text) <= left) return text;
  const link = `\n${seeAll(message)}`;
  return cutJson(text, left - jsonChars(link)) + link;
}

function actionOf(a: SlackAction, expand: (text: string) => string): Json {
  const url = a.url === undefined ? "" : expand(a.url);
  return {
    type: a.type,
    text: cutJson(expand(a.text), 75),
    ...(isWeb(url) && url.length <= BUTTON_URL_CHARS ? { url } : {}),
    ...(a.style === undefined ? {} : { style: expand(a.style) }),
    ...(a.name === undefined ? {} : { name: cutJson(expand(a.name), 255) }),
    ...(a.value === undefined ? {} : { value: cutJson(expand(a.value), SHORT_CHARS) }),
    ...(a.confirm === undefined ? {} : { confirm: confirmOf(a.confirm, expand) }),
  };
}

/** Confirmation fields of an attachment's action (docs.slack.dev/legacy/legacy-messaging). */
function confirmOf(c: SlackConfirmation, expand: (text: string) => string): Json {
  const of = (name: string, template: string | undefined, max: number): Json =>
    template === undefined ? {} : { [name]: cutJson(expand(template), max) };
  return {
    text: cutJson(expand(c.text), 300),
    ...of("title", c.title, 100),
    ...of("ok_text", c.okText, 30),
    ...of("dismiss_text", c.dismissText, 30),
  };
}

function blocksOf(message: MessageContext, total: number): readonly Json[] {
  const { data } = message;
  const foot = [...buttonBlocks(message), footer(message, 9_999_999)];
  const first = header(titleOf(data));
  const blocks: Json[] = [first];
  let left = total - cost(first) - foot.reduce((n, b) => n + cost(b), 0);
  for (const alert of data.alerts) {
    const block = section(alertBody(alert, SECTION_CHARS));
    const fits = cost(block) <= left && blocks.length < MAX_BLOCKS - foot.length;
    // The first is cut where others would have to wait.
    if (!fits && blocks.length > 1) break;
    const shown = fits ? block : section(alertBody(alert, Math.floor(left / 6)));
    blocks.push(shown);
    left -= cost(shown);
  }
  const missing = data.alerts.length - (blocks.length - 1) + data.truncatedAlerts;
  return [...blocks, ...buttonBlocks(message), footer(message, missing)];
}

function alertBody(a: NotificationAlert, max: number): string {
  return alertParagraph(a, MRKDWN, max);
}

const MRKDWN: Markup = {
  escape: escapeMrkdwn,
  bold: (t) => `*${t}*`,
  italic: (t) => `_${t}_`,
  link: (t, url) => `<${url.replaceAll("&", "&amp;")}|${t}>`,
  newline: "\n",
  gap: "\n\n",
};

function header(title: string): Json {
  return { type: "header", text: { type: "plain_text", text: cut(title, HEADER_CHARS) } };
}

function section(text: string): Json {
  return { type: "section", text: { type: "mrkdwn", text } };
}

function buttonBlocks({ links }: MessageContext): readonly Json[] {
  const elements = linkButtons(links)
    .filter((b) => isWeb(b.url) && b.url.length <= BUTTON_URL_CHARS)
    .map((b) => ({
      type: "button",
      text: { type: "plain_text", text: b.text },
      url: b.url,
      action_id: b.text.toLowerCase(),
    }));
  return elements.length === 0 ? [] : [{ type: "actions", elements }];
}

function footer(message: MessageContext, missing: number): Json {
  const more = missing > 0 ? `…and ${missing} more. ` : "";
  return {
    type: "context",
    elements: [
      {
        type: "mrkdwn",
        text: `${more}${seeAll(message)} · ${escapeMrkdwn(reasonLine(message.data))}`,
      },
    ],
  };
}

function seeAll({ data }: MessageContext): string {
  const link = alertsLink(data);
  return isWeb(link) ? MRKDWN.link("See all alerts", link) : "See all alerts in Vedette";
}

function cost(block: Json): number {
  return JSON.stringify(block).length + 1;
}

/** Cut to what takes at most `max` characters of JSON. */
function cutJson(text: string, max: number): string {
  return cutEscaped(text, max, (t) => t, jsonChars);
}

function jsonChars(text: string): number {
  return JSON.stringify(text).length;
}

/** Slack's three control characters (docs.slack.dev/messaging/formatting-message-text#escaping). */
function escapeMrkdwn(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
