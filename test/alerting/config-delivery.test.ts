import { expect, it } from "vitest";
import type { Integration } from "../../src/alerting/config";
import type { ConfigBundle } from "../../src/alerting/config-bundle";
import { type ReadConfig, readRouterConfig } from "../../src/alerting/config-parse";

function read(
  yaml: string,
  more: Partial<ConfigBundle> = {},
  checkUrl?: (url: string) => string | undefined,
): ReadConfig {
  const bundle = { alertmanagerConfig: yaml, templateFiles: {}, files: {}, ...more };
  const r = readRouterConfig(bundle, checkUrl === undefined ? {} : { checkUrl });
  if (!r.ok) throw new Error(`${r.error.line}:${r.error.column} ${r.error.message}`);
  return r.value;
}

function only(
  type: string,
  config: string,
  rest = "",
  more: Partial<ConfigBundle> = {},
): Integration {
  const r = read(
    `route: { receiver: r }\nreceivers: [{ name: r, ${type}_configs: [${config}] }]\n${rest}`,
    more,
  );
  expect(r.undelivered).toEqual([]);
  return r.config.receivers[0]?.integrations[0] as Integration; // there is one
}

function undelivered(yaml: string, more: Partial<ConfigBundle> = {}): string[] {
  return read(yaml, more).undelivered.map((u) => `${u.line}:${u.column} ${u.reason} ${u.message}`);
}

const U = "https://example.com/x";

it("reads a webhook with its limits, its signature and its headers", () => {
  expect(
    only(
      "webhook",
      `{ url: "${U}", max_alerts: 3, timeout: 2s, rate_limit: 6, signing_secret: s, send_resolved: false,
         http_config: { authorization: { type: Token, credentials: c }, http_headers: { X-A: { values: [a, b], secrets: [c], files: [h] } } } }`,
      "",
      { files: { h: " d\n" } },
    ),
  ).toEqual({
    type: "webhook",
    id: "r/webhook/0",
    sendResolved: false,
    perMinute: 6,
    url: U,
    maxAlerts: 3,
    timeoutMs: 2_000,
    signingSecret: "s",
    authorization: { kind: "bearer", type: "Token", credentials: "c" },
    headers: [
      ["X-A", "a"],
      ["X-A", "b"],
      ["X-A", "c"],
      ["X-A", "d"],
    ],
  });
});

it("takes http_config of global where an integration has none", () => {
  const global = "global: { http_config: { basic_auth: { username: u, password_file: f } } }";
  const files = { f: "p\n" };
  expect(only("webhook", `{ url: "${U}" }`, global, { files })).toMatchObject({
    authorization: { kind: "basic", username: "u", password: "p" },
  });
  expect(only("webhook", `{ url: "${U}", http_config: {} }`, global, { files })).not.toHaveProperty(
    "authorization",
  );
});

it("chooses between Slack's addresses and tokens as Alertmanager does", () => {
  const app = "global: { slack_app_token: t }";
  const post = "https://slack.com/api/chat.postMessage";
  expect(only("slack", "{ channel: c }", app)).toMatchObject({ apiUrl: post, appToken: "t" });
  expect(only("slack", `{ app_url: "${U}" }`, app)).toMatchObject({ apiUrl: U, appToken: "t" });
  expect(only("slack", "{ app_token: own }", app)).toMatchObject({ appToken: "own" });
  expect(only("slack", `{ api_url: "${U}" }`, app)).not.toHaveProperty("appToken");
  expect(
    only("slack", "{}", "global: { slack_api_url_file: f }", { files: { f: `${U}\n` } }),
  ).toMatchObject({ apiUrl: U });
  expect(
    only(
      "slack",
      "{ http_config: { bearer_token: b } }",
      `global: { slack_app_token: t, slack_api_url: "${post}" }`,
    ),
  ).toMatchObject({
    apiUrl: post,
    authorization: { kind: "bearer", type: "Bearer", credentials: "b" },
  });
});

