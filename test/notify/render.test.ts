import { createHmac } from "node:crypto";
import { expect, it } from "vitest";
import type {
  DiscordIntegration,
  MsTeamsIntegration,
  PagerDutyIntegration,
  SlackIntegration,
  TelegramIntegration,
  WebhookIntegration,
} from "../../src/alerting/config";
import { renderRequest } from "../../src/notify/render";
import { groupHash } from "../../src/notify/message";
import { signature } from "../../src/notify/webhook";
import { LINKS, alert, data, message } from "./data";

const webhook: WebhookIntegration = {
  type: "webhook",
  id: "ops/webhook/0",
  sendResolved: true,
  url: "https://example.com/",
  maxAlerts: 0,
};
const slack: SlackIntegration = {
  type: "slack",
  id: "ops/slack/0",
  sendResolved: true,
  apiUrl: "https://hooks.slack.com/services/T/B/X",
};
const pagerduty: PagerDutyIntegration = {
  type: "pagerduty",
  id: "ops/pagerduty/0",
  sendResolved: true,
  routingKey: "k",
  url: "https://events.pagerduty.com/v2/enqueue",
};
const discord: DiscordIntegration = {
  type: "discord",
  id: "ops/discord/0",
  sendResolved: true,
  webhookUrl: "https://discord.com/api/webhooks/1/x",
};
const teams: MsTeamsIntegration = {
  type: "msteamsv2",
  id: "ops/msteamsv2/0",
  sendResolved: true,
  webhookUrl: "https://prod-1.westeurope.logic.azure.com/workflows/x",
};
const telegram: TelegramIntegration = {
  type: "telegram",
  id: "ops/telegram/0",
  sendResolved: true,
  apiUrl: "https://api.telegram.org",
  botToken: "1:abc",
  chatId: -100_123,
  disableNotifications: false,
  parseMode: "HTML",
};
const two = data([
  alert({ alertname: "HighErrors", severity: "critical", instance: "a<b>&c" }),
  alert({ alertname: "HighErrors", severity: "critical", instance: "b" }, { status: "resolved" }),
]);

it("renders the webhook message as it is, with authorization and headers, cut to max_alerts", () => {
  const request = renderRequest(
    {
      ...webhook,
      authorization: { kind: "basic", username: "ü", password: "p" },
      headers: [["X-Team", "ops"]],
    },
    message(two, { links: LINKS }),
  );
  expect(JSON.parse(request.body)).toEqual(two);
  expect(request.headers).toEqual({
    "content-type": "application/json",
    authorization: `Basic ${Buffer.from("ü:p").toString("base64")}`,
    "X-Team": "ops",
    "idempotency-key": "message-1",
    link: `<${LINKS.acknowledge}>; rel="acknowledge", <${LINKS.silence}>; rel="silence", <${LINKS.resolve}>; rel="resolve"`,
  });
  const cut = renderRequest({ ...webhook, maxAlerts: 1 }, message(two));
  expect(JSON.parse(cut.body)).toMatchObject({ truncatedAlerts: 1, alerts: [two.alerts[0]] });
});

it("signs a webhook so that anybody with the secret can check it", async () => {
  const body = '{"ü":1}';
  const signed = await signature("s3cret", body, 1_700_000_000_999);
  const mac = createHmac("sha256", "s3cret").update(`1700000000.${body}`).digest("hex");
  expect(signed).toBe(`t=1700000000,v1=${mac}`);
});

it("hashes a group's key as Alertmanager does", async () => {
  // printf %s '{}:{alertname="HighErrors"}' | sha256sum
  expect(await groupHash('{}:{alertname="HighErrors"}')).toBe(
    "b61c3868f1592c9d38c00af5b6dac7807d96d66e3aee06f0fa02080e38412fb0",
  );
});

