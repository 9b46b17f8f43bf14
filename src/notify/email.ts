import type { EmailIntegration } from "../alerting/config";
import type { NotificationAlert } from "../alerting/notification-data";
import { type Result, err, ok } from "../core/result";
import { type EmailAddress, parseAddresses } from "./email-address";
import { escapeHtml as h } from "./html-template";
import { type MessageContext, linkButtons } from "./message";
import {
  alertName,
  alertText,
  alertsLink,
  cut,
  isWeb,
  labelsLine,
  linksOf,
  reasonLine,
  titleOf,
} from "./texts";

/** A message before anybody has decided how it travels: no header of it can hold a line break. */
export interface EmailMessage {
  readonly from: EmailAddress;
  readonly to: readonly EmailAddress[];
  readonly cc: readonly EmailAddress[];
  readonly bcc: readonly EmailAddress[];
  readonly replyTo: EmailAddress | undefined;
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly html: string | undefined;
  readonly text: string | undefined;
}

type EmailRefusal =
  | { readonly reason: "no_recipient"; readonly message: string }
  | { readonly reason: "no_sender"; readonly message: string };

/** Providers refuse beyond 5 MiB and 50 recipients; nobody reads half of that. */
const MAX_BODY_CHARS = 1_000_000;
const MAX_RECIPIENTS = 50;
/** Of a list of addresses: as a template makes it, labels' values decide how long it is. */
const LIST_CHARS = 10_000;
/** A line of a header ends at 998 octets (RFC 5322, 2.1.1); encoded words take up to three times the characters. */
const SUBJECT_CHARS = 300;
const HEADER_CHARS = 900;
const MAX_ALERTS = 100;
const BUTTON =
  "display:inline-block;margin:0 8px 8px 0;padding:8px 14px;border-radius:4px;background:#222;color:#fff;text-decoration:none";
const TEXT_CHARS = 4_000;

/** Headers that travel in a field of their own. */
const FIELDS = new Set(["subject", "to", "cc", "bcc", "from", "reply-to", "sender"]);
/** What the transport makes itself (developers.cloudflare.com/email-service/reference/headers): setting them gets a message refused. */
const CONTROLLED =
  /^(date|message-id|mime-version|content-.*|dkim-.*|arc-.*|return-path|received|feedback-id|authentication-results|in-reply-to|references)$/;
/** Of the headers that may be set, those that everybody takes; besides `X-`. */
const TAKEN =
  /^(x-[!-9;-~]+|list-[a-z-]+|auto-submitted|importance|priority|precedence|keywords|comments|organization|sensitivity)$/;

export function renderEmail(
  integration: EmailIntegration,
  message: MessageContext,
  defaultFrom: string | undefined,
): Result<EmailMessage, EmailRefusal> {
  const { expand, expandHtml, data } = message;
  const header = (name: string): string | undefined => {
    const found = Object.entries(integration.headers).find(([k]) => k.toLowerCase() === name);
    return found === undefined ? undefined : oneLine(expand(found[1]));
  };
  const list = (text: string | undefined): EmailAddress[] =>
    parseAddresses(oneLine((text ?? "").slice(0, LIST_CHARS)));
  const to = list(expand(integration.to)).slice(0, MAX_RECIPIENTS);
  if (to.length === 0)
    return err({ reason: "no_recipient", message: "`to` names no address that can be sent to" });
  const [from] = list(integration.from === undefined ? defaultFrom : expand(integration.from));
  if (from === undefined)
    return err({
      reason: "no_sender",
      message: "neither the receiver's `from` nor EMAIL_FROM is an address",
    });
  const cc = list(header("cc")).slice(0, MAX_RECIPIENTS - to.length);
  return ok({
    from,
    to,
    cc,
    bcc: list(header("bcc")).slice(0, MAX_RECIPIENTS - to.length - cc.length),
    replyTo: list(header("reply-to"))[0],
    subject: cut(header("subject") ?? oneLine(titleOf(data)), SUBJECT_CHARS),
    headers: message.plain
      ? {}
      : { ...threading(message, from), ...ownHeaders(integration, message) },
    ...bodies(
      integration.html === undefined
        ? htmlBody(message)
        : withHtmlActions(expandHtml(integration.html), message),
      integration.text === undefined
        ? textBody(message)
        : withTextActions(expand(integration.text), message),
    ),
  });
}

/** A template that comes to nothing leaves its part out; a message has at least one. */
function bodies(html: string, text: string): Pick<EmailMessage, "html" | "text"> {
  return {
    html: html.trim() === "" ? undefined : cut(html, MAX_BODY_CHARS),
    text: text.trim() === "" && html.trim() !== "" ? undefined : cut(text, MAX_BODY_CHARS),
  };
}

/** A part of the receiver's own; its actions stand at the end. */
function withHtmlActions(html: string, message: MessageContext): string {
  const actions = actionsHtml(message);
  if (html.trim() === "" || actions === "") return html;
  const at = html.search(/<\/body\s*>/i);
  return at < 0 ? `${html}\n${actions}` : `${html.slice(0, at)}${actions}\n${html.slice(at)}`;
}

