/** One request to both servers. `{name}` in the path or body stands for the id of the silence that the step of that name made. */
export interface Step {
  readonly title: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below /api/v2. */
  readonly path: string;
  readonly body?: string;
  /** The body's media type; JSON unless given. */
  readonly type?: string;
  /** The silence that is made is known to later steps under this name. */
  readonly makes?: string;
}

/** Both servers have it. */
export function configuration(webhook: string): string {
  const receiver = (name: string): string =>
    `- name: ${name}\n  webhook_configs: [{ url: "${webhook}/${name}" }]\n`;
  return `route:
  receiver: default
  group_by: [alertname]
  group_wait: 1h
  routes:
  - matchers: [team="db"]
    receiver: team.db
    group_by: [alertname, cluster]
    continue: true
    routes:
    - matchers: [severity="critical"]
      receiver: pager
  - matchers: [team=~"db|web"]
    receiver: chat
    group_by: ['...']
  - matchers: [service!=""]
    receiver: default
    group_by: [service]
inhibit_rules:
- source_matchers: [severity="critical"]
  target_matchers: [severity="warning"]
  equal: [cluster]
receivers:
${["default", "team.db", "pager", "chat", "unused"].map(receiver).join("")}`;
}

const FAR = "2099-01-01T00:00:00.000Z";
const BEGAN = "2026-01-01T00:00:00.000Z";
/** So that what only one of the two takes is in nobody's list. */
const ENDED = { endsAt: "2026-01-02T00:00:00.000Z" };

interface Alert {
  readonly labels?: unknown;
  readonly annotations?: unknown;
  readonly startsAt?: unknown;
  readonly endsAt?: unknown;
  readonly generatorURL?: unknown;
}

const alert = (labels: Readonly<Record<string, string>>, more: Alert = {}): Alert => ({
  labels,
  startsAt: BEGAN,
  endsAt: FAR,
  ...more,
});

const get = (path: string, title = `GET ${path}`): Step => ({ title, method: "GET", path });

const post = (title: string, alerts: unknown): Step => ({
  title: `POST /alerts: ${title}`,
  method: "POST",
  path: "/alerts",
  body: typeof alerts === "string" ? alerts : JSON.stringify(alerts),
});

const silence = (title: string, change: unknown, makes?: string): Step => ({
  title: `POST /silences: ${title}`,
  method: "POST",
  path: "/silences",
  body:
    typeof change === "string"
      ? change
      : JSON.stringify({
          matchers: [{ name: "alertname", value: "Slow", isRegex: false, isEqual: true }],
          startsAt: BEGAN,
          endsAt: FAR,
          createdBy: "ann",
          comment: "works on it",
          ...(change as object),
        }),
  ...(makes === undefined ? {} : { makes }),
});

const one = (name: string, value: string, isRegex = false, isEqual = true) => ({
  matchers: [{ name, value, isRegex, isEqual }],
});

const query = (path: string, ...params: (readonly [string, string])[]): Step =>
  get(
    `${path}?${new URLSearchParams(params.map(([k, v]) => [k, v]))}`,
    `GET ${path} with ${params.map(([k, v]) => `${k}=${v}`).join(" ")}`,
  );

const NOBODY = "00000000-0000-4000-8000-000000000000";

