import { expect, it } from "vitest";
import type { PagerDutyIntegration, SlackIntegration } from "../../src/alerting/config";
import { renderRequest } from "../../src/notify/render";
import { alert, data } from "./data";

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
const two = data([
  alert({ alertname: "HighErrors", severity: "critical", instance: "a<b>&c" }),
  alert({ alertname: "HighErrors", severity: "critical", instance: "b" }, { status: "resolved" }),
]);

it("renders the webhook message as it is, with authorization, cut to max_alerts", () => {
  const request = renderRequest(
    {
      type: "webhook",
      id: "ops/webhook/0",
      sendResolved: true,
      url: "https://example.com/",
      maxAlerts: 0,
      timeoutMs: 0,
      authorization: { kind: "basic", username: "ü", password: "p" },
    },
    two,
  );
  expect(JSON.parse(request.body)).toEqual(two);
  expect(request.headers).toEqual({
    "content-type": "application/json",
    authorization: `Basic ${Buffer.from("ü:p").toString("base64")}`,
  });
  const cut = renderRequest(
    { type: "webhook", id: "x", sendResolved: true, url: "https://e/", maxAlerts: 1, timeoutMs: 0 },
    two,
  );
  expect(JSON.parse(cut.body)).toMatchObject({ truncatedAlerts: 1, alerts: [two.alerts[0]] });
});

it("renders a Slack message", () => {
  const { url, body } = renderRequest(
    { ...slack, channel: "#ops", username: "{{ .Status }} bot" },
    two,
  );
  expect(url).toBe(slack.apiUrl);
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
              text: ":red_circle: *HighErrors*\nErrors at 7 %\nmore than 5 %\n_severity=critical  instance=a&lt;b&gt;&amp;c_\n<https://vedette.example/explore?q=1|Source>",
            },
          },
          {
            type: "section",
            text: {
              type: "mrkdwn",
              text: ":large_green_circle: *HighErrors*\nErrors at 7 %\nmore than 5 %\n_severity=critical  instance=b_\n<https://vedette.example/explore?q=1|Source>",
            },
          },
          {
            type: "context",
            elements: [{ type: "mrkdwn", text: "<https://vedette.example/alerts|See all alerts>" }],
          },
        ],
      },
    ],
  });
});

interface SlackMessage {
  attachments: {
    blocks: { type: string; text?: { text: string }; elements?: { text: string }[] }[];
  }[];
}

it.each([
  ["many alerts", 500, 40],
  ["huge texts", 10, 20_000],
  ["huge texts of escapes", 3, 9_000],
])("keeps within Slack's limits: %s", (_, count, size) => {
  const text = (size === 9_000 ? '<&>\n"' : "détail 🔥 ")
    .repeat(Math.ceil(size / 5))
    .slice(0, size);
  const alerts = Array.from({ length: count }, (__, i) =>
    alert({ alertname: text.slice(0, 300), i: String(i) }, { annotations: { summary: text } }),
  );
  const { body } = renderRequest({ ...slack }, data(alerts, { groupLabels: { alertname: text } }));
  const message = JSON.parse(body) as SlackMessage;
  const blocks = message.attachments[0]?.blocks ?? [];
  expect(body.length).toBeLessThan(13_200);
  expect(blocks.length).toBeLessThanOrEqual(50);
  expect(blocks.length).toBeGreaterThanOrEqual(3);
  expect(blocks[0]?.text?.text.length).toBeLessThanOrEqual(150);
  for (const b of blocks) expect(b.text?.text.length ?? 0).toBeLessThanOrEqual(3_000);
  const sections = blocks.filter((b) => b.type === "section").length;
  const rest = blocks.at(-1)?.elements?.[0]?.text ?? "";
  if (sections < count) expect(rest).toContain(`…and ${count - sections} more.`);
  expect(rest).toContain("https://vedette.example/alerts");
  expect(body).not.toMatch(/\\ud83d(?!\\udd25)/i);
});

it("expands templates, and shows one that fails instead of losing the message", () => {
  const { body } = renderRequest(
    {
      ...slack,
      title: "{{ .CommonLabels.severity | toUpper }}: {{ len .Alerts.Firing }}",
      text: "{{ range .Alerts }}{{ .Labels.instance }};{{ end }}{{ range .CommonLabels.SortedPairs }}{{ .Name }}={{ .Value }} {{ end }}{{ len .CommonLabels }}",
    },
    two,
  );
  const blocks = (JSON.parse(body) as SlackMessage).attachments[0]?.blocks;
  expect(blocks?.[0]?.text?.text).toBe("CRITICAL: 1");
  expect(blocks?.[1]?.text?.text).toBe("a<b>&c;b;alertname=HighErrors severity=critical 2");
  const broken = renderRequest({ ...slack, title: "{{ index .Alerts 99 }}" }, two);
  expect(broken.body).toContain("template");
});

it("renders PagerDuty's trigger and resolve under one key", () => {
  const trigger = JSON.parse(renderRequest(pagerduty, two).body) as Record<string, unknown>;
  expect(trigger).toMatchObject({
    routing_key: "k",
    event_action: "trigger",
    client: "Vedette",
    client_url: "https://vedette.example/alerts",
    payload: {
      summary: "[FIRING:1] HighErrors (critical)",
      source: "vedette",
      severity: "critical",
      custom_details: { num_firing: 1, num_resolved: 1, not_shown: 0 },
    },
  });
  expect(String(trigger["dedup_key"])).toMatch(/^[0-9a-f]{32}$/);
  const resolved = data([alert({ alertname: "HighErrors" }, { status: "resolved" })]);
  expect(JSON.parse(renderRequest(pagerduty, resolved).body)).toEqual({
    routing_key: "k",
    event_action: "resolve",
    dedup_key: trigger["dedup_key"],
  });
  const warning = renderRequest(
    { ...pagerduty, severity: "warning", description: "x".repeat(3_000) },
    two,
  );
  const { payload } = JSON.parse(warning.body) as {
    payload: { severity: string; summary: string };
  };
  expect(payload.severity).toBe("warning");
  expect(payload.summary.length).toBe(1_024);
});

it("keeps within PagerDuty's 512 KB", () => {
  const alerts = Array.from({ length: 100 }, (_, i) =>
    alert({ alertname: "A", i: String(i), big: "é".repeat(20_000) }),
  );
  const { body } = renderRequest(pagerduty, data(alerts));
  expect(new TextEncoder().encode(body).length).toBeLessThanOrEqual(512_000);
  const event = JSON.parse(body) as {
    payload: { custom_details: { firing: unknown[]; not_shown: number } };
  };
  expect(event.payload.custom_details.firing.length).toBeGreaterThan(0);
  expect(event.payload.custom_details.firing.length + event.payload.custom_details.not_shown).toBe(
    100,
  );
});
