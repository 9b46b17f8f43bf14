/** An alert as it is posted to both, at a moment of the scenario. */
export interface Posted {
  /** Seconds after the begin. */
  readonly at: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly generatorURL?: string;
  /** "now": when it is posted. */
  readonly startsAt?: string;
  /** It ends at that moment. */
  readonly ends?: true;
}

export interface Scenario {
  readonly name: string;
  /** The scenario's receiver; its name unless given. */
  readonly receiver?: string;
  /** Fields of the route beside matcher and receiver, a line each. */
  readonly route?: readonly string[];
  /** Fields of the webhook beside its address. */
  readonly webhook?: readonly string[];
  readonly alerts: readonly Posted[];
  /** Matchers that are silenced before the first alert. */
  readonly silence?: Readonly<Record<string, string>>;
  /** How many messages each of the two sends. */
  readonly messages: number;
}

const T = (n: number): string => `2026-02-03T04:05:${String(n).padStart(2, "0")}Z`;

const fires = (
  labels: Readonly<Record<string, string>>,
  more: Omit<Partial<Posted>, "labels"> = {},
): Posted => ({ at: 0, startsAt: T(6), labels, ...more });

const ends = (at: number, labels: Readonly<Record<string, string>>): Posted => ({
  at,
  startsAt: T(6),
  labels,
  ends: true,
});

/** The routes' timers are `group_wait: 1s`, `group_interval: 3s`, and a `repeat_interval` that no scenario reaches but its own. */
export const SCENARIOS: readonly Scenario[] = [
  { name: "one alert", alerts: [fires({ alertname: "One" })], messages: 1 },
  {
    name: "all fields",
    alerts: [
      fires(
        { alertname: "All", severity: "critical", instance: "host:9100", job: "node" },
        {
          annotations: {
            summary: 'it\'s <b>bad</b> & "worse"',
            description: "two\nlines",
            empty: "",
          },
          generatorURL: "http://prometheus.test/graph?g0.expr=up%20%3D%3D%200&g0.tab=1",
          startsAt: "2026-02-03T04:05:06.789Z",
        },
      ),
    ],
    messages: 1,
  },
  {
    name: "resolved",
    alerts: [fires({ alertname: "Short" }), ends(2, { alertname: "Short" })],
    messages: 2,
  },
  {
    name: "a group",
    route: ["group_by: [cluster]"],
    alerts: [
      fires(
        { alertname: "B", cluster: "c1", job: "b", instance: "2", team: "x" },
        { annotations: { runbook: "r", n: "1" } },
      ),
      fires(
        { alertname: "A", cluster: "c1", job: "b", instance: "1", team: "x" },
        { annotations: { runbook: "r", n: "2" } },
      ),
      fires(
        { alertname: "Z", cluster: "c1", job: "a", team: "x" },
        { annotations: { runbook: "r" } },
      ),
      fires(
        { alertname: "Q", cluster: "c1", team: "x", more: "labels" },
        { annotations: { runbook: "r" } },
      ),
      fires({ alertname: "R", cluster: "c1", team: "x" }, { annotations: { runbook: "r" } }),
    ],
    messages: 1,
  },
  {
    name: "more than max_alerts",
    route: ["group_by: [alertname]"],
    webhook: ["max_alerts: 2"],
    alerts: [1, 2, 3, 4, 5].map((n) => fires({ alertname: "Many", instance: String(n) })),
    messages: 1,
  },
  {
    name: "grouped by everything",
    route: ["group_by: ['...']"],
    alerts: [fires({ alertname: "Every", zone: "z", a: "1" })],
    messages: 1,
  },
  {
    name: "two groups of one route",
    route: ["group_by: [alertname, n]"],
    alerts: [
      fires({ alertname: "Apart", n: "1" }),
      fires({ alertname: "Apart", n: "2" }, { at: 2 }),
    ],
    messages: 2,
  },
  {
    name: "a label of the group is absent",
    route: ["group_by: [alertname, cluster, service]"],
    alerts: [fires({ alertname: "Partial", service: "api" })],
    messages: 1,
  },
  {
    name: "one of two resolves",
    route: ["group_by: [alertname]"],
    alerts: [
      fires({ alertname: "Two", n: "1" }),
      fires({ alertname: "Two", n: "2" }),
      ends(2, { alertname: "Two", n: "1" }),
    ],
    messages: 2,
  },
  {
    name: "one joins",
    route: ["group_by: [alertname]"],
    alerts: [fires({ alertname: "Join", n: "1" }), fires({ alertname: "Join", n: "2" }, { at: 2 })],
    messages: 2,
  },
  {
    name: "a receiver of special characters",
    receiver: "ops (team.a+b) [on-call] $1^?",
    alerts: [fires({ alertname: "Special" })],
    messages: 1,
  },
  {
    name: "text of all kinds",
    route: ["group_by: [text, alertname]"],
    alerts: [
      fires(
        { alertname: "Téxt", text: 'a "quote", a \\ and\na line, a tab\t, 日本 and 🚨' },
        { annotations: { note: "\u2028 \u0007 <script>&amp;</script>" } },
      ),
    ],
    messages: 1,
  },
  {
    name: "a nested route",
    route: [
      'matchers: [\'b=~"x|y"\', \'a!="q"\', c!~"z.*"]',
      "routes:",
      '- match: { deep: "1" }',
      '  match_re: { b: "x.*" }',
      "  group_by: [alertname, b]",
    ],
    alerts: [fires({ alertname: "Nested", b: "x", deep: "1" })],
    messages: 1,
  },
  {
    name: "the repeat",
    route: ["repeat_interval: 4s"],
    alerts: [fires({ alertname: "Again" })],
    messages: 2,
  },
  {
    name: "resolutions not wanted",
    webhook: ["send_resolved: false"],
    alerts: [fires({ alertname: "Quiet" }), ends(2, { alertname: "Quiet" })],
    messages: 1,
  },
  {
    name: "one of two is silenced",
    route: ["group_by: [alertname]"],
    silence: { scenario: "one of two is silenced", n: "2" },
    alerts: [fires({ alertname: "Half", n: "1" }), fires({ alertname: "Half", n: "2" })],
    messages: 1,
  },
  {
    name: "one inhibits the other",
    route: ["group_by: [cluster]"],
    alerts: [
      fires({ alertname: "Source", cluster: "i", severity: "critical" }),
      fires({ alertname: "Target", cluster: "i", severity: "warning" }),
    ],
    messages: 1,
  },
  {
    name: "it fires again",
    alerts: [
      fires({ alertname: "Twice" }),
      ends(2, { alertname: "Twice" }),
      fires({ alertname: "Twice" }, { at: 6, startsAt: "now", annotations: { round: "2" } }),
    ],
    messages: 3,
  },
  {
    name: "no alertname",
    route: ["group_by: [alertname]"],
    alerts: [fires({ service: "nameless" })],
    messages: 1,
  },
  {
    name: "an annotation changes",
    route: ["group_by: [alertname]"],
    alerts: [
      fires({ alertname: "Notes", n: "1" }, { annotations: { v: "old" } }),
      fires({ alertname: "Notes", n: "1" }, { at: 2, annotations: { v: "new" } }),
      fires({ alertname: "Notes", n: "2" }, { at: 2, annotations: { v: "new" } }),
    ],
    messages: 2,
  },
];

