import { existsSync, globSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { allRoutes } from "../../src/alerting/config";
import { type ReadOptions, readRouterConfig } from "../../src/alerting/config-parse";

const SECRETS: Readonly<Record<string, string>> = {
  SMTP_PASSWORD: "p4ss",
  SLACK_WEBHOOK_URL: "https://hooks.slack.com/services/T/B/X",
};
const secrets = (name: string): string | undefined => SECRETS[name];

function read(yaml: string, options: ReadOptions = { secrets }) {
  return readRouterConfig({ alertmanagerConfig: yaml, templateFiles: {}, files: {} }, options);
}

const FILE = `
global:
  smtp_smarthost: 'smtp.example.com:587'
  smtp_from: 'alerts@example.com'
  smtp_auth_password: '\${SMTP_PASSWORD}'
route:
  group_by: [alertname]
  receiver: everybody
  routes:
    - match: { severity: critical }
      receiver: pager
      continue: true
    - match: { severity: warning }
      receiver: warners
receivers:
  - name: everybody
    email_configs:
      - to: ops@example.com
        subject: '[Alert] {{ .GroupLabels.alertname }}'
        body: "{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}"
  - name: pager
    slack_configs:
      - api_url: '\${SLACK_WEBHOOK_URL}'
`;

it("understands three things that Alertmanager does not, and names each with its places", () => {
  const r = read(FILE);
  if (!r.ok) throw new Error(r.error.message);
  expect(
    r.value.warnings.map((w) => [w.name, w.places.map((p) => `${p.line}:${p.column} ${p.what}`)]),
  ).toEqual([
    ["variables_filled", ["5:23 SMTP_PASSWORD", "23:18 SLACK_WEBHOOK_URL"]],
    [
      "email_subject_body",
      ["19:18 receivers[0].email_configs[0].subject", "20:15 receivers[0].email_configs[0].body"],
    ],
    ["receiver_undefined", ["14:17 warners"]],
  ]);
  expect(r.value.notices.map((n) => [n.name, n.places.map((p) => p.what)])).toEqual([
    ["smtp_unused", ["global.smtp_smarthost", "global.smtp_auth_password"]],
  ]);
  expect(r.value.undelivered).toEqual([]);
  expect(r.value.config.receivers).toEqual([
    {
      name: "everybody",
      integrations: [
        {
          type: "email",
          id: "everybody/email/0",
          sendResolved: false,
          to: "ops@example.com",
          from: "alerts@example.com",
          headers: { Subject: "[Alert] {{ .GroupLabels.alertname }}" },
          html: "",
          text: "{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}",
        },
      ],
    },
    {
      name: "pager",
      integrations: [
        {
          type: "slack",
          id: "pager/slack/0",
          sendResolved: false,
          apiUrl: "https://hooks.slack.com/services/T/B/X",
        },
      ],
    },
  ]);
  expect(allRoutes(r.value.config.route).map((route) => route.receiver)).toEqual([
    "everybody",
    "pager",
    "everybody",
  ]);
});

it.each([
  [
    FILE.replace("${SLACK_WEBHOOK_URL}", "http://a/"),
    "field subject not found in type email.plain",
  ],
  [FILE.replace(/^ +(?:subject|body):.*\n/gm, ""), 'unsupported scheme "" for URL'],
  [
    FILE.replace(/^ +(?:subject|body):.*\n/gm, "").replace("${SLACK_WEBHOOK_URL}", "http://a/"),
    'undefined receiver "warners" used in route',
  ],
])("refuses each of them in strict mode, as Alertmanager does", (yaml, expected) => {
  const r = read(yaml, { strict: true, secrets });
  expect(r.ok ? "accepted" : r.error.message).toContain(expected);
});

it("takes `${NAME}` for what it says in strict mode, as Alertmanager does", () => {
  const yaml = `route: { receiver: r }
receivers: [{ name: r, webhook_configs: [{ url: "http://a/", http_config: { bearer_token: "\${T}" } }] }]`;
  expect(read(yaml, { strict: true })).toMatchObject({
    value: {
      config: { receivers: [{ integrations: [{ authorization: { credentials: "${T}" } }] }] },
    },
  });
});

it("refuses a variable of which there is no secret, by name", () => {
  expect(read(FILE.replace("SMTP_PASSWORD", "NOBODY"))).toMatchObject({
    error: {
      reason: "secret_unknown",
      line: 5,
      column: 23,
      message: "${NOBODY}: there is no secret of that name",
    },
  });
});

it("fills variables in global and receivers alone: `$` means something else in a regular expression", () => {
  const yaml = FILE.replace("match: { severity: warning }", "match_re: { a: 'x${NOBODY}' }");
  const r = read(yaml);
  if (!r.ok) throw new Error(r.error.message);
  expect(r.value.config.route.routes[1]?.matchers).toEqual([
    { type: "=~", name: "a", value: "^(?:x${NOBODY})$" },
  ]);
});

it("needs no smarthost for mail, which a Worker would not use", () => {
  const yaml =
    "route: { receiver: r }\nreceivers: [{ name: r, email_configs: [{ to: a@example.com }] }]";
  expect(read(yaml)).toMatchObject({ ok: true, value: { warnings: [], undelivered: [] } });
  expect(read(yaml, { strict: true })).toMatchObject({
    error: { message: "no global SMTP smarthost set" },
  });
});

const SEED = globSync("/work/shared/seeds/000*.txt")[0];

it.skipIf(SEED === undefined || !existsSync(SEED))(
  "loads a file that was written for another tool with exactly three warnings",
  () => {
    const all = readFileSync(SEED as string, "utf8");
    const from = all.indexOf("# alertmanager/alertmanager.yml");
    const r = read(all.slice(from, all.indexOf("```", from)));
    if (!r.ok) throw new Error(r.error.message);
    expect(r.value.warnings.map((w) => w.name).sort()).toEqual([
      "email_subject_body",
      "receiver_undefined",
      "variables_filled",
    ]);
    expect(r.value.undelivered).toEqual([]);
  },
);