it("reads all of a Slack message", () => {
  expect(
    only(
      "slack",
      `{ api_url: "${U}", channel: c, username: u, color: o, title: t, title_link: l, pretext: p, text: x, message_text: m,
         fields: [{ title: a, value: b }, { title: c, value: d, short: false }], short_fields: true, footer: f, fallback: k,
         callback_id: i, icon_emoji: e, icon_url: n, image_url: g, thumb_url: h, link_names: true, mrkdwn_in: [text],
         actions: [{ type: button, text: T, url: V, name: dropped }, { type: button, text: T, name: N, value: v, style: primary, confirm: { text: q, title: w, ok_text: y, dismiss_text: z } }] }`,
    ),
  ).toEqual({
    type: "slack",
    id: "r/slack/0",
    sendResolved: false,
    apiUrl: U,
    channel: "c",
    username: "u",
    color: "o",
    title: "t",
    titleLink: "l",
    pretext: "p",
    text: "x",
    messageText: "m",
    fields: [
      { title: "a", value: "b", short: true },
      { title: "c", value: "d", short: false },
    ],
    footer: "f",
    fallback: "k",
    callbackId: "i",
    iconEmoji: "e",
    iconUrl: "n",
    imageUrl: "g",
    thumbUrl: "h",
    linkNames: true,
    mrkdwnIn: ["text"],
    actions: [
      { type: "button", text: "T", url: "V" },
      {
        type: "button",
        text: "T",
        name: "N",
        value: "v",
        style: "primary",
        confirm: { text: "q", title: "w", okText: "y", dismissText: "z" },
      },
    ],
  });
});

it("reads PagerDuty by routing key, and by service key at the address of its first API", () => {
  expect(
    only(
      "pagerduty",
      "{ routing_key_file: f, client: c, source: s, details: { a: '{{ .Status }}', n: 5, deep: [{ b: '{{ len .Alerts }}' }] }, images: [{ src: i }], links: [{ href: h, text: t }] }",
      "global: { pagerduty_url: 'https://pd.example.com/' }",
      { files: { f: "key\n" } },
    ),
  ).toEqual({
    type: "pagerduty",
    id: "r/pagerduty/0",
    sendResolved: true,
    routingKey: "key",
    url: "https://pd.example.com/",
    client: "c",
    source: "s",
    details: { a: "{{ .Status }}", n: 5, deep: [{ b: "{{ len .Alerts }}" }] },
    images: [{ src: "i" }],
    links: [{ href: "h", text: "t" }],
  });
  expect(only("pagerduty", "{ service_key: k }")).toMatchObject({
    version: 1,
    routingKey: "k",
    url: "https://events.pagerduty.com/generic/2010-04-15/create_event.json",
  });
});

it("reads mail with headers in one spelling", () => {
  expect(
    only(
      "email",
      "{ to: 'a@x.org, b@x.org', headers: { subject: S, reply-to: R }, html: '', text: T }",
    ),
  ).toEqual({
    type: "email",
    id: "r/email/0",
    sendResolved: false,
    to: "a@x.org, b@x.org",
    headers: { Subject: "S", "Reply-To": "R" },
    html: "",
    text: "T",
  });
});

it("reads Discord, both ways of Teams, and Telegram", () => {
  expect(
    only(
      "discord",
      `{ webhook_url: "${U}", title: t, message: m, content: c, username: u, avatar_url: a }`,
    ),
  ).toEqual({
    type: "discord",
    id: "r/discord/0",
    sendResolved: true,
    webhookUrl: U,
    title: "t",
    message: "m",
    content: "c",
    username: "u",
    avatarUrl: "a",
  });
  expect(only("msteams", `{ webhook_url: "${U}", summary: s }`)).toEqual({
    type: "msteams",
    id: "r/msteams/0",
    sendResolved: true,
    webhookUrl: U,
    summary: "s",
  });
  expect(only("msteamsv2", "{ webhook_url_file: f, text: t }", "", { files: { f: U } })).toEqual({
    type: "msteamsv2",
    id: "r/msteamsv2/0",
    sendResolved: true,
    webhookUrl: U,
    text: "t",
  });
  expect(
    only(
      "telegram",
      "{ chat_id_file: f, message_thread_id: 7 }",
      "global: { telegram_bot_token: b }",
      {
        files: { f: "-100123\n" },
      },
    ),
  ).toEqual({
    type: "telegram",
    id: "r/telegram/0",
    sendResolved: true,
    apiUrl: "https://api.telegram.org",
    botToken: "b",
    chatId: -100123,
    messageThreadId: 7,
    disableNotifications: false,
    parseMode: "HTML",
  });
});

