import { expect, it } from "vitest";
import { parseRouterConfig } from "../../src/alerting/config-parse";
import type { NotificationData } from "../../src/alerting/notification-data";
import { receive } from "../../src/alerting/router";
import { emptyState } from "../../src/alerting/state";

const config = String.raw`
route:
  receiver: hook.a
  group_by: [alertname, cluster]
  group_wait: 0s
  group_interval: 2s
  routes:
    - matchers: [ severity=~"critical|page", 'z="q\"uote"' ]
      receiver: hook.a
      continue: true
    - matchers: [ zone!="x", 'b="1"', a="2" ]
      receiver: hook.a
    - match_re: { old: "a.*" }
      match: { exact: "1" }
      receiver: hook.a
receivers:
  - name: hook.a
    webhook_configs: [ { url: "http://127.0.0.1:39411/" } ]
`;

const base = {
  version: "4" as const,
  status: "firing" as const,
  receiver: "hook\\.a",
  truncatedAlerts: 0,
  externalURL: "http://vm:39412",
};
const ZERO = "0001-01-01T00:00:00Z";

/** What a real Alertmanager (0.25) posted for these alerts under this configuration; `notification_reason` is newer. */
const golden: readonly Omit<NotificationData, "notification_reason">[] = [
  {
    ...base,
    groupKey: '{}/{exact="1",old=~"^(?:a.*)$"}:{alertname="Z"}',
    groupLabels: { alertname: "Z" },
    commonLabels: { alertname: "Z", exact: "1", old: "abc" },
    commonAnnotations: {},
    alerts: [
      {
        status: "firing",
        labels: { alertname: "Z", exact: "1", old: "abc" },
        annotations: {},
        startsAt: "2026-01-02T03:04:05Z",
        endsAt: ZERO,
        generatorURL: "",
        fingerprint: "0264c26c929d1ccf",
      },
    ],
  },
  {
    ...base,
    groupKey: '{}/{a="2",b="1",zone!="x"}:{alertname="Y"}',
    groupLabels: { alertname: "Y" },
    commonLabels: { a: "2", alertname: "Y", b: "1" },
    commonAnnotations: {},
    alerts: [
      {
        status: "firing",
        labels: { a: "2", alertname: "Y", b: "1" },
        annotations: {},
        startsAt: "2026-01-02T03:04:05Z",
        endsAt: ZERO,
        generatorURL: "",
        fingerprint: "d04062988158ac53",
      },
    ],
  },
  {
    ...base,
    groupKey: String.raw`{}/{severity=~"critical|page",z="q\"uote"}:{alertname="X y", cluster="é\"q\\n"}`,
    groupLabels: { alertname: "X y", cluster: 'é"q\\n' },
    commonLabels: { alertname: "X y", cluster: 'é"q\\n', severity: "critical", z: 'q"uote' },
    commonAnnotations: { c: "d" },
    alerts: [
      {
        status: "firing",
        labels: {
          alertname: "X y",
          cluster: 'é"q\\n',
          instance: "a",
          job: "j",
          severity: "critical",
          z: 'q"uote',
        },
        annotations: { c: "d", s: "2" },
        startsAt: "2026-01-02T03:04:05Z",
        endsAt: ZERO,
        generatorURL: "",
        fingerprint: "8645e74e95066f9f",
      },
      {
        status: "firing",
        labels: {
          alertname: "X y",
          cluster: 'é"q\\n',
          instance: "b",
          severity: "critical",
          z: 'q"uote',
        },
        annotations: { c: "d", s: "1" },
        startsAt: "2026-01-02T03:04:05.12Z",
        endsAt: ZERO,
        generatorURL: "http://g/",
        fingerprint: "c9d564d57e3efa17",
      },
    ],
  },
];

it("posts what a real Alertmanager posted, field for field", () => {
  const parsed = parseRouterConfig(config);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const now = Date.UTC(2026, 0, 2, 4);
  const alerts = golden
    .flatMap((g) => g.alerts)
    .map((a) => ({
      labels: a.labels,
      annotations: a.annotations,
      startsAtMs: Date.parse(a.startsAt),
      endsAtMs: now + 60_000,
      status: "firing" as const,
      generatorUrl: a.generatorURL,
      value: 1,
    }));
  const { intents } = receive(
    emptyState(),
    { projectId: "p", config: parsed.value, externalUrl: "http://vm:39412" },
    { source: "s", generation: 1, evaluatedAtMs: now, alerts },
    now,
  );
  const posted = intents.flatMap((i) =>
    i.kind === "notify" ? [JSON.parse(i.notification.dataJson) as NotificationData] : [],
  );
  const expected = golden.map((g) => ({ ...g, notification_reason: "first notification" }));
  const order = (list: readonly { groupKey: string }[]): unknown[] =>
    [...list].sort((a, b) => (a.groupKey < b.groupKey ? -1 : 1));
  expect(order(posted)).toEqual(order(expected));
});