it("links the runbook that an alert names, whatever the service, and nothing that is no address", () => {
  const url = "https://wiki.example/runbooks/errors?a=1";
  const named = data([
    alert({ alertname: "A" }, { annotations: { summary: "s", runbook_url: url } }),
  ]);
  const all = [
    slack,
    discord,
    teams,

    telegram,
    pagerduty,
  ];
  for (const integration of all)
    expect(renderRequest(integration, message(named)).body, integration.type).toContain(
      integration.type === "telegram" ? url.replaceAll("&", "&amp;") : url,
    );
  const hostile = data([
    alert({ alertname: "A" }, { annotations: { runbook_url: "javascript:alert(1)" } }),
  ]);
  for (const integration of all)
    expect(renderRequest(integration, message(hostile)).body).not.toContain("javascript:");
});

it("renders a Slack message of its own form", () => {
  const { url, body } = renderRequest(
    { ...slack, channel: "#ops", username: "{{ .Status }} bot" },
    message(two, { links: LINKS }),
  );
  expect(url).toBe(slack.apiUrl);
  const source = "<https://vedette.example/explore?q=1|Source>";
  expect(JSON.parse(body)).toEqual({
    text: "[FIRING:1] HighErrors (critical)",
    channel: "#ops",
    username: "firing bot",
    attachments: [
      {
        color: "#d92c2c",
        blocks: [
          {
            type: "header",
            text: { type: "plain_text", text: "[FIRING:1] HighErrors (critical)" },
          },
          {
            type: "section",
            text: {
              type: "mrkdwn",
              text: `🔴 *HighErrors*\nErrors at 7 %\nmore than 5 %\n_severity=critical  instance=a&lt;b&gt;&amp;c_\n${source}`,
            },
          },
          {
            type: "section",
            text: {
              type: "mrkdwn",
              text: `🟢 *HighErrors*\nErrors at 7 %\nmore than 5 %\n_severity=critical  instance=b_\n${source}`,
            },
          },
          {
            type: "actions",
            elements: [
              ["Acknowledge", LINKS.acknowledge],
              ["Silence", LINKS.silence],
              ["Resolve", LINKS.resolve],
            ].map(([text, link]) => ({
              type: "button",
              text: { type: "plain_text", text },
              url: link,
              action_id: text?.toLowerCase(),
            })),
          },
          {
            type: "context",
            elements: [
              {
                type: "mrkdwn",
                text: "<https://vedette.example/alerts|See all alerts> · Sent because: first notification",
              },
            ],
          },
        ],
      },
    ],
  });
});

it("sends with an app token by chat.postMessage", () => {
  const { url, headers } = renderRequest(
    {
      ...slack,
      apiUrl: "https://slack.com/api/chat.postMessage",
      appToken: "xoxb-1",
      channel: "#ops",
    },
    message(two),
  );
  expect(url).toBe("https://slack.com/api/chat.postMessage");
  expect(headers).toMatchObject({
    authorization: "Bearer xoxb-1",
    "content-type": "application/json; charset=utf-8",
  });
});

it("makes Alertmanager's attachment of a receiver that says what it contains", () => {
  const { body } = renderRequest(
    {
      ...slack,
      title: "{{ .CommonLabels.severity | toUpper }}: {{ len .Alerts.Firing }}",
      titleLink: "https://example.com/{{ .CommonLabels.severity }}",
      pretext: "pre",
      text: "{{ range .Alerts }}{{ .Labels.instance }};{{ end }}{{ range .CommonLabels.SortedPairs }}{{ .Name }}={{ .Value }} {{ end }}{{ len .CommonLabels }}",
      fallback: "fall",
      footer: "foot",
      imageUrl: "https://example.com/i.png",
      thumbUrl: "https://example.com/t.png",
      callbackId: "cb",
      color: "good",
      linkNames: true,
      messageText: "msg {{ .Status }}",
      iconEmoji: ":x:",
      mrkdwnIn: ["text"],
      fields: [{ title: "T", value: "{{ .Status }}", short: true }],
      actions: [{ type: "button", text: "Go", url: "https://example.com/go", style: "primary" }],
    },
    message(two, { links: LINKS }),
  );
  expect(JSON.parse(body)).toEqual({
    text: "msg firing",
    icon_emoji: ":x:",
    link_names: true,
    attachments: [
      {
        color: "good",
        title: "CRITICAL: 1",
        title_link: "https://example.com/critical",
        pretext: "pre",
        text: "a<b>&c;b;alertname=HighErrors severity=critical 2",
        fallback: "fall",
        footer: "foot",
        image_url: "https://example.com/i.png",
        thumb_url: "https://example.com/t.png",
        callback_id: "cb",
        mrkdwn_in: ["text"],
        fields: [{ title: "T", value: "firing", short: true }],
        actions: [
          { type: "button", text: "Acknowledge", url: LINKS.acknowledge },
          { type: "button", text: "Silence", url: LINKS.silence },
          { type: "button", text: "Resolve", url: LINKS.resolve },
          { type: "button", text: "Go", url: "https://example.com/go", style: "primary" },
        ],
      },
    ],
  });
  const broken = renderRequest({ ...slack, title: "{{ index .Alerts 99 }}" }, message(two));
  expect(broken.body).toContain("template");
});