it("reads time intervals and what routes say of them", () => {
  const { config } = read(`
route:
  receiver: r
  labels: { team: a, tier: "1" }
  routes:
    - { mute_time_intervals: [old, new], labels: { tier: "2" } }
    - { active_time_intervals: [new] }
mute_time_intervals:
  - { name: old, time_intervals: [{ weekdays: ['saturday', 'sunday:monday'] }] }
time_intervals:
  - name: new
    time_intervals:
      - times: [{ start_time: '09:00', end_time: '24:00' }]
        days_of_month: ['1:5', '-3:-1', 31]
        months: [January, '5:8']
        years: ['2026:2027', 2030]
        location: Australia/Sydney
receivers: [{ name: r, labels: { owner: o } }]`);
  expect(config.timeIntervals).toEqual([
    {
      name: "old",
      intervals: [
        {
          times: [],
          weekdays: [
            { begin: 6, end: 6 },
            { begin: 0, end: 1 },
          ],
          daysOfMonth: [],
          months: [],
          years: [],
          location: "UTC",
        },
      ],
    },
    {
      name: "new",
      intervals: [
        {
          times: [{ startMinute: 540, endMinute: 1440 }],
          weekdays: [],
          daysOfMonth: [
            { begin: 1, end: 5 },
            { begin: -3, end: -1 },
            { begin: 31, end: 31 },
          ],
          months: [
            { begin: 1, end: 1 },
            { begin: 5, end: 8 },
          ],
          years: [
            { begin: 2026, end: 2027 },
            { begin: 2030, end: 2030 },
          ],
          location: "Australia/Sydney",
        },
      ],
    },
  ]);
  const [muted, active] = config.route.routes;
  expect(muted).toMatchObject({
    muteTimeIntervals: ["old", "new"],
    labels: { team: "a", tier: "2" },
  });
  expect(active).toMatchObject({
    activeTimeIntervals: ["new"],
    labels: { team: "a", tier: "1" },
  });
  expect(config.receivers[0]?.labels).toEqual({ owner: "o", name: "r" });
});

it("leaves out an interval with a list that is empty, as no moment lies in it", () => {
  const { config } = read(`route: { receiver: r }
receivers: [{ name: r }]
time_intervals: [{ name: t, time_intervals: [{ times: [] }, { months: ['1'], years: }] }]`);
  expect(config.timeIntervals?.[0]?.intervals.map((i) => i.months)).toEqual([
    [{ begin: 1, end: 1 }],
  ]);
});

it("names every type that is not delivered, with its place", () => {
  const yaml = `route: { receiver: r }
receivers:
  - name: r
    incidentio_configs: [{ url: "${U}", alert_source_token: a }]
    jira_configs: [{ api_url: "${U}", project: a, issue_type: b }]
    mattermost_configs: [{ webhook_url: "${U}" }]
    opsgenie_configs: [{ api_key: a }]
    pushover_configs: [{ token: a, user_key: b }]
    rocketchat_configs: [{ token: a, token_id: b }]
    sns_configs: [{ topic_arn: a }]
    victorops_configs: [{ api_key: a, routing_key: b }]
    webex_configs: [{ room_id: a, http_config: { authorization: { credentials: b } } }]
    wechat_configs: [{ api_secret: a, corp_id: b }]
    webhook_configs: [{ url: "${U}" }]
`;
  const at = [
    "4:25 not_delivered not delivered: receivers[0].incidentio_configs",
    "5:19 not_delivered not delivered: receivers[0].jira_configs",
    "6:25 not_delivered not delivered: receivers[0].mattermost_configs",
    "7:23 not_delivered not delivered: receivers[0].opsgenie_configs",
    "8:23 not_delivered not delivered: receivers[0].pushover_configs",
    "9:25 not_delivered not delivered: receivers[0].rocketchat_configs",
    "10:18 not_delivered not delivered: receivers[0].sns_configs",
    "11:24 not_delivered not delivered: receivers[0].victorops_configs",
    "12:20 not_delivered not delivered: receivers[0].webex_configs",
    "13:21 not_delivered not delivered: receivers[0].wechat_configs",
  ];
  expect(undelivered(yaml)).toEqual(at.map((line) => `${line} (receiver "r")`));
  expect(read(yaml).config.receivers[0]?.integrations.map((i) => i.type)).toEqual(["webhook"]);
});

