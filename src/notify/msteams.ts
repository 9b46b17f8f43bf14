import type { MsTeamsIntegration } from "../alerting/config";
import { type Markup, alertList } from "./alert-list";
import { type MessageContext, jsonHeaders, linkButtons } from "./message";
import type { OutgoingRequest } from "./model";
import { alertsLink, cut, cutEscaped, isWeb, reasonLine, titleOf, utf8Length } from "./texts";

/** What a webhook of Teams takes, 28 KB, less what its envelope may add (learn.microsoft.com, "Limits of incoming webhooks"). */
const MAX_BYTES = 26_000;
const TITLE_CHARS = 1_024;

/** A connector card (`msteams`), or an adaptive card by a workflow (`msteamsv2`). */
export function renderMsTeams(
  integration: MsTeamsIntegration,
  message: MessageContext,
): OutgoingRequest {
  const { data, expand } = message;
  const title = cut(
    integration.title === undefined ? titleOf(data) : expand(integration.title),
    TITLE_CHARS,
  );
  const summary = cut(
    integration.summary === undefined ? title : expand(integration.summary),
    TITLE_CHARS,
  );
  const card = integration.type === "msteams" ? connectorCard : adaptiveCard;
  const make = (text: string): string => JSON.stringify(card(message, title, summary, text));
  const room = MAX_BYTES - utf8Length(make(""));
  const text =
    integration.text === undefined
      ? alertList(data, TEAMS_MARKDOWN, room, jsonBytes).text
      : cutEscaped(expand(integration.text), room, (t) => t, jsonBytes);
  return { url: integration.webhookUrl, headers: jsonHeaders(integration), body: make(text) };
}

/** MessageCard (learn.microsoft.com/outlook/actionable-messages/message-card-reference). */
function connectorCard(
  { data, links }: MessageContext,
  title: string,
  summary: string,
  text: string,
): unknown {
  return {
    "@type": "MessageCard",
    "@context": "https://schema.org/extensions",
    themeColor: data.status === "firing" ? "d92c2c" : "2eb67d",
    title,
    summary,
    text,
    sections: [{ text: TEAMS_MARKDOWN.italic(TEAMS_MARKDOWN.escape(reasonLine(data))) }],
    potentialAction: [...linkButtons(links), ...allAlerts(data.externalURL, alertsLink(data))].map(
      (b) => ({ "@type": "OpenUri", name: b.text, targets: [{ os: "default", uri: b.url }] }),
    ),
  };
}

/** AdaptiveCard 1.4 in the envelope that a workflow's trigger reads (adaptivecards.io/explorer). */
function adaptiveCard(
  { data, links }: MessageContext,
  title: string,
  summary: string,
  text: string,
): unknown {
  const firing = data.status === "firing";
  return {
    type: "message",
    summary,
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        contentUrl: null,
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          body: [
            {
              type: "TextBlock",
              text: TEAMS_MARKDOWN.escape(title),
              weight: "Bolder",
              size: "Medium",
              wrap: true,
              style: "heading",
              color: firing ? "Attention" : "Good",
            },
            { type: "TextBlock", text, wrap: true },
            { type: "TextBlock", text: reasonLine(data), isSubtle: true, wrap: true },
          ],
          actions: [...linkButtons(links), ...allAlerts(data.externalURL, alertsLink(data))].map(
            (b) => ({ type: "Action.OpenUrl", title: b.text, url: b.url }),
          ),
          msteams: { width: "full" },
        },
      },
    ],
  };
}

function allAlerts(
  externalUrl: string,
  link: string,
): readonly { readonly text: string; readonly url: string }[] {
  return externalUrl !== "" && isWeb(link) ? [{ text: "See all alerts", url: link }] : [];
}

const TEAMS_MARKDOWN: Markup = {
  escape: (text) =>
    text
      .replace(/&/g, "&amp;")
      .replace(/</g, "&lt;")
      .replace(/[\\*_~`#[\]()|]/g, String.raw`\$&`),
  bold: (text) => `**${text}**`,
  italic: (text) => `_${text}_`,
  link: (text, url) => `[${text}](${url.replaceAll("(", "%28").replaceAll(")", "%29")})`,
  newline: "\n\n",
  gap: "\n\n",
};

/** What a text costs once it stands in JSON. */
function jsonBytes(text: string): number {
  return utf8Length(JSON.stringify(text)) - 2;
}