it("renders PagerDuty's trigger and resolve under one key", () => {
  const context = message(two, { links: LINKS });
  const trigger = JSON.parse(
    renderRequest(
      {
        ...pagerduty,
        source: "{{ .CommonLabels.severity }}-source",
        images: [{ src: "https://example.com/i.png", alt: "{{ .Status }}" }, { src: "no" }],
        links: [{ href: "https://example.com/run", text: "Runbook" }],
        details: { extra: "{{ .Status }}" },
      },
      context,
    ).body,
  ) as Record<string, unknown>;
  expect(trigger).toMatchObject({
    routing_key: "k",
    event_action: "trigger",
    dedup_key: context.groupHash,
    client: "Vedette",
    client_url: "https://vedette.example/alerts",
    images: [{ src: "https://example.com/i.png", alt: "firing" }],
    links: [
      { href: "https://example.com/run", text: "Runbook" },
      { href: LINKS.acknowledge, text: "Acknowledge" },
      { href: LINKS.silence, text: "Silence" },
      { href: LINKS.resolve, text: "Resolve" },
      { href: "https://vedette.example/alerts", text: "See all alerts" },
    ],
    payload: {
      summary: "[FIRING:1] HighErrors (critical)",
      source: "critical-source",
      severity: "critical",
      custom_details: {
        num_firing: 1,
        num_resolved: 1,
        not_shown: 0,
        extra: "firing",
        reason: "first notification",
      },
    },
  });
  const resolved = data([alert({ alertname: "HighErrors" }, { status: "resolved" })]);
  expect(JSON.parse(renderRequest(pagerduty, message(resolved)).body)).toEqual({
    routing_key: "k",
    event_action: "resolve",
    dedup_key: context.groupHash,
  });
  const warning = renderRequest(
    { ...pagerduty, severity: "warning", description: "x".repeat(3_000) },
    message(two),
  );
  const { payload } = JSON.parse(warning.body) as {
    payload: { severity: string; summary: string };
  };
  expect(payload.severity).toBe("warning");
  expect(payload.summary.length).toBe(1_024);
});

it("speaks PagerDuty's old API to service keys", () => {
  const old = { ...pagerduty, version: 1 as const };
  const { url, body } = renderRequest(old, message(two, { links: LINKS }));
  expect(url).toBe("https://events.pagerduty.com/generic/2010-04-15/create_event.json");
  expect(JSON.parse(body)).toMatchObject({
    service_key: "k",
    incident_key: message(two).groupHash,
    event_type: "trigger",
    description: "[FIRING:1] HighErrors (critical)",
    details: { num_firing: 1, actions: { acknowledge: LINKS.acknowledge } },
  });
  const own = renderRequest({ ...old, url: "http://127.0.0.1:1/v1" }, message(two));
  expect(own.url).toBe("http://127.0.0.1:1/v1");
});

