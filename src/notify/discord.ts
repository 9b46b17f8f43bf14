import type { DiscordIntegration } from "../alerting/config";
import { type Markup, alertList } from "./alert-list";
import { type MessageContext, jsonHeaders, linkButtons } from "./message";
import type { OutgoingRequest } from "./model";
import { alertsLink, cut, isWeb, reasonLine, titleOf } from "./texts";

/** Limits of a message and its embeds (discord.com/developers/docs/resources/message#embed-object-embed-limits). */
const CONTENT_CHARS = 2_000;
const USERNAME_CHARS = 80;
const TITLE_CHARS = 256;
const DESCRIPTION_CHARS = 4_096;
const FOOTER_CHARS = 2_048;
/** Title, description and footer together. */
const EMBED_CHARS = 6_000;
const URL_CHARS = 2_000;
/** More than this of a description is left to its alerts. */
const ACTIONS_CHARS = 2_900;

const COLORS = { firing: 0xd9_2c_2c, resolved: 0x2e_b6_7d } as const;

/** An execution of a webhook: one embed, with the actions as links at its end, since webhooks of users have no buttons. */
export function renderDiscord(
  integration: DiscordIntegration,
  message: MessageContext,
): OutgoingRequest {
  const { data, expand } = message;
  const title = cut(
    integration.title === undefined ? titleOf(data) : expand(integration.title),
    TITLE_CHARS,
  );
  const footer = cut(reasonLine(data), FOOTER_CHARS / 4);
  const actions = linkButtons(message.links)
    .map((b) => `[${b.text}](${b.url})`)
    .join(" · ");
  const after = actions.length <= ACTIONS_CHARS && actions !== "" ? `\n\n${actions}` : "";
  const room =
    Math.min(DESCRIPTION_CHARS, EMBED_CHARS - title.length - footer.length) - after.length;
  const link = alertsLink(data);
  const description =
    integration.message === undefined
      ? alertList(data, DISCORD_MARKDOWN, room).text
      : cut(expand(integration.message), room);
  const content = integration.content === undefined ? "" : expand(integration.content);
  const username = integration.username === undefined ? "" : expand(integration.username);
  const avatar = integration.avatarUrl === undefined ? "" : expand(integration.avatarUrl);
  const body = {
    ...(content === "" ? {} : { content: cut(content, CONTENT_CHARS) }),
    ...(username === "" ? {} : { username: cut(username, USERNAME_CHARS) }),
    ...(isWeb(avatar) ? { avatar_url: avatar } : {}),
    embeds: [
      {
        title,
        ...(isWeb(link) && link.length <= URL_CHARS ? { url: link } : {}),
        description: `${description}${after}`,
        color: COLORS[data.status],
        footer: { text: footer },
      },
    ],
    // A label's value pings nobody; who wrote a mention into `content` meant it.
    allowed_mentions: { parse: mentionsOf(integration.content ?? "") },
  };
  return {
    url: integration.webhookUrl,
    headers: jsonHeaders(integration),
    body: JSON.stringify(body),
  };
}

const DISCORD_MARKDOWN: Markup = {
  escape: (text) => text.replace(/[\\*_~`|>#[\]()<:@-]/g, String.raw`\$&`),
  bold: (text) => `**${text}**`,
  italic: (text) => `*${text}*`,
  link: (text, url) => `[${text}](<${url}>)`,
  newline: "\n",
  gap: "\n\n",
};

function mentionsOf(template: string): readonly string[] {
  const words = template.replace(/\{\{.*?\}\}/gs, "");
  return [
    ...(/@everyone|@here/.test(words) ? ["everyone"] : []),
    ...(/<@&\d+>/.test(words) ? ["roles"] : []),
    ...(/<@!?\d+>/.test(words) ? ["users"] : []),
  ];
}
