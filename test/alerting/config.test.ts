import { expect, it } from "vitest";
import { allRoutes } from "../../src/alerting/config";
import { parseRouterConfig } from "../../src/alerting/config-parse";
import { redactSecrets, restoreSecrets } from "../../src/alerting/config-secrets";
import { defaultConfig } from "../../src/alerting/effective-config";

const receivers = `receivers:
  - name: hook
    webhook_configs: [{ url: "http://example.com/" }]
`;

function refusal(yaml: string, check?: (url: string) => string | undefined): string {
  const r = parseRouterConfig(yaml, check);
  if (r.ok) return "accepted";
  return `${r.error.line}:${r.error.column} ${r.error.reason} ${r.error.message}`;
}

it("fills in what routes inherit, and Alertmanager's defaults", () => {
  const r = parseRouterConfig(`
route:
  receiver: hook
  group_by: [b, a]
  group_wait: 1m
  routes:
    - matchers: [ 'x="1"', y=~"2|3", '{z!="4", w!~5}' ]
      repeat_interval: 1d
      routes: [ { match: { old: "1" }, match_re: { re: "a.*" }, group_by: ['...'], continue: true } ]
${receivers}`);
  if (!r.ok) throw new Error(r.error.message);
  const [root, child, leaf] = allRoutes(r.value.route);
  expect(root).toMatchObject({
    key: "{}",
    groupBy: ["a", "b"],
    groupWaitMs: 60_000,
    groupIntervalMs: 300_000,
    repeatIntervalMs: 14_400_000,
  });
  expect(child).toMatchObject({
    id: "0/0",
    key: '{}/{w!~"5",x="1",y=~"2|3",z!="4"}',
    receiver: "hook",
    groupWaitMs: 60_000,
    repeatIntervalMs: 86_400_000,
    groupBy: ["a", "b"],
  });
  expect(leaf).toMatchObject({
    id: "0/0/0",
    groupBy: "all",
    continue: true,
    repeatIntervalMs: 86_400_000,
    key: '{}/{w!~"5",x="1",y=~"2|3",z!="4"}/{old="1",re=~"^(?:a.*)$"}',
  });
});

it("reads every delivered receiver type", () => {
  const r = parseRouterConfig(`
global: { resolve_timeout: 1m, slack_api_url: "https://hooks.slack.com/services/T/B/X" }
route: { receiver: all }
receivers:
  - name: all
    webhook_configs:
      - url: https://example.com/a
        max_alerts: 5
        timeout: 3s
        http_config: { authorization: { credentials: s3cret } }
      - url: https://example.com/b
        http_config: { basic_auth: { username: u, password: p } }
    slack_configs: [ { channel: '#ops', title: '{{ .Status }}', send_resolved: true } ]
    pagerduty_configs: [ { routing_key: k, severity: '{{ .CommonLabels.severity }}', details: { a: b } } ]
    incident_configs: [ {} ]
    builtin_configs: [ { send_resolved: false } ]
`);
  if (!r.ok) throw new Error(r.error.message);
  expect(r.value.resolveTimeoutMs).toBe(60_000);
  expect(r.value.receivers[0]?.integrations).toEqual([
    { type: "builtin", id: "all/builtin/0", sendResolved: false },
    { type: "incident", id: "all/incident/0", sendResolved: true },
    {
      type: "webhook",
      id: "all/webhook/0",
      sendResolved: true,
      url: "https://example.com/a",
      maxAlerts: 5,
      timeoutMs: 3_000,
      authorization: { kind: "bearer", type: "Bearer", credentials: "s3cret" },
    },
    {
      type: "webhook",
      id: "all/webhook/1",
      sendResolved: true,
      url: "https://example.com/b",
      maxAlerts: 0,
      authorization: { kind: "basic", username: "u", password: "p" },
    },
    {
      type: "slack",
      id: "all/slack/0",
      sendResolved: true,
      apiUrl: "https://hooks.slack.com/services/T/B/X",
      channel: "#ops",
      title: "{{ .Status }}",
    },
    {
      type: "pagerduty",
      id: "all/pagerduty/0",
      sendResolved: true,
      routingKey: "k",
      url: "https://events.pagerduty.com/v2/enqueue",
      severity: "{{ .CommonLabels.severity }}",
      details: { a: "b" },
    },
  ]);
});

it("names an address that may not be called", () => {
  const yaml = `route: { receiver: hook }\n${receivers}`;
  expect(refusal(yaml, () => "it is private")).toBe(
    "4:30 url_refused receivers[0].webhook_configs[0].url may not be called: it is private",
  );
});

it("bounds what aliases unfold to", () => {
  const level = (n: number): string =>
    `l${n}: &l${n} [${Array(20)
      .fill(`{ routes: *l${n - 1} }`)
      .join(", ")}]`;
  const yaml = `l0: &l0 [{ receiver: hook }]\n${[1, 2, 3, 4].map(level).join("\n")}\nroute: { receiver: hook, routes: *l4 }\n${receivers}`;
  expect(refusal(yaml)).toContain("too_large more than 1000 routes");
});

it("shows no secret, and takes `<secret>` for the one it has, wherever the receiver moved", () => {
  const yaml = `# ours
global: { slack_api_url: "https://hooks.slack.com/S1" }
route: { receiver: b }
receivers:
  - name: a
    webhook_configs: [{ url: "https://example.com/S2" }]
  - name: b # pages
    webhook_configs:
      - url: https://example.com/S3
        http_config: { basic_auth: { username: u, password: S4 } }
    pagerduty_configs: [{ routing_key: S5 }]
`;
  const shown = redactSecrets(yaml);
  expect(shown).not.toMatch(/S\d/);
  expect(shown).toContain("# ours");
  expect(shown.match(/<secret>/g)).toHaveLength(5);
  const moved = restoreSecrets(
    `route: { receiver: b }
receivers:
  - { name: b, pagerduty_configs: [{ routing_key: <secret> }] }
  - { name: a, webhook_configs: [{ url: "<secret>" }] }
`,
    yaml,
  );
  if (!moved.ok) throw new Error(moved.error.message);
  expect(parseRouterConfig(moved.value)).toMatchObject({
    value: {
      receivers: [
        { integrations: [{ routingKey: "S5" }] },
        { integrations: [{ url: "https://example.com/S2" }] },
      ],
    },
  });
  const same = restoreSecrets(shown, yaml);
  if (!same.ok) throw new Error(same.error.message);
  expect(parseRouterConfig(same.value)).toEqual(parseRouterConfig(yaml));
  expect(restoreSecrets(shown, undefined)).toMatchObject({
    ok: false,
    error: { reason: "secret_unknown", line: 2 },
  });
});

it("has defaults that parse: the inbox locally, incidents alone when deployed", () => {
  const types = (local: boolean): string[] =>
    defaultConfig(local).receivers.flatMap((r) => r.integrations.map((i) => i.type));
  expect(types(true)).toEqual(["builtin", "incident"]);
  expect(types(false)).toEqual(["incident"]);
});