it("renders a Discord embed in which nobody is pinged by a label", () => {
  const at = data([
    alert({ alertname: "@everyone *bold*" }, { annotations: { summary: "[x](y)" } }),
  ]);
  const { url, body } = renderRequest(
    { ...discord, content: "<@&7> {{ .CommonLabels.severity }}", username: "bot" },
    message(at, { links: LINKS }),
  );
  expect(url).toBe(discord.webhookUrl);
  const sent = JSON.parse(body) as { embeds: { description: string }[] };
  expect(sent).toMatchObject({
    content: "<@&7> critical",
    username: "bot",
    allowed_mentions: { parse: ["roles"] },
    embeds: [
      {
        title: "[FIRING:1] HighErrors (critical)",
        url: "https://vedette.example/alerts",
        color: 0xd9_2c_2c,
        footer: { text: "Sent because: first notification" },
      },
    ],
  });
  const text = sent.embeds[0]?.description ?? "";
  expect(text).toContain(String.raw`**\@everyone \*bold\***`);
  expect(text).toContain(String.raw`\[x\]\(y\)`);
  expect(text).toContain(`[Acknowledge](${LINKS.acknowledge})`);
  const own = renderRequest({ ...discord, title: "t", message: "m {{ .Status }}" }, message(two));
  expect(JSON.parse(own.body)).toMatchObject({ embeds: [{ title: "t", description: "m firing" }] });
});

it("renders a connector card and an adaptive card for Teams", () => {
  const context = message(two, { links: LINKS });
  const { body } = renderRequest({ ...teams, type: "msteams", summary: "sum" }, context);
  const card = JSON.parse(body) as { text: string; potentialAction: { name: string }[] };
  expect(card).toMatchObject({
    "@type": "MessageCard",
    "@context": "https://schema.org/extensions",
    title: "[FIRING:1] HighErrors (critical)",
    summary: "sum",
    themeColor: "d92c2c",
  });
  expect(card.text).toContain(String.raw`instance=a&lt;b>&amp;c`);
  expect(card.potentialAction.map((a) => a.name)).toEqual([
    "Acknowledge",
    "Silence",
    "Resolve",
    "See all alerts",
  ]);
  const adaptive = JSON.parse(renderRequest({ ...teams, text: "own {{ .Status }}" }, context).body);
  expect(adaptive).toMatchObject({
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        content: {
          type: "AdaptiveCard",
          version: "1.4",
          body: [
            { type: "TextBlock", color: "Attention" },
            { type: "TextBlock", text: "own firing", wrap: true },
            { type: "TextBlock", text: "Sent because: first notification" },
          ],
          actions: [
            { type: "Action.OpenUrl", title: "Acknowledge", url: LINKS.acknowledge },
            { title: "Silence" },
            { title: "Resolve" },
            { title: "See all alerts" },
          ],
        },
      },
    ],
  });
});

interface TelegramBody {
  readonly chat_id: number;
  readonly text: string;
  readonly parse_mode?: string;
  readonly message_thread_id?: number;
  readonly reply_markup?: { readonly inline_keyboard: unknown[][] };
}

it("sends to a chat of Telegram, and in plain form where its markup was refused", () => {
  const integration: TelegramIntegration = { ...telegram, messageThreadId: 7 };
  const { url, body } = renderRequest(integration, message(two, { links: LINKS }));
  expect(url).toBe("https://api.telegram.org/bot1:abc/sendMessage");
  const sent = JSON.parse(body) as TelegramBody;
  expect(sent).toMatchObject({
    chat_id: -100_123,
    message_thread_id: 7,
    parse_mode: "HTML",
    disable_notification: false,
    reply_markup: {
      inline_keyboard: [[{ text: "Acknowledge", url: LINKS.acknowledge }, {}, {}]],
    },
  });
  expect(sent.text).toContain("<b>[FIRING:1] HighErrors (critical)</b>");
  expect(sent.text).toContain("instance=a&lt;b&gt;&amp;c");
  const plain = JSON.parse(
    renderRequest(integration, message(two, { links: LINKS, plain: true })).body,
  ) as TelegramBody;
  expect(plain.parse_mode).toBeUndefined();
  expect(plain.reply_markup).toBeUndefined();
  expect(plain.text).toContain("instance=a<b>&c");
  expect(plain.text).toContain(`Silence: ${LINKS.silence}`);
});