it.each([
  ["webhook", "{ url: 'https://x/{{ .Status }}' }", "url as a template"],
  ["webhook", `{ url: "${U}", http_config: { proxy_url: 'http://p' } }`, "http_config.proxy_url"],
  ["webhook", `{ url: "${U}", http_config: { tls_config: { ca: x } } }`, "http_config.tls_config"],
  [
    "webhook",
    `{ url: "${U}", http_config: { oauth2: { client_id: a, token_url: b } } }`,
    "http_config.oauth2",
  ],
  [
    "webhook",
    `{ url: "${U}", http_config: { authorization: { credentials_ref: a } } }`,
    "http_config.authorization.credentials_ref",
  ],
  [
    "slack",
    "{ api_url: 'https://slack.com/api/chat.postMessage', update_message: true }",
    "update_message",
  ],
  ["email", "{ to: a, threading: { enabled: true, thread_by_date: none } }", "threading"],
])("names what of %s_configs cannot be done: %s", (type, config, what) => {
  const yaml = `route: { receiver: r }\nreceivers: [{ name: r, ${type}_configs: [${config}] }]`;
  const [first, ...rest] = undelivered(yaml);
  expect(rest).toEqual([]);
  expect(first).toContain(`not_delivered not delivered: receivers[0].${type}_configs[0].${what}`);
});

it("names a receiver's name that is too long for an object's", () => {
  const name = "r".repeat(201);
  expect(undelivered(`route: { receiver: ${name} }\nreceivers: [{ name: ${name} }]`)).toEqual([
    "2:21 value_wrong receivers[0].name has more than 200 characters",
  ]);
});

it("names what of the global http_config cannot be done once", () => {
  const yaml = `global: { http_config: { proxy_url: http://p, tls_config: { insecure_skip_verify: true } } }
route: { receiver: r }
receivers: [{ name: r, webhook_configs: [{ url: "${U}" }, { url: "${U}" }] }]`;
  expect(undelivered(yaml)).toEqual([
    "1:59 not_delivered not delivered: global.http_config.tls_config",
    "1:37 not_delivered not delivered: global.http_config.proxy_url",
  ]);
});

it("names files that did not come, addresses that may not be called and texts that are no templates", () => {
  const yaml = `route: { receiver: r }
receivers:
  - name: r
    webhook_configs: [{ url_file: /etc/url }]
    discord_configs: [{ webhook_url: "http://10.0.0.1/", title: "{{ .A" }]
    telegram_configs: [{ chat_id_file: /etc/chat, bot_token: t }]
`;
  const bundle = {
    alertmanagerConfig: yaml,
    templateFiles: { "a.tmpl": '{{ define "x" }}{{ .B' },
    files: { "/etc/chat": "everybody" },
  };
  const r = readRouterConfig(bundle, {
    checkUrl: (url) => (url.includes("10.0.0.1") ? "it is private" : undefined),
    templates: new Set(),
  });
  if (!r.ok) throw new Error(r.error.message);
  expect(r.value.undelivered.map((u) => `${u.line}:${u.column} ${u.reason} ${u.message}`)).toEqual([
    '4:35 not_delivered the file "/etc/url" did not come with the configuration',
    "5:38 url_refused receivers[0].discord_configs[0].webhook_url may not be called: it is private",
    expect.stringContaining("5:65 value_wrong receivers[0].discord_configs[0].title: "),
    "6:40 value_wrong receivers[0].telegram_configs[0].chat_id_file does not hold a chat's number",
    expect.stringContaining("1:1 value_wrong template file a.tmpl: "),
  ]);
});

