import type { SlackIntegration } from "../alerting/config";
import type { NotificationAlert, NotificationData } from "../alerting/notification-data";
import type { OutgoingRequest } from "./model";
import type { TemplateSet } from "../core/template/set";
import { expand } from "./template-data";
import { alertName, alertText, alertsLink, cut, titleOf } from "./texts";

/** Slack's limits (docs.slack.dev/reference/block-kit): what is longer is refused as a whole, so that messages are cut. */
const HEADER_CHARS = 150;
const SECTION_CHARS = 3_000;
const MAX_BLOCKS = 50;
/** Slack refuses messages beyond about 13,200 characters in all, whatever each block has; escapes and keys count. */
const TOTAL_CHARS = 12_000;
const FALLBACK_CHARS = 1_000;

const COLORS = { firing: "#d92c2c", resolved: "#2eb67d" } as const;

type Block = Readonly<Record<string, unknown>>;

/** An incoming-webhook message: a coloured attachment of blocks, one section an alert, cut with a link to the rest. */
export function renderSlack(
  integration: SlackIntegration,
  data: NotificationData,
  templates?: TemplateSet,
): OutgoingRequest {
  const title =
    integration.title === undefined ? titleOf(data) : expand(integration.title, data, templates);
  const link =
    integration.titleLink === undefined
      ? alertsLink(data)
      : expand(integration.titleLink, data, templates);
  const blocks: Block[] = [header(title)];
  let left = TOTAL_CHARS - cost(blocks[0]) - FALLBACK_CHARS;
  const bodies =
    integration.text === undefined
      ? data.alerts.map(alertBody)
      : [cut(expand(integration.text, data, templates), SECTION_CHARS)];
  let shown = 0;
  for (const body of bodies) {
    if (body === "") continue;
    const block = section(body);
    // Room is kept for the line that says how many are missing.
    if (blocks.length >= MAX_BLOCKS - 1 || cost(block) > left - 400) break;
    blocks.push(block);
    left -= cost(block);
    shown++;
  }
  if (bodies.length > 0 && shown === 0 && bodies[0] !== undefined) {
    const block = section(cut(bodies[0], Math.min(SECTION_CHARS, Math.floor(left / 6))));
    blocks.push(block);
    shown = 1;
  }
  const missing =
    integration.text === undefined ? data.alerts.length - shown + data.truncatedAlerts : 0;
  blocks.push(footer(missing, link));
  const color =
    integration.color === undefined
      ? COLORS[data.status]
      : expand(integration.color, data, templates);
  const message = {
    text: escapeMrkdwn(cut(title, FALLBACK_CHARS / 6)),
    ...optional("channel", integration.channel, data, templates),
    ...optional("username", integration.username, data, templates),
    ...optional("icon_emoji", integration.iconEmoji, data, templates),
    ...optional("icon_url", integration.iconUrl, data, templates),
    attachments: [{ color, blocks }],
  };
  return {
    url: integration.apiUrl,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(message),
  };
}

function alertBody(a: NotificationAlert): string {
  const mark = a.status === "firing" ? ":red_circle:" : ":large_green_circle:";
  const labels = Object.entries(a.labels)
    .filter(([k]) => k !== "alertname")
    .map(([k, v]) => `${k}=${v}`)
    .join("  ");
  const source = /^https?:\/\/[^\s|>]+$/.test(a.generatorURL) ? `\n<${a.generatorURL}|Source>` : "";
  const text = `${mark} *${escapeMrkdwn(alertName(a))}*\n${escapeMrkdwn(alertText(a))}${labels === "" ? "" : `\n_${escapeMrkdwn(labels)}_`}`;
  return `${cut(text, SECTION_CHARS - source.length)}${source}`;
}

function header(title: string): Block {
  return { type: "header", text: { type: "plain_text", text: cut(title, HEADER_CHARS) } };
}

function section(text: string): Block {
  return { type: "section", text: { type: "mrkdwn", text: cut(text, SECTION_CHARS) } };
}

function footer(missing: number, link: string): Block {
  const more = missing > 0 ? `…and ${missing} more. ` : "";
  const shown = /^https?:\/\//.test(link)
    ? `<${link}|See all alerts>`
    : "See all alerts in Vedette";
  return { type: "context", elements: [{ type: "mrkdwn", text: `${more}${shown}` }] };
}

function cost(block: Block | undefined): number {
  return JSON.stringify(block ?? {}).length;
}

/** Slack's three control characters (docs.slack.dev/messaging/formatting-message-text#escaping). */
function escapeMrkdwn(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

function optional(
  name: string,
  text: string | undefined,
  data: NotificationData,
  templates: TemplateSet | undefined,
): Readonly<Record<string, string>> {
  return text === undefined ? {} : { [name]: expand(text, data, templates) };
}
