import { expect, it } from "vitest";
import { parse } from "yaml";
import { shownConfig } from "../../src/alerting/shown-config";

const shown = (yaml: string): unknown => parse(shownConfig(yaml));
const HIDDEN = "http://secret.invalid/<secret>";

it("leaves what Alertmanager knows as it is", () => {
  const yaml = `global: { resolve_timeout: 5m, smtp_smarthost: "mail.test:25" }
route:
  receiver: a
  group_by: ['...']
  routes: [{ matchers: ['team="db"'], receiver: b, continue: true }]
inhibit_rules: [{ source_matchers: ['a="b"'], target_matchers: ['c="d"'], equal: [e] }]
time_intervals: [{ name: night, time_intervals: [{ weekdays: ["monday:friday"] }] }]
receivers:
- name: a
  email_configs: [{ to: ops@mail.test, headers: { Subject: s } }]
- name: b
templates: ["*.tmpl"]
`;
  expect(shown(yaml)).toEqual(parse(yaml));
});

it("hides addresses that may hold a secret behind one that tools can read", () => {
  const text = shownConfig(`global: { slack_api_url: "https://hooks.slack.test/T/B/x" }
route: { receiver: a }
receivers:
- name: a
  webhook_configs: [{ url: "https://hook.test/token" }, { url: "\${HOOK}" }]
  slack_configs: [{ api_url: "\${SLACK}", channel: "#a" }]
  pagerduty_configs: [{ routing_key: "0123", url: "https://events.pagerduty.com/v2/enqueue" }]
`);
  expect(text).not.toMatch(/token|T\/B\/x|0123|\$\{/);
  expect(parse(text)).toMatchObject({
    global: { slack_api_url: "<secret>" },
    receivers: [
      {
        webhook_configs: [{ url: HIDDEN }, { url: HIDDEN }],
        slack_configs: [{ api_url: HIDDEN, channel: "#a" }],
        pagerduty_configs: [
          { routing_key: "<secret>", url: "https://events.pagerduty.com/v2/enqueue" },
        ],
      },
    ],
  });
});

it("shows as <secret> only what tools of Alertmanager read back so, and other addresses as such", () => {
  const yaml = `global: { slack_api_url: "https://s.test/x", telegram_api_url: "https://t.test/x" }
route: { receiver: a }
receivers:
- name: a
  telegram_configs: [{ api_url: "https://t.test/x", bot_token: "1:x", chat_id: 4 }]
  discord_configs: [{ webhook_url: "https://d.test/x" }]
  msteams_configs: [{ webhook_url: "https://m.test/x" }]
`;
  expect(shown(yaml)).toMatchObject({
    global: { slack_api_url: "<secret>" },
    receivers: [
      {
        telegram_configs: [{ api_url: HIDDEN, bot_token: "<secret>" }],
        discord_configs: [{ webhook_url: "<secret>" }],
        msteams_configs: [{ webhook_url: "<secret>" }],
      },
    ],
  });
  const global = shown(yaml) as { readonly global: Readonly<Record<string, string>> };
  expect(global.global["telegram_api_url"]).toMatch(/^http/);
});

it("leaves out what is Vedette's own", () => {
  const yaml = `route: { receiver: a }
receivers:
- name: a
  incident_configs: [{ send_resolved: true }]
  builtin_configs: [{}]
  webhook_configs: [{ url: "http://h.test", rate_limit: 5, signing_secret: x, max_alerts: 3 }]
`;
  expect(shown(yaml)).toEqual({
    route: { receiver: "a" },
    receivers: [{ name: "a", webhook_configs: [{ url: HIDDEN, max_alerts: 3 }] }],
  });
});

it("writes what is only tolerated as Alertmanager has it", () => {
  const yaml = `route:
  receiver: a
  routes: [{ receiver: nobody, routes: [{ receiver: nobody-either }] }]
receivers:
- name: a
  email_configs: [{ to: x@mail.test, subject: hello, body: "text", headers: { "Reply-To": r } }]
`;
  expect(shown(yaml)).toEqual({
    route: { receiver: "a", routes: [{ receiver: "a", routes: [{ receiver: "a" }] }] },
    receivers: [
      {
        name: "a",
        email_configs: [
          { to: "x@mail.test", headers: { Subject: "hello", "Reply-To": "r" }, text: "text" },
        ],
      },
    ],
  });
});