it("names templates that are called and defined nowhere", () => {
  const yaml = `route: { receiver: r, labels: { a: '{{ template "route" . }}' } }
receivers:
  - name: r
    slack_configs:
      - api_url: "${U}"
        title: '{{ template "ours" . }}{{ template "a.tmpl" . }}{{ template "slack.default.title" . }}'
        text: '{{ define "own" }}x{{ end }}{{ template "own" . }}{{ if .Status }}{{ else }}{{ template "lost" . }}{{ end }}'
`;
  const bundle = {
    alertmanagerConfig: yaml,
    templateFiles: {
      "templates/a.tmpl": '{{ define "ours" }}{{ template "theirs" . }}{{ end }}',
      "b.tmpl": '{{ define "theirs" }}{{ range .Alerts }}{{ template "gone" . }}{{ end }}{{ end }}',
    },
    files: {},
  };
  const r = readRouterConfig(bundle, { templates: new Set(["slack.default.title"]) });
  if (!r.ok) throw new Error(r.error.message);
  expect(r.value.undelivered.map((u) => `${u.line}:${u.column} ${u.message}`)).toEqual([
    '7:15 receivers[0].slack_configs[0].text calls the template "lost", which no file defines',
    '1:36 labels.a calls the template "route", which no file defines',
    '1:1 template file b.tmpl calls the template "gone", which no file defines',
  ]);
});

it("tells patterns of templates of which no file came", () => {
  const yaml = `route: { receiver: r }
receivers: [{ name: r }]
templates: ['/etc/am/*.tmpl', 'b?.t[mx]l', 'c.tmpl', 'd(1)+[^a-c].x', 'e.*']`;
  const templateFiles = { "am/a.tmpl": "", "bx.tml": "", "d(1)+d.x": "" };
  expect(read(yaml, { templateFiles }).notices).toEqual([
    {
      name: "templates_missing",
      message: "no file of this pattern came with the configuration",
      places: [
        { line: 3, column: 44, what: "c.tmpl" },
        { line: 3, column: 71, what: "e.*" },
      ],
    },
  ]);
});

it("says what is taken without an effect", () => {
  const r = read(`global: { smtp_smarthost: 'a:25' }
route: { receiver: r }
receivers: [{ name: r, email_configs: [{ to: a, smarthost: 'b:25', tls_config: {} }] }]
tracing: { endpoint: a }`);
  expect(r.warnings).toEqual([]);
  expect(r.notices.map((n) => [n.name, n.places.map((p) => p.what)])).toEqual([
    [
      "smtp_unused",
      [
        "global.smtp_smarthost",
        "receivers[0].email_configs[0].smarthost",
        "receivers[0].email_configs[0].tls_config",
      ],
    ],
    ["section_unused", ["tracing"]],
  ]);
});

it("reads a webhook's own payload as it stands: aliases, numbers, flags, null, and names that objects have", () => {
  const payload =
    "{ text: '{{ .Status }}', list: [1, 2.5, true, null, &a [x]], again: *a, '{{ .Receiver }}': k, __proto__: p, big: 1e23 }";
  expect(only("webhook", `{ url: "${U}", payload: ${payload} }`)).toMatchObject({
    payload: Object.fromEntries<unknown>([
      ["text", "{{ .Status }}"],
      ["list", [1, 2.5, true, null, ["x"]]],
      ["again", ["x"]],
      ["{{ .Receiver }}", "k"],
      ["__proto__", "p"],
      ["big", 1e23],
    ]),
  });
  expect(only("webhook", `{ url: "${U}", payload: "{{ toJson .Alerts }}" }`)).toMatchObject({
    payload: "{{ toJson .Alerts }}",
  });
});

it.each([
  ["{ a: [{ b: '{{ .Status' }] }", "payload: "],
  [`${"[".repeat(60)}${"]".repeat(60)}`, "payload holds too many values, or nests too deeply"],
  [`[${"1,".repeat(6_000)}1]`, "payload holds too many values, or nests too deeply"],
])("refuses a payload that can never be sent", (payload, what) => {
  const yaml = `route: { receiver: r }\nreceivers: [{ name: r, webhook_configs: [{ url: "${U}", payload: ${payload} }] }]`;
  const [first, ...rest] = undelivered(yaml);
  expect(rest).toEqual([]);
  expect(first).toContain(`value_wrong receivers[0].webhook_configs[0].${what}`);
});