const json = (text: string): string => JSON.stringify(text);

/** The configuration that both have; scenario number n calls `<webhook>/<n>`. */
export function configuration(webhook: string): string {
  const routes = SCENARIOS.map((s) => {
    const own = s.route ?? [];
    const matchers = own.find((l) => l.startsWith("matchers: ["));
    const mine = `'scenario=${json(s.name)}'`;
    return [
      `  - receiver: ${json(s.receiver ?? s.name)}`,
      `    ${matchers === undefined ? `matchers: [${mine}]` : matchers.replace("[", `[${mine}, `)}`,
      ...own.filter((l) => l !== matchers).map((l) => `    ${l}`),
    ].join("\n");
  });
  const receivers = SCENARIOS.map((s, n) =>
    [
      `- name: ${json(s.receiver ?? s.name)}`,
      "  webhook_configs:",
      `  - url: ${json(`${webhook}/${n}`)}`,
      ...(s.webhook ?? []).map((l) => `    ${l}`),
    ].join("\n"),
  );
  return `route:
  receiver: nobody
  group_by: [alertname]
  group_wait: 1s
  group_interval: 3s
  repeat_interval: 1h
  routes:
${routes.join("\n")}
inhibit_rules:
- source_matchers: [severity="critical", scenario="one inhibits the other"]
  target_matchers: [severity="warning", scenario="one inhibits the other"]
  equal: [cluster]
receivers:
- name: nobody
${receivers.join("\n")}
`;
}