it("escapes what a template of Telegram inserts into HTML, and cuts what is too long without its markup", () => {
  const own: TelegramIntegration = {
    ...telegram,
    message: "<b>{{ .Status }}</b>{{ range .Alerts }}<i>{{ .Labels.instance }}</i>{{ end }}",
  };
  const short = JSON.parse(renderRequest(own, message(two)).body) as TelegramBody;
  expect(short.text).toBe("<b>firing</b><i>a&lt;b&gt;&amp;c</i><i>b</i>");
  const many = data(Array.from({ length: 400 }, (_, i) => alert({ instance: `<${i} long name>` })));
  const long = JSON.parse(renderRequest(own, message(many)).body) as TelegramBody;
  expect(long.parse_mode).toBeUndefined();
  expect(long.text.length).toBeLessThanOrEqual(4_096);
  expect(long.text).toMatch(/^firing<0 long name><1 long name>/);
  expect(long.text).toContain("https://vedette.example/alerts");
});

it.each([
  ["MarkdownV2", String.raw`*\[FIRING:1\] HighErrors \(critical\)*`],
  ["Markdown", String.raw`\[FIRING:1] HighErrors (critical)`],
  ["", "[FIRING:1] HighErrors (critical)"],
] as const)("writes Telegram's %s", (parseMode, title) => {
  const { text } = JSON.parse(
    renderRequest({ ...telegram, parseMode }, message(two)).body,
  ) as TelegramBody;
  expect(text.split("\n")[0]).toBe(title);
});

it("sends a webhook's own payload: what toJson renders is JSON, whatever else a label says stays text", () => {
  const two = data([
    alert({ alertname: "A", code: "500", evil: '{"x": 1' }),
    alert({ alertname: "A", code: "500", evil: "[1]" }, { status: "resolved" }),
  ]);
  const { body } = renderRequest(
    {
      ...webhook,
      payload: {
        "{{ .Status }}": "{{ (index .Alerts 0).Labels.code }}",
        labels: "{{ toJson (index .Alerts 1).Labels }}",
        names: ["{{ (index .Alerts 0).Labels.evil }}", "[1]", 5, true, null],
      },
    },
    message(two),
  );
  expect(JSON.parse(body)).toEqual({
    firing: "500",
    labels: { alertname: "A", code: "500", evil: "[1]" },
    names: ['{"x": 1', "[1]", 5, true, null],
  });
  const whole = renderRequest({ ...webhook, payload: "{{ toJson .Alerts }}" }, message(two));
  expect(JSON.parse(whole.body)).toMatchObject([{ status: "firing" }, { status: "resolved" }]);
});

it("refuses to make a payload that no receiver could take", () => {
  const big = alert({ alertname: "A", text: "x".repeat(50_000) });
  const payload = Array.from({ length: 50 }, () => "{{ (index .Alerts 0).Labels.text }}");
  expect(() => renderRequest({ ...webhook, payload }, message(data([big])))).toThrow(RangeError);
});

it("keeps the shape of PagerDuty's details, and cuts the texts in it", () => {
  const { body } = renderRequest(
    {
      ...pagerduty,
      details: {
        deep: [{ count: "{{ len .Alerts }}", long: `${"x".repeat(30_000)}{{ .Status }}` }],
        n: 5,
      },
    },
    message(data([alert({ alertname: "A" })])),
  );
  const event = JSON.parse(body) as {
    payload: { custom_details: { n: number; deep: { count: string; long: string }[] } };
  };
  const { n, deep } = event.payload.custom_details;
  expect([n, deep[0]?.count, deep[0]?.long.length]).toEqual([5, "1", 20_000]);
});

it("asks before a Slack action where the receiver wants it", () => {
  const confirm = { text: "Drain {{ .CommonLabels.severity }}?", okText: "o".repeat(40) };
  const { body } = renderRequest(
    { ...slack, actions: [{ type: "button", text: "Drain", name: "drain", confirm }] },
    message(data([alert({ alertname: "A" })])),
  );
  expect(body).toContain(
    '"confirm":{"text":"Drain critical?","ok_text":"ooooooooooooooooooooooooooo…"}',
  );
});

it("takes a severity that is called like something of JavaScript's for any other word", () => {
  for (const severity of ["constructor", "__proto__", "toString"]) {
    const body = renderRequest({ ...pagerduty, severity }, message(two)).body;
    expect(JSON.parse(body)).toMatchObject({ payload: { severity: "error" } });
  }
});