export const STEPS: readonly Step[] = [
  get("/receivers"),
  get("/alerts", "GET /alerts before there are any"),
  get("/alerts/groups", "GET /alerts/groups before there are any"),
  get("/silences", "GET /silences before there are any"),

  post("several, with all fields", [
    alert(
      { alertname: "Slow", team: "db", severity: "critical", cluster: "a", instance: "i2" },
      {
        annotations: { summary: "slow", description: "" },
        generatorURL: "http://prometheus.test/graph?g0.expr=up",
      },
    ),
    alert({ alertname: "Slow", team: "db", severity: "warning", cluster: "a", instance: "i1" }),
    alert({ alertname: "Slow", team: "db", severity: "warning", cluster: "b", job: "z" }),
    alert({ alertname: "Down", team: "web", severity: "warning", job: "b" }),
    alert({ alertname: "Down", team: "web", severity: "warning", job: "a", instance: "x" }),
    alert({ service: "s", text: 'a "quoted" \\ one\nwith lines' }),
    alert({ alertname: "Ünïcode", value: "日本" }),
  ]),
  post("labels that are empty are dropped", [alert({ alertname: "Dropped", empty: "" })]),
  post("without alertname", [alert({ only: "this" })]),
  post("without times", [{ labels: { alertname: "Timeless" } }]),
  post("with a start alone", [{ labels: { alertname: "Started" }, startsAt: BEGAN }]),
  post("with an end alone", [{ labels: { alertname: "EndOnly" }, endsAt: FAR }]),
  post("with Go's zero times", [
    {
      labels: { alertname: "Zero" },
      startsAt: "0001-01-01T00:00:00.000Z",
      endsAt: "0001-01-01T00:00:00Z",
    },
  ]),
  post("with null times", [{ labels: { alertname: "Null" }, startsAt: null, endsAt: null }]),
  post("with times of another zone", [
    { labels: { alertname: "Zoned" }, startsAt: "2026-01-01T02:00:00+02:00", endsAt: FAR },
  ]),
  post("with a time without zone", [
    { labels: { alertname: "Local" }, startsAt: "2026-01-01T02:00:00", endsAt: FAR },
  ]),
  post("with nanoseconds", [
    { labels: { alertname: "Nanos" }, startsAt: "2026-01-01T00:00:00.123456789Z", endsAt: FAR },
  ]),
  post("with an empty time", [{ labels: { alertname: "Empty" }, startsAt: "", endsAt: FAR }]),
  post("one that ended before it was known", [
    { labels: { alertname: "Past" }, startsAt: BEGAN, endsAt: "2026-01-02T00:00:00Z" },
  ]),
  post("the same again with another annotation", [
    alert({ alertname: "Ünïcode", value: "日本" }, { annotations: { note: "new" } }),
  ]),
  post("unknown fields", [{ ...alert({ alertname: "More" }), status: "firing", value: 3 }]),
  post("a label that is null", [
    { ...alert({ alertname: "NullLabel" }), labels: { alertname: "NullLabel", x: null } },
  ]),
  post("annotations that are null", [{ ...alert({ alertname: "NullNotes" }), annotations: null }]),
  post("an address that is a path", [alert({ alertname: "Path" }, { generatorURL: "/graph" })]),
  post("an empty list", []),
  post("null", "null"),
  {
    ...post("a charset", [alert({ alertname: "Charset" })]),
    type: "application/json; charset=utf-8",
  },

  post("labels missing", [{}]),
  post("labels null", [{ labels: null }]),
  post("labels empty", [{ labels: {} }]),
  post("every label empty", [{ labels: { a: "" } }]),
  post("a label with an empty name", [{ labels: { "": "x" } }]),
  post("a name that is none of Prometheus' old ones", [alert({ "a-b": "c" }, ENDED)]),
  post("an annotation with such a name", [
    alert({ alertname: "Notes" }, { annotations: { "a-b": "c" }, ...ENDED }),
  ]),
  post("an end before the start", [
    { labels: { a: "b" }, startsAt: BEGAN, endsAt: "2025-01-01T00:00:00Z" },
  ]),
  post("a start beyond the assumed end", [{ labels: { a: "b" }, startsAt: FAR }]),
  post("good ones beside two bad ones", [
    { labels: { a: "b" }, startsAt: BEGAN, endsAt: "2025-01-01T00:00:00Z" },
    alert({ alertname: "GoodBesideBad" }),
    { labels: {} },
  ]),
  post("an object", {}),
  post("a text", '"alerts"'),
  post("a list of numbers", [1]),
  post("no JSON", "alerts"),
  post("JSON that is cut off", '[{"labels":{"a":"b"'),
  post("nothing", ""),
  post("a label that is a number", [{ labels: { a: 1 } }]),
  post("labels that are a list", [{ labels: ["a"] }]),
  post("an annotation that is a number", [{ labels: { a: "b" }, annotations: { c: 1 } }]),
  post("a time that is none", [{ labels: { a: "b" }, startsAt: "yesterday" }]),
  post("a time that is a number", [{ labels: { a: "b" }, endsAt: 1_700_000_000 }]),
  post("an address that is none", [{ labels: { a: "b" }, generatorURL: "not an address" }]),
  post("a second one without labels", [alert({ alertname: "First" }), {}]),
  { ...post("as a form", "[]"), type: "application/x-www-form-urlencoded" },
  { ...post("as text", "[]"), type: "text/plain" },
  { ...post("with another method", "[]"), title: "PUT /alerts", method: "PUT" },

  get("/alerts"),
  query("/alerts", ["filter", 'alertname="Slow"']),
  query("/alerts", ["filter", "alertname=Slow"]),
  query("/alerts", ["filter", 'alertname="Slow"'], ["filter", 'cluster="a"']),
  query("/alerts", ["filter", 'alertname=~"Slo.*"']),
  query("/alerts", ["filter", 'alertname=~"Slo"']),
  query("/alerts", ["filter", 'alertname!="Slow"'], ["filter", 'team!=""']),
  query("/alerts", ["filter", 'team!~"db|web"']),
  query("/alerts", ["filter", 'team=""']),
  query("/alerts", ["filter", "team=~"]),
  query("/alerts", ["filter", ' severity = "critical" ']),
  query("/alerts", ["filter", "alertname=Slow,team=db"]),
  query("/alerts", ["filter", 'text="a \\"quoted\\" \\\\ one\\nwith lines"']),
  query("/alerts", ["receiver", "team.db"]),
  query("/alerts", ["receiver", "team"]),
  query("/alerts", ["receiver", "pager|chat"]),
  query("/alerts", ["receiver", "unused"]),
  query("/alerts", ["active", "false"]),
  query("/alerts", ["inhibited", "false"]),
  query("/alerts", ["inhibited", "0"]),
  query("/alerts", ["active", "nonsense"]),
  query("/alerts", ["active", ""]),
  query("/alerts", ["unprocessed", "false"]),
  query("/alerts", ["unknown", "parameter"]),
  query("/alerts", ["filter", "alertname"]),
  query("/alerts", ["filter", ""]),
  query("/alerts", ["filter", 'a=~"("']),
  query("/alerts", ["filter", 'a="b']),
  query("/alerts", ["receiver", "("]),
  get("/alerts/groups"),
  query("/alerts/groups", ["receiver", "chat"]),
  query("/alerts/groups", ["receiver", "team.db|pager"]),
  query("/alerts/groups", ["filter", 'cluster="b"']),
  query("/alerts/groups", ["inhibited", "false"], ["receiver", "team.db"]),
  query("/alerts/groups", ["active", "false"]),
  query("/alerts/groups", ["receiver", "nobody"]),
  query("/alerts/groups", ["filter", "=="]),
  query("/alerts/groups", ["receiver", "["]),

  silence("of one alert's name", {}, "slow"),
  silence(
    "to come",
    { ...one("team", "web"), startsAt: "2098-01-01T00:00:00Z", endsAt: "2099-01-06T00:00:00Z" },
    "later",
  ),
  silence(
    "with a regular expression",
    { ...one("team", "w.b", true), endsAt: "2099-01-02T00:00:00Z" },
    "regex",
  ),
  silence(
    "with an unequal matcher",
    {
      matchers: [
        { name: "severity", value: "critical", isRegex: false, isEqual: false },
        { name: "cluster", value: "b", isRegex: false },
      ],
      endsAt: "2099-01-03T00:00:00Z",
    },
    "unequal",
  ),
  silence(
    "without isEqual",
    { matchers: [{ name: "x", value: "y", isRegex: false }], endsAt: "2099-01-04T00:00:00Z" },
    "plain",
  ),
  silence(
    "with an empty comment and author",
    { ...one("x", "z"), createdBy: "", comment: "", endsAt: "2099-01-05T00:00:00Z" },
    "terse",
  ),
  get("/silences"),
  get("/alerts", "GET /alerts under silences"),
  query("/alerts", ["silenced", "false"]),
  query("/alerts", ["silenced", "false"], ["inhibited", "false"], ["active", "true"]),
  query("/alerts", ["active", "false"], ["inhibited", "false"]),
  query("/alerts/groups", ["silenced", "false"]),
  query("/silences", ["filter", 'alertname="Slow"']),
  query("/silences", ["filter", 'team=~"w.b"']),
  query("/silences", ["filter", 'team="w.b"']),
  query("/silences", ["filter", 'severity!="critical"'], ["filter", 'cluster="b"']),
  query("/silences", ["filter", "=x"]),
  get("/silence/{slow}", "GET a silence"),
  silence(
    "no change but the comment",
    { id: "{slow}", comment: "another", startsAt: "{slow.startsAt}" },
    "slow-2",
  ),
  silence(
    "a later end",
    { id: "{slow-2}", startsAt: "{slow-2.startsAt}", endsAt: "2099-02-01T00:00:00Z" },
    "slow-3",
  ),
  silence("another start", { id: "{slow-3}", startsAt: BEGAN }, "slow-4"),
  silence(
    "other matchers",
    { id: "{slow-4}", ...one("alertname", "Down"), startsAt: "{slow-4.startsAt}" },
    "slow-5",
  ),
  silence(
    "an earlier start of one to come",
    {
      id: "{later}",
      ...one("team", "web"),
      startsAt: "2097-01-01T00:00:00Z",
      endsAt: "2099-01-06T00:00:00Z",
    },
    "later-2",
  ),
  silence(
    "one to come begins now",
    { id: "{later-2}", ...one("team", "web"), startsAt: BEGAN, endsAt: "2099-01-06T00:00:00Z" },
    "later-3",
  ),
  get("/silences", "GET /silences after changes"),
  { title: "DELETE a silence that holds", method: "DELETE", path: "/silence/{regex}" },
  { title: "DELETE it again", method: "DELETE", path: "/silence/{regex}" },
  get("/silence/{regex}", "GET a silence that has ended"),
  silence(
    "one that has ended, changed",
    { id: "{regex}", ...one("team", "w.b", true), startsAt: "{regex.startsAt}" },
    "regex-2",
  ),
  silence(
    "to come, then deleted",
    { ...one("team", "none"), startsAt: "2098-01-01T00:00:00Z" },
    "never",
  ),
  { title: "DELETE a silence to come", method: "DELETE", path: "/silence/{never}" },
  get("/silence/{never}", "GET a silence that never held"),
  query("/silences", ["expired", "false"]),
  query("/silences", ["active", "false"]),
  get("/alerts", "GET /alerts in the end"),

  silence("nothing", ""),
  silence("null", "null"),
  silence("an empty object", "{}"),
  silence("a list", "[]"),
  silence("no JSON", "silence"),
  silence("no matchers", { matchers: [] }),
  silence("matchers null", { matchers: null }),
  silence("matchers that are an object", { matchers: {} }),
  silence("a matcher without isRegex", { matchers: [{ name: "a", value: "b" }] }),
  silence("a matcher without a name", { matchers: [{ value: "b", isRegex: false }] }),
  silence("a matcher without a value", { matchers: [{ name: "a", isRegex: false }] }),
  silence("isRegex that is a text", { matchers: [{ name: "a", value: "b", isRegex: "yes" }] }),
  silence("an empty name", one("", "b")),
  silence("a name that is none of Prometheus' old ones", one("a-b", "c"), "dashed"),
  silence("what matches everything", one("a", "")),
  silence("what matches everything by a regular expression", one("a", ".*", true)),
  silence("a wrong regular expression", one("a", "(", true)),
  silence("an end before the start", { startsAt: FAR, endsAt: "2098-01-01T00:00:00Z" }),
  silence("an end at the start", { startsAt: FAR, endsAt: FAR }),
  silence("an end in the past", { endsAt: "2026-01-02T00:00:00Z" }),
  silence("no start", { startsAt: undefined }),
  silence("no end", { endsAt: undefined }),
  silence("no author", { createdBy: undefined }),
  silence("no comment", { comment: undefined }),
  silence("a time that is none", { startsAt: "tomorrow" }),
  silence("an id that nobody has", { id: NOBODY }),
  silence("an id that is no UUID", { id: "mine" }),
  { ...silence("as text", {}), type: "text/plain" },
  get(`/silence/${NOBODY}`),
  get("/silence/mine"),
  { title: "DELETE a silence that there is not", method: "DELETE", path: `/silence/${NOBODY}` },
  { title: "DELETE what is no UUID", method: "DELETE", path: "/silence/mine" },
  get("/nothing"),
  get("/alerts/nothing"),
];