function withTextActions(text: string, message: MessageContext): string {
  const lines = linkButtons(message.links).map((b) => `${b.text}: ${b.url}`);
  return text.trim() === "" || lines.length === 0 ? text : `${text}\n\n${lines.join("\n")}`;
}

/**
 * Every message of a group answers one that was never sent, so that mail programs show them as one conversation:
 * the transport chooses a message's own id, nobody else's can be known.
 */
function threading(message: MessageContext, from: EmailAddress): Readonly<Record<string, string>> {
  const domain = from.email.slice(from.email.lastIndexOf("@") + 1);
  const root = `<group.${message.groupHash.slice(0, 32)}@${domain}>`;
  return { "In-Reply-To": root, References: root };
}

function ownHeaders(
  integration: EmailIntegration,
  message: MessageContext,
): Readonly<Record<string, string>> {
  const out: Record<string, string> = {
    "Auto-Submitted": "auto-generated",
    "X-Vedette-Reason": oneLine(message.data.notification_reason),
  };
  for (const [name, template] of Object.entries(integration.headers)) {
    const lower = name.toLowerCase();
    if (FIELDS.has(lower) || CONTROLLED.test(lower) || !TAKEN.test(lower)) continue;
    const value = cut(oneLine(message.expand(template)), HEADER_CHARS);
    if (value !== "") out[name] = value;
  }
  return out;
}

/** Line breaks and other control characters end a header early: whoever can set a label could add headers. */
function oneLine(text: string): string {
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  return text.replace(/[\u0000-\u001f\u007f\u0085\u2028\u2029]+/g, " ").trim();
}

function textBody(message: MessageContext): string {
  const { data } = message;
  const shown = data.alerts.slice(0, MAX_ALERTS);
  const missing = data.alerts.length - shown.length + data.truncatedAlerts;
  const paragraphs = shown.map((a) =>
    [
      `${a.status === "firing" ? "FIRING" : "RESOLVED"}  ${alertName(a)}  since ${a.startsAt}`,
      cut(alertText(a), TEXT_CHARS),
      cut(labelsLine(a), TEXT_CHARS),
      ...linksOf(a).map(({ text, url }) => `${text}: ${url}`),
    ].join("\n"),
  );
  const link = alertsLink(data);
  return [
    titleOf(data),
    ...paragraphs,
    ...(missing > 0 ? [`…and ${missing} more.`] : []),
    [
      ...(isWeb(link) ? [`See all alerts: ${link}`] : []),
      ...linkButtons(message.links).map((b) => `${b.text}: ${b.url}`),
      reasonLine(data),
    ].join("\n"),
  ].join("\n\n");
}

function htmlBody(message: MessageContext): string {
  const { data } = message;
  const shown = data.alerts.slice(0, MAX_ALERTS);
  const missing = data.alerts.length - shown.length + data.truncatedAlerts;
  const color = data.status === "firing" ? "#d92c2c" : "#2eb67d";
  const link = alertsLink(data);
  return [
    `<!doctype html><html><head><meta charset="utf-8"><title>${h(titleOf(data))}</title></head>`,
    `<body style="margin:0;padding:16px;font:15px/1.5 system-ui,sans-serif;color:#222">`,
    `<h1 style="margin:0 0 16px;padding-left:10px;border-left:6px solid ${color};font-size:18px">${h(titleOf(data))}</h1>`,
    ...shown.map(alertHtml),
    missing > 0 ? `<p>…and ${missing} more.</p>` : "",
    actionsHtml(message),
    `<p style="color:#666">${isWeb(link) ? `<a href="${h(link)}">See all alerts</a> · ` : ""}${h(reasonLine(data))}</p>`,
    "</body></html>",
  ].join("\n");
}

function actionsHtml(message: MessageContext): string {
  const buttons = linkButtons(message.links)
    .map((b) => `<a href="${h(b.url)}" style="${BUTTON}">${h(b.text)}</a>`)
    .join("");
  return buttons === "" ? "" : `<p style="margin:20px 0 8px">${buttons}</p>`;
}

function alertHtml(a: NotificationAlert): string {
  const rows = Object.entries(a.labels)
    .map(
      ([k, v]) =>
        `<tr><td style="padding:0 12px 0 0;color:#666">${h(k)}</td><td>${h(cut(v, 1_000))}</td></tr>`,
    )
    .join("");
  const links = linksOf(a).map(({ text, url }) => ` · <a href="${h(url)}">${text}</a>`);
  return [
    `<div style="margin:0 0 16px"><strong>${a.status === "firing" ? "Firing" : "Resolved"}: ${h(alertName(a))}</strong>`,
    `<div>${h(cut(alertText(a), TEXT_CHARS)).replaceAll("\n", "<br>")}</div>`,
    `<table style="border-collapse:collapse;font-size:13px">${rows}</table>`,
    `<div style="color:#666;font-size:13px">since ${h(a.startsAt)}${links.join("")}</div></div>`,
  ].join("");
}
