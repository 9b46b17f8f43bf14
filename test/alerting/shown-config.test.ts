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
