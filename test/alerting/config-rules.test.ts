import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readRouterConfig } from "../../src/alerting/config-parse";

// One case for each rule by which Alertmanager 0.34 refuses a file, with its words and the place in the file.

/** What was judged, and how. */
const judged = new Map<string, boolean>();

function verdict(yaml: string): string {
  const read = readRouterConfig(
    { alertmanagerConfig: yaml, templateFiles: {}, files: {} },
    { strict: true },
  );
  judged.set(yaml, read.ok);
  if (read.ok) return "accepted";
  const { line, column, reason, message } = read.error;
  return `${line}:${column} ${reason} ${message}`;
}

const ROUTE = "route: { receiver: r }\n";

/** A file with one receiver of one type; `global` comes last so that places do not move. */
function withReceiver(type: string, config: string, global = ""): string {
  return `${ROUTE}receivers: [{ name: r, ${type}_configs: [${config}] }]\n${global}`;
}

/** A file with some fields on a child route. */
function withRoute(fields: string): string {
  return `route: { receiver: r, routes: [{ ${fields} }] }\nreceivers: [{ name: r }]\n`;
}

const TOP: readonly (readonly [yaml: string, expected: string])[] = [
  ["", "1:1 field_missing no route provided in config"],
  ["# nothing\n", "1:1 field_missing no route provided in config"],
  ["receivers: []", "1:1 field_missing no routes provided"],
  ["route:\nreceivers: [{ name: '' }]", "2:13 field_missing missing name in receiver"],
  [
    "BAD",
    "1:1 value_wrong yaml: unmarshal errors:\n  line 1: cannot unmarshal !!str `BAD` into config.plain",
  ],
  ["route: [", "yaml_malformed"],
  [
    "route: { receiver: r, receiver: s }",
    "1:23 value_wrong yaml: unmarshal errors:\n  line 1: field receiver already set in type config.plain",
  ],
  [
    `${ROUTE}receivers: [{ name: r }]\ninhibit_rules: [{ target_match: { a: b, a: c } }]`,
    'key "a" already set in map',
  ],
  [
    `${ROUTE}receiverz: []`,
    "2:1 field_unknown yaml: unmarshal errors:\n  line 2: field receiverz not found in type config.plain",
  ],
  [
    `${ROUTE}receivers: [{ name: r, a_configs: [] }, { name: s, b: 1 }]`,
    "line 2: field a_configs not found in type config.plain\n  line 2: field b not found in type config.plain",
  ],
  ["route: { group_wait: 30s }", "1:8 field_missing root route must specify a default receiver"],
  [
    "route: { receiver: x }\nreceivers: [{ name: r }]",
    '1:20 receiver_undefined undefined receiver "x" used in route',
  ],
  [
    "route: { receiver: r, routes: [{ routes: [{ receiver: x }] }] }\nreceivers: [{ name: r }]",
    '1:55 receiver_undefined undefined receiver "x" used in route',
  ],
  [
    `${ROUTE}receivers: [{ name: r }, { name: r }]`,
    '2:34 value_wrong notification config name "r" is not unique',
  ],
  [
    `${ROUTE}receivers: [{ name: r, labels: { name: s } }]`,
    '2:40 value_wrong label "name" of receiver "r" must be its name',
  ],
  [`${ROUTE}receivers: [{ name: r, labels: { owner: s, name: r } }]`, "accepted"],
  [`${ROUTE}receivers: [{ name: r }]\ntemplates: x`, "cannot unmarshal !!str `x` into []string"],
  [`${ROUTE}receivers: [{ name: r }]\ntemplates: ['/a/*.tmpl', b.tmpl]`, "accepted"],
  [
    `${ROUTE}receivers: [{ name: r }]\ntracing: { insecure: true }`,
    "3:10 field_missing tracing endpoint must be set",
  ],
  [
    `${ROUTE}receivers: [{ name: r }]\ntracing: { endpoint: a, client_type: udp }`,
    "expected tracing client type to be to be http or grpc, but got udp",
  ],
  [
    `${ROUTE}receivers: [{ name: r }]\ntracing: { endpoint: a, compression: zip }`,
    "invalid compression type zip provided, valid options: gzip",
  ],
  [`${ROUTE}receivers: [{ name: r }]\ntracing: { endpoint: a, compression: gzip }`, "accepted"],
  [
    `${ROUTE}receivers: [{ name: r }]\ntracing: { endpoint: a, headers: { Authorization: { values: [b] } } }`,
    "accepted",
  ],
  [
    `${ROUTE}receivers: [{ name: r }]\ntracing: { endpoint: a, http_headers: {} }`,
    "field http_headers not found in type tracing.plain",
  ],
  // An empty entry is a receiver without a name, of which there is one at most.
  [`${ROUTE}receivers: [{ name: r }, ~]`, "accepted"],
  [
    `${ROUTE}receivers: [{ name: r }, ~, ~]`,
    '2:29 value_wrong notification config name "" is not unique',
  ],
  [
    `${ROUTE}receivers: [{ name: r }]\ntime_intervals: [~, ~]`,
    '3:21 value_wrong time interval "" is not unique',
  ],
  ["route: { receiver: null }\nreceivers: [{ name: r }]", "root route must specify a default"],
  [`${ROUTE}receivers: [{ name: null }]`, "missing name in receiver"],
  [`${ROUTE}receivers: *r`, "2:12 yaml_malformed yaml: unknown anchor 'r' referenced"],
  [`${ROUTE}receivers: [*r, &r { name: r }]`, "unknown anchor 'r' referenced"],
  [`${ROUTE}receivers:\n- name: "r\\"\n- name: "s"`, "yaml_malformed"],
  [`${ROUTE}receivers:\n- name: 'r''\n- name: 's'`, "yaml_malformed"],
  [`${ROUTE}receivers:\n- name: r\n- name: 'r'''\n- name: "r\\\\"\n- name: ''''`, "accepted"],
  // Within quotes and brackets indentation does not count.
  [`route:\n  receiver: "r\n  s"\nreceivers:\n- name: 'r\ns'`, "accepted"],
  [`route:\n  receiver: r\n  group_by: [\n  a,\nb\n]\nreceivers: [\n{ name: r }]`, "accepted"],
  [`${ROUTE}receivers: [\n{ name:\nr, x: 1 }]`, "4:4 field_unknown"],
  [`${ROUTE}receivers: [\n{ name:\nr }`, "yaml_malformed"],
  [`${ROUTE}receivers:\n- name: "r\n---\n"`, "yaml_malformed"],
  [`${ROUTE}receivers: [{ name: r }] # \u0001`, "2:28 yaml_malformed yaml: control characters"],
  [`\ufeff${ROUTE}receivers: [{ name: r }]`, "accepted"],
  // The document is read before the whole is checked: the later mistake is the one that is told.
  [`route: { receiver: x }\nreceivers: [{ name: '' }]`, "missing name in receiver"],
  // Merged mappings count as if they stood there.
  [
    `x-base: 1\nroute: { receiver: r }\nreceivers: [{ name: r }]`,
    "field x-base not found in type config.plain",
  ],
  [
    `route: { receiver: r, routes: [&a { group_wait: 1s }, { <<: *a, receiver: r }] }\nreceivers: [{ name: r }]`,
    "accepted",
  ],
  [
    `route: { receiver: r, routes: [&a { match: { a: b } }, { <<: *a, group_bye: [] }] }\nreceivers: [{ name: r }]`,
    "field group_bye not found in type config.plain",
  ],
];

it.each(TOP)("the file %j", (yaml, expected) => {
  expect(verdict(yaml)).toContain(expected);
});

it.each([
  ["stdout_outputs: [{}]", "accepted"],
  [
    "stdout_outputs: [{ name: a }]",
    "field name not found in type eventrecorder.StdoutOutputConfig",
  ],
  ["outputs: []", "field outputs not found in type eventrecorder.plain"],
  ["file_outputs: [{ path: /a }]", "accepted"],
  ["file_outputs: [{}]", "3:34 field_missing event_recorder file output requires a path"],
  ["webhook_outputs: [{}]", "event_recorder webhook output requires a url"],
  ["webhook_outputs: [{ url: a }]", 'unsupported scheme "" for URL'],
  ["webhook_outputs: [{ url: '<secret>' }]", "output requires an absolute http(s) url"],
  [
    "webhook_outputs: [{ url: 'http://a/', batch_max_events: 3 }]",
    "event_recorder webhook batch settings require batch: true",
  ],
  [
    "webhook_outputs: [{ url: 'http://a/', batch: true, batch_max_bytes: -1 }]",
    "event_recorder webhook batch settings cannot be negative",
  ],
  [
    "webhook_outputs: [{ url: 'http://a/', batch: true, batch_flush_interval: 1s, workers: 2 }]",
    "accepted",
  ],
  ["kafka_outputs: [{ topic: a }]", "event_recorder kafka output requires at least one broker"],
  ["kafka_outputs: [{ topic: a, brokers: [''] }]", "broker entries must be non-empty"],
  ["kafka_outputs: [{ brokers: ['a:1'] }]", "event_recorder kafka output requires a topic"],
  ["kafka_outputs: [{ topic: a, brokers: ['a:1'], acks: some }]", 'unknown acks "some"'],
  [
    "kafka_outputs: [{ topic: a, brokers: ['a:1'], compression: zip }]",
    'unknown compression "zip"',
  ],
  ["kafka_outputs: [{ topic: a, brokers: ['a:1'], format: xml }]", 'unknown format "xml"'],
  ["kafka_outputs: [{ topic: a, brokers: ['a:1'], acks: all, format: protobuf }]", "accepted"],
])("event_recorder: { %s }", (fields, expected) => {
  expect(verdict(`${ROUTE}receivers: [{ name: r }]\nevent_recorder: { ${fields} }`)).toContain(
    expected,
  );
});

const ROUTES: readonly (readonly [fields: string, expected: string])[] = [
  ["match: { 'a-b': c }", '1:50 value_wrong invalid label name "a-b"'],
  ["match: { a: 2 }", "accepted"],
  ["match: { yes: a }", "accepted"],
  ["match: { 017: a }", 'invalid label name "017"'],
  ["match: { ~: a }", 'invalid label name ""'],
  ["match: { <<: { a: b }, c: d }", "accepted"],
  ["match: { <<: [{ a: b }, { c: d }] }", "accepted"],
  ["match: { <<: { 'a-b': c } }", 'invalid label name "a-b"'],
  ["match: { '<<': { a: b } }", "cannot unmarshal !!map into string"],
  ["match_re: { 'a-b': c }", 'invalid label name "a-b"'],
  ["match_re: { a: }", 'invalid regexp value for "a"'],
  ["match_re: { a: '(' }", "error parsing regexp: missing closing )"],
  ["match_re: { a: '(?=x)' }", "error parsing regexp: invalid or unsupported Perl syntax"],
  ["matchers: ['a=~\"(\"']", "error parsing regexp: missing closing )"],
  ["matchers: [a]", "1:45 value_wrong bad matcher format: a"],
  ["matchers: a=b", "cannot unmarshal !!str `a=b` into []string"],
  ["matchers: ['a=\"b']", 'matcher value contains unescaped double quote: "b'],
  ["matchers: ['{a=b,c!~\"d|e\"}', '\"🙂\"=f']", "accepted"],
  ["group_by: [a, b, a]", '1:51 value_wrong duplicated label "a" in group_by'],
  [
    "group_by: [a, '...']",
    "1:44 value_wrong cannot have wildcard group_by (`...`) and other labels at the same time",
  ],
  ["group_by: ['...']", "accepted"],
  ["group_by: []", "accepted"],
  ["group_by: ['']", 'invalid label name "" in group_by list'],
  ["group_by: ['-any-', '🙂']", "accepted"],
  ["group_by: a", "cannot unmarshal !!str `a` into []string"],
  ["group_wait: 0s", "accepted"],
  ["group_wait: 5", 'not a valid duration string: "5"'],
  ["group_wait: ''", "empty duration string"],
  ["group_wait: -1s", 'not a valid duration string: "-1s"'],
  ["group_interval: 0s", "1:50 value_wrong group_interval cannot be zero"],
  ["repeat_interval: 0", "1:51 value_wrong repeat_interval cannot be zero"],
  ["repeat_interval: 1w2d", "accepted"],
  ["repeat_interval: 5x", 'unknown unit "x" in duration "5x"'],
  ["repeat_interval: 1m1h", 'not a valid duration string: "1m1h"'],
  ["repeat_interval: 292y", "accepted"],
  ["repeat_interval: 293y", "duration out of range"],
  ["continue: maybe", "cannot unmarshal !!str `maybe` into bool"],
  ["continue: yes", "accepted"],
  ["continue: 'yes'", "cannot unmarshal !!str `yes` into bool"],
  ["labels: { team: '{{ .GroupLabels.team }}' }", "accepted"],
  ["labels: [a]", "cannot unmarshal !!seq into map[string]string"],
  ["routes: 3", "cannot unmarshal !!int `3` into []*config.Route"],
  ["group_bye: []", "field group_bye not found in type config.plain"],
  ["mute_time_intervals: [x]", '1:56 value_wrong undefined time interval "x" used in route'],
  ["active_time_intervals: [x]", '1:58 value_wrong undefined time interval "x" used in route'],
];

it.each(ROUTES)("a route with %s", (fields, expected) => {
  expect(verdict(withRoute(fields))).toContain(expected);
});

it.each([
  ["continue: true", "1:33 value_wrong cannot have continue in root route"],
  ["match: { a: b }", "1:8 value_wrong root route must not have any matchers"],
  ["match_re: { a: b }", "root route must not have any matchers"],
  ["matchers: [a=b]", "root route must not have any matchers"],
  ["matchers: []", "accepted"],
  ["mute_time_intervals: [t]", "root route must not have any mute time intervals"],
  ["active_time_intervals: [t]", "root route must not have any active time intervals"],
])("a root route with %s", (fields, expected) => {
  const yaml = `route: { receiver: r, ${fields} }\nreceivers: [{ name: r }]\ntime_intervals: [{ name: t }]`;
  expect(verdict(yaml)).toContain(expected);
});

it.each([
  ["source_match: { 'a-b': c }", 'invalid label name "a-b"'],
  ["target_match: { 'a-b': c }", 'invalid label name "a-b"'],
  ["source_match_re: { a: }", 'invalid regexp value for "a"'],
  ["target_match_re: { a: }", 'invalid regexp value for "a"'],
  ["source_matchers: [a]", "bad matcher format: a"],
  ["equal: ['']", 'invalid label name "" in equal list'],
  ["equal: ['qux🙂']", "accepted"],
  ["name: x, source_matchers: [a=b], target_matchers: [c=d]", "accepted"],
  // Sources of several alerts are in no release yet.
  ["sources: [{ matchers: [a=b] }]", "field sources not found in type common.plain"],
  ["source: {}", "field source not found in type common.plain"],
])("an inhibit rule with %s", (fields, expected) => {
  const yaml = `${ROUTE}receivers: [{ name: r }]\ninhibit_rules: [{ ${fields} }]`;
  expect(verdict(yaml)).toContain(expected);
});

it.each([
  ["times: [{ start_time: '09:00' }]", "both start and end times must be provided"],
  [
    "times: [{ start_time: '01:99', end_time: '23:59' }]",
    "couldn't parse timestamp 01:99, invalid format",
  ],
  [
    "times: [{ start_time: '00:00', end_time: '24:01' }]",
    "couldn't parse timestamp 24:01, invalid format",
  ],
  [
    "times: [{ start_time: '9:00', end_time: '10:00' }]",
    "couldn't parse timestamp 9:00, invalid format",
  ],
  [
    "times: [{ start_time: '17:31', end_time: '17:31' }]",
    "start time cannot be equal or greater than end time",
  ],
  ["times: [{ start_time: '00:00', end_time: '24:00' }]", "accepted"],
  ["times: [{ start: '1' }]", "field start not found in type timeinterval.yamlTimeRange"],
  ["weekdays: ['friday:monday']", "start day cannot be before end day"],
  ["weekdays: ['blurgsday:flurgsday']", "blurgsday is not a valid weekday"],
  ["weekdays: ['1:3']", "1 is not a valid weekday"],
  ["weekdays: ['monday:wednesday:friday']", "couldn't parse range monday:wednesday:friday"],
  ["weekdays: [Monday, 'tuesday:SATURDAY']", "accepted"],
  ["days_of_month: ['0']", "0 is not a valid day of the month: out of range"],
  ["days_of_month: ['-50:-20']", "-50 is not a valid day of the month: out of range"],
  ["days_of_month: ['1:50']", "50 is not a valid day of the month: out of range"],
  ["days_of_month: ['-15:5']", "end day must be negative if start day is negative"],
  ["days_of_month: ['10:-25']", "end day -25 is always before start day 10"],
  ["days_of_month: [1, '1:-1', -3]", "accepted"],
  ["days_of_month: [a]", 'strconv.Atoi: parsing "a": invalid syntax'],
  ["months: ['martius:june']", "martius is not a valid month"],
  ["months: ['december:january']", "end month january is before start month december"],
  ["months: ['January:december', 3, '1:2']", "accepted"],
  ["years: ['2022:2020']", "end year 2020 is before start year 2022"],
  ["years: [2024, '2025:2030']", "accepted"],
  ["location: Mars/Olympus", "unknown time zone Mars/Olympus"],
  ["location: '+01:00'", "unknown time zone +01:00"],
  ["location: PST", "unknown time zone PST"],
  ["location: IST", "unknown time zone IST"],
  ["location: EST5EDT", "accepted"],
  ["location: Asia/Calcutta", "accepted"],
  ["location: europe/berlin", "unknown time zone europe/berlin"],
  ["location: Europe/Berlin", "accepted"],
  ["location: ''", "accepted"],
  ["time_zone: UTC", "field time_zone not found in type timeinterval.TimeInterval"],
])("a time interval with %s", (fields, expected) => {
  for (const list of ["time_intervals", "mute_time_intervals"])
    expect(
      verdict(
        `${ROUTE}receivers: [{ name: r }]\n${list}: [{ name: t, time_intervals: [{ ${fields} }] }]`,
      ),
    ).toContain(expected);
});

it.each([
  ["time_intervals: [{ name: }]", "missing name in time interval"],
  ["mute_time_intervals: [{ name: }]", "missing name in mute time interval"],
  ["time_intervals: [{ name: t }, { name: t }]", 'time interval "t" is not unique'],
  ["mute_time_intervals: [{ name: t }, { name: t }]", 'mute time interval "t" is not unique'],
  [
    "mute_time_intervals: [{ name: t }]\ntime_intervals: [{ name: t }]",
    '4:18 value_wrong time interval "t" is not unique',
  ],
])("%s", (yaml, expected) => {
  expect(verdict(`${ROUTE}receivers: [{ name: r }]\n${yaml}`)).toContain(expected);
});

const URL_RULES: readonly (readonly [url: string, expected: string])[] = [
  ["ftp://a", 'unsupported scheme "ftp" for URL'],
  ["a.example/x", 'unsupported scheme "" for URL'],
  ["", 'unsupported scheme "" for URL'],
  ["https:///x", "missing host for URL"],
  ["https://a b/", 'parse "https://a b/": invalid character " " in host name'],
  ["https://a:x/", 'invalid port ":x" after host'],
  ["https://a/%zz", 'invalid URL escape "%zz"'],
  ["://a", "missing protocol scheme"],
  ["https://a/<x>", "accepted"],
  ["https://<a>/x", "accepted"],
  ["https://a{b}/x", 'invalid character "{" in host name'],
  ["https://%61/x", 'invalid URL escape "%61"'],
  ["https://%C3%A4/x", "accepted"],
  ["https://[::1/x", "missing ']' in host"],
  ["https://[::1]:80/x", "accepted"],
  ["https://a:b@c/x", "accepted"],
  ["https://a<b@c/x", "net/url: invalid userinfo"],
  ["https://a/x?%zz", "accepted"],
  ["https://a/x?y#%zz", 'invalid URL escape "%zz"'],
  ["HTTPS://a/x", "accepted"],
  ["//a/x", 'unsupported scheme "" for URL'],
  ["https:a", "missing host for URL"],
];

it.each(URL_RULES)("the address %j", (url, expected) => {
  expect(verdict(withReceiver("discord", `{ webhook_url: "${url}" }`))).toContain(expected);
});

it.each([
  ["discord", "missing discord config"],
  ["email", "missing email config"],
  ["incidentio", "missing incidentio config"],
  ["pagerduty", "missing pagerduty config"],
  ["webhook", "missing webhook config"],
  ["pushover", "missing pushover config"],
  ["victorops", "missing victorops config"],
  ["sns", "missing sns config"],
  ["telegram", "missing telegram config"],
  ["webex", "missing webex config"],
  ["msteams", "missing msteams config"],
  ["msteamsv2", "missing msteamsv2 config"],
  ["jira", "missing jira config"],
  ["mattermost", "missing mattermost config"],
  ["slack", "no Slack API URL nor App token set either inline or in a file"],
  ["opsgenie", "no global OpsGenie API Key set either inline or in a file"],
  ["wechat", "no global Wechat Api Secret set either inline or in a file"],
  ["rocketchat", "no global Rocketchat TokenID set either inline or in a file"],
])("an empty entry of %s_configs", (type, expected) => {
  expect(verdict(withReceiver(type, "~"))).toContain(expected);
});

const U = "https://example.com/x";

const RECEIVERS: readonly (readonly [
  type: string,
  config: string,
  expected: string,
  global?: string,
])[] = [
  ["webhook", "{}", "2:42 field_missing one of url or url_file must be configured"],
  ["webhook", `{ url: "${U}", url_file: f }`, "at most one of url & url_file must be configured"],
  ["webhook", "{ url: example.com }", 'invalid URL: unsupported scheme "" for URL'],
  ["webhook", "{ url: 'http://x/{{ .Invalid' }", "invalid template syntax: "],
  ["webhook", "{ url: 'not-{{ .GroupLabels.a }}' }", "accepted"],
  ["webhook", `{ url: "${U}", max_alerts: -1 }`, "cannot unmarshal !!int `-1` into uint64"],
  [
    "webhook",
    `{ url: "${U}", timeout: 5 min }`,
    "cannot unmarshal !!str `5 min` into time.Duration",
  ],
  ["webhook", `{ url: "${U}", timeout: 1m30s, payload: { a: [1] } }`, "accepted"],
  ["webhook", `{ url: "${U}", max_alerts: 1_0.5, timeout: 1.5 }`, "accepted"],
  ["webhook", `{ url: "${U}", max_alerts: 0x1F }`, "accepted"],
  ["webhook", `{ url: "${U}", max_alerts: 18446744073709551615 }`, "accepted"],
  ["webhook", `{ url: "${U}", max_alerts: '3' }`, "cannot unmarshal !!str `3` into uint64"],
  ["webhook", `{ url: "${U}", max_alerts: .inf }`, "cannot unmarshal !!float `.inf` into uint64"],
  [
    "webhook",
    `{ url: "${U}", payload: { a: [{ b: 1, b: 2 }] } }`,
    'line 2: key "b" already set in map',
  ],
  // Alertmanager looks at the address without its own functions.
  ["webhook", "{ url: 'http://x/{{ toLower .GroupLabels.a }}' }", "invalid template syntax: "],
  ["webhook", "{ url: 'http://x/{{ printf \"%s\" .GroupLabels.a }}' }", "accepted"],
  ["webhook", `{ url: "${U}", send_resolved: 1 }`, "cannot unmarshal !!int `1` into bool"],
  ["webhook", `{ uri: "${U}" }`, "field uri not found in type webhook.plain"],
  ["slack", "{ channel: x }", "no Slack API URL nor App token set either inline or in a file"],
  [
    "slack",
    `{ api_url: "${U}", api_url_file: f }`,
    "at most one of api_url & api_url_file must be",
  ],
  [
    "slack",
    "{ app_token: a, app_token_file: f }",
    "at most one of app_token & app_token_file must",
  ],
  [
    "slack",
    `{ api_url: "${U}", app_token: a }`,
    "at most one of api_url/api_url_file & app_token/app_token_file must be configured",
  ],
  [
    "slack",
    `{ api_url: "${U}", update_message: true }`,
    "update_message can only be used with bot tokens. api_url must be set to https://slack.com/api/chat.postMessage",
  ],
  [
    "slack",
    "{ api_url: 'https://slack.com/api/chat.postMessage', update_message: true }",
    "accepted",
  ],
  [
    "slack",
    "{ app_token: a, http_config: { authorization: { credentials: b } } }",
    "http authorization can't be set when using Slack App tokens",
  ],
  ["slack", "{ channel: x }", "accepted", "global: { slack_app_token: t }"],
  ["slack", "{ channel: x }", "accepted", "global: { slack_api_url_file: f }"],
  [
    "slack",
    "{ channel: x }",
    "http authorization can't be set when using Slack App tokens",
    "global: { slack_app_token: t, http_config: { bearer_token: u } }",
  ],
  [
    "slack",
    "{ http_config: { authorization: { credentials: b } } }",
    "accepted",
    "global: { slack_app_token: t, slack_api_url: 'https://slack.com/api/chat.postMessage' }",
  ],
  ["slack", `{ api_url: "${U}", actions: [{ text: a, url: b }] }`, "missing type in Slack action"],
  ["slack", `{ api_url: "${U}", actions: [{ type: a, url: b }] }`, "missing text in Slack action"],
  [
    "slack",
    `{ api_url: "${U}", actions: [{ type: a, text: b }] }`,
    "missing name or url in Slack action configuration",
  ],
  [
    "slack",
    `{ api_url: "${U}", actions: [{ type: a, text: b, name: c, confirm: {} }] }`,
    "missing text in Slack confirmation configuration",
  ],
  ["slack", `{ api_url: "${U}", fields: [{ value: a }] }`, "missing title in Slack field"],
  ["slack", `{ api_url: "${U}", fields: [{ title: a }] }`, "missing value in Slack field"],
  ["slack", "{ api_url: '<secret>' }", "accepted"],
  ["pagerduty", "{}", "missing service or routing key in PagerDuty config"],
  [
    "pagerduty",
    "{ routing_key: a, routing_key_file: b }",
    "at most one of routing_key & routing_k",
  ],
  [
    "pagerduty",
    "{ service_key: a, service_key_file: b }",
    "at most one of service_key & service_k",
  ],
  ["pagerduty", "{ routing_key: a, details: { b: { c: [d] } }, images: [{}] }", "accepted"],
  ["pagerduty", "{ routing_key: a, url: x }", 'unsupported scheme "" for URL'],
  ["email", "{}", "missing to address in email config", "global: { smtp_from: a }"],
  ["email", "{ to: a }", "no global SMTP smarthost set", "global: { smtp_from: a }"],
  ["email", "{ to: a }", "no global SMTP from set", "global: { smtp_smarthost: 'a:25' }"],
  ["email", "{ to: a, from: b, smarthost: 'c:25' }", "accepted"],
  ["email", "{ to: a, smarthost: c }", "address c: missing port in address"],
  ["email", "{ to: a, smarthost: 'c:' }", 'address "c:": port cannot be empty'],
  ["email", "{ to: a, smarthost: 'a:b:c' }", "address a:b:c: too many colons in address"],
  ["email", "{ to: a, from: b, smarthost: '[fd12::1]:25' }", "accepted"],
  ["email", "{ to: a, smarthost: '[a:25' }", "missing ']' in address"],
  ["email", "{ to: a, smarthost: '[a]b:25' }", "missing port in address"],
  ["email", "{ to: a, smarthost: 'a]:25' }", "unexpected ']' in address"],
  ["email", "{ to: a, smarthost: '[[a]:25' }", "unexpected '[' in address"],
  ["email", "{ to: a, from: b, smarthost: ':25' }", "accepted"],
  [
    "email",
    "{ to: a, headers: { Subject: x, subject: y } }",
    'duplicate header "Subject" in email',
  ],
  [
    "email",
    "{ to: a, threading: { enabled: true }, headers: { references: x } }",
    "threading.enabled conflicts with custom References header",
  ],
  [
    "email",
    "{ to: a, threading: { enabled: true, thread_by_date: weekly } }",
    "threading.thread_by_date must be either 'none' or 'daily'",
  ],
  ["email", "{ to: a, subject: b }", "field subject not found in type email.plain"],
  ["email", "{ to: a, body: b }", "field body not found in type email.plain"],
  ["discord", "{}", "one of webhook_url or webhook_url_file must be configured"],
  [
    "discord",
    `{ webhook_url: "${U}", webhook_url_file: f }`,
    "at most one of webhook_url & webhook_url_file",
  ],
  ["msteams", "{}", "one of webhook_url or webhook_url_file must be configured"],
  ["msteams", `{ webhook_url: "${U}", summary: a }`, "accepted"],
  ["msteamsv2", "{ webhook_url_file: f }", "accepted"],
  [
    "msteamsv2",
    `{ webhook_url: "${U}", summary: a }`,
    "field summary not found in type msteamsv2.plain",
  ],
  ["telegram", "{ bot_token: a }", "missing chat_id or chat_id_file on telegram_config"],
  ["telegram", "{ chat_id: 1 }", "missing bot_token or bot_token_file on telegram_config"],
  ["telegram", "{ chat_id: 1 }", "accepted", "global: { telegram_bot_token: t }"],
  ["telegram", "{ chat_id: 1, chat_id_file: f }", "at most one of chat_id & chat_id_file must be"],
  [
    "telegram",
    "{ chat_id: 1, bot_token: a, bot_token_file: f }",
    "at most one of bot_token & bot_token_file",
  ],
  [
    "telegram",
    "{ chat_id: 1, bot_token: a, parse_mode: invalid }",
    "unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or empty string",
  ],
  ["telegram", "{ chat_id: -100123, bot_token: a, parse_mode: '' }", "accepted"],
  // It came later.
  ["telegram", "{ chat_id: 1, bot_token: a, timeout: 1s }", "field timeout not found in type"],
  ["telegram", "{ chat_id: abc, bot_token: a }", "cannot unmarshal !!str `abc` into int64"],
  ["opsgenie", "{}", "no global OpsGenie API Key set either inline or in a file"],
  ["opsgenie", "{ api_key: a, api_key_file: f }", "at most one of api_key & api_key_file must be"],
  [
    "opsgenie",
    "{ api_key: a, responders: [{ type: team }] }",
    "opsGenieConfig responder {   team} has to have at least one of id, username or name specified",
  ],
  [
    "opsgenie",
    "{ api_key: a, responders: [{ name: b, type: pigeon }] }",
    "opsGenieConfig responder { b  pigeon} type does not match valid options ^(team|teams|user|escalation|schedule)$",
  ],
  ["opsgenie", "{ api_key: a, responders: [{ name: b, type: TEAM }] }", "accepted"],
  ["opsgenie", "{ api_key: a, responders: [{ name: b, type: '{{ .x }}' }] }", "accepted"],
  [
    "opsgenie",
    "{ api_key: a, responders: [{ name: b, type: '{{ toUpper .x }}' }] }",
    "opsGenieConfig responder",
  ],
  ["opsgenie", "{ api_key: a }", "no global OpsGenie URL set", "global: { opsgenie_api_url: }"],
  [
    "pagerduty",
    "{ routing_key: a }",
    "no global PagerDuty URL set",
    "global: { pagerduty_url: ~ }",
  ],
  ["pagerduty", `{ routing_key: a, url: "${U}" }`, "accepted", "global: { pagerduty_url: ~ }"],
  ["slack", `{ api_url: "${U}" }`, "no global Slack App URL set", "global: { slack_app_url: ~ }"],
  [
    "victorops",
    "{ api_key: a, routing_key: b }",
    "no global VictorOps URL set",
    "global: { victorops_api_url: ~ }",
  ],
  [
    "wechat",
    "{ corp_id: a, api_secret: b }",
    "no global Wechat URL set",
    "global: { wechat_api_url: ~ }",
  ],
  [
    "webex",
    "{ room_id: a, http_config: { bearer_token: b } }",
    "no global Webex URL set",
    "global: { webex_api_url: ~ }",
  ],
  ["victorops", "{ api_key: a }", "missing Routing key in VictorOps config"],
  ["victorops", "{ routing_key: a }", "no global VictorOps API Key set"],
  ["victorops", "{ routing_key: a }", "accepted", "global: { victorops_api_key_file: f }"],
  [
    "victorops",
    "{ routing_key: a, api_key: b, api_key_file: f }",
    "at most one of api_key & api_key_file",
  ],
  [
    "victorops",
    "{ routing_key: a, api_key: b, custom_fields: { entity_state: c } }",
    "victorOps config contains custom field entity_state which cannot be used as it conflicts with the fixed/static fields",
  ],
  ["wechat", "{ api_secret: a }", "no global Wechat CorpID set"],
  ["wechat", "{ corp_id: a }", "no global Wechat Api Secret set either inline or in a file"],
  [
    "wechat",
    "{ corp_id: a, api_secret: b, api_secret_file: f }",
    "at most one of api_secret & api_secret_file",
  ],
  [
    "wechat",
    "{ corp_id: a, api_secret: b, message_type: html }",
    'weChat message type "html" does not match valid options ^(text|markdown)$',
  ],
  ["wechat", "{ corp_id: a, api_secret: b, message_type: markdown }", "accepted"],
  ["pushover", "{ token: a }", "one of user_key or user_key_file must be configured"],
  ["pushover", "{ user_key: a }", "one of token or token_file must be configured"],
  [
    "pushover",
    "{ user_key: a, user_key_file: f, token: b }",
    "at most one of user_key & user_key_file",
  ],
  [
    "pushover",
    "{ user_key: a, token: b, token_file: f }",
    "at most one of token & token_file must be",
  ],
  [
    "pushover",
    "{ user_key: a, token: b, html: true, monospace: true }",
    "at most one of monospace & html",
  ],
  ["pushover", "{ user_key: a, token: b, retry: 5 }", 'time: missing unit in duration "5"'],
  ["pushover", "{ user_key: a, token: b, ttl: 1d }", 'duration "1d"'],
  ["pushover", "{ user_key: a, token: b, expire: 1.5h }", "accepted"],
  ["sns", "{}", "must provide either a Target ARN, Topic ARN, or Phone Number for SNS config"],
  ["sns", "{ topic_arn: a, phone_number: b }", "must provide either a Target ARN, Topic ARN, or"],
  ["sns", "{ phone_number: b, use_aws_http_client: true }", "accepted"],
  [
    "sns",
    "{ topic_arn: a, sigv4: { access_key: b } }",
    "must provide a AWS SigV4 Access key and Secret",
  ],
  [
    "webex",
    "{ http_config: { authorization: { credentials: a } } }",
    "missing room_id on webex_config",
  ],
  ["webex", "{ room_id: a }", "missing webex_configs.http_config.authorization"],
  ["webex", "{ room_id: a, http_config: { authorization: { credentials: b } } }", "accepted"],
  ["jira", "{ issue_type: a }", "missing project in jira_config"],
  ["jira", "{ project: a }", "missing issue_type in jira_config"],
  ["jira", "{ project: a, issue_type: b }", "no global Jira Cloud URL set"],
  [
    "jira",
    "{ project: a, issue_type: b, api_type: x }",
    "unknown api_type on jira_config, must be auto, cloud or datacenter",
  ],
  ["jira", "{ project: a, issue_type: b, api_type: }", "unknown api_type on jira_config"],
  [
    "jira",
    "{ project: a, issue_type: b, labels: { values: [c] } }",
    "cannot unmarshal !!map into []string",
  ],
  [
    "jira",
    "{ project: a, issue_type: b, summary: { template: c, enable_update: false }, description: d, fields: { x: [1] } }",
    "accepted",
    `global: { jira_api_url: "${U}" }`,
  ],
  ["rocketchat", "{ token: a }", "no global Rocketchat TokenID set either inline or in a file"],
  ["rocketchat", "{ token_id: a }", "no global Rocketchat Token set either inline or in a file"],
  [
    "rocketchat",
    "{ token_id: a, token: b, token_file: f }",
    "at most one of token & token_file must be",
  ],
  [
    "rocketchat",
    "{ token_id: a, token_id_file: f, token: b }",
    "at most one of token_id & token_id_file",
  ],
  ["mattermost", "{}", "missing webhook_url or webhook_url_file on mattermost_config"],
  [
    "mattermost",
    `{ webhook_url: "${U}", webhook_url_file: f }`,
    "at most one of webhook_url & webhook_url_file",
  ],
  [
    "mattermost",
    `{ webhook_url: "${U}", fields: [{ value: a }] }`,
    "missing title in Mattermost field",
  ],
  [
    "mattermost",
    `{ webhook_url: "${U}", attachments: [{ fields: [{ title: a }] }] }`,
    "missing value in Mattermost field",
  ],
  [
    "mattermost",
    `{ webhook_url: "${U}", props: { card: a }, priority: { priority: b } }`,
    "accepted",
  ],
  ["incidentio", "{ alert_source_token: a }", "one of url or url_file must be configured"],
  [
    "incidentio",
    `{ url: "${U}", url_file: f, alert_source_token: a }`,
    "at most one of url & url_file",
  ],
  [
    "incidentio",
    `{ url: "${U}", alert_source_token: a, alert_source_token_file: f }`,
    "at most one of alert_source_token & alert_source_token_file must be configured",
  ],
  [
    "incidentio",
    `{ url: "${U}", alert_source_token: a, http_config: { authorization: { credentials: b } } }`,
    "cannot specify alert_source_token or alert_source_token_file when using http_config.authorization",
  ],
  [
    "incidentio",
    `{ url: "${U}", http_config: {} }`,
    "at least one of alert_source_token, alert_source_token_file or http_config.authorization must be configured",
  ],
];

it.each(
  RECEIVERS.map(
    ([type, config, expected, global = ""]) => [type, config, expected, global] as const,
  ),
)("%s_configs: [%s] is %s", (type, config, expected, global) => {
  expect(verdict(withReceiver(type, config, global))).toContain(expected);
});

it.each([
  ["slack_app_token: a, slack_app_token_file: f", "slack_app_token & slack_app_token_file"],
  [`slack_api_url: "${U}", slack_api_url_file: f`, "slack_api_url & slack_api_url_file"],
  [
    `slack_app_token: a, slack_api_url: "${U}"`,
    "slack_app_token/slack_app_token_file & slack_api_url/slack_api_url_file",
  ],
  ["opsgenie_api_key: a, opsgenie_api_key_file: f", "opsgenie_api_key & opsgenie_api_key_file"],
  ["victorops_api_key: a, victorops_api_key_file: f", "victorops_api_key & victorops_api_key_file"],
  [
    "telegram_bot_token: a, telegram_bot_token_file: f",
    "telegram_bot_token & telegram_bot_token_file",
  ],
  [
    "smtp_auth_password: a, smtp_auth_password_file: f",
    "smtp_auth_password & smtp_auth_password_file",
  ],
  ["smtp_auth_secret: a, smtp_auth_secret_file: f", "smtp_auth_secret & smtp_auth_secret_file"],
  ["rocketchat_token: a, rocketchat_token_file: f", "rocketchat_token & rocketchat_token_file"],
  [
    "rocketchat_token_id: a, rocketchat_token_id_file: f",
    "rocketchat_token_id & rocketchat_token_id_file",
  ],
  ["wechat_api_secret: a, wechat_api_secret_file: f", "wechat_api_secret & wechat_api_secret_file"],
  [
    `mattermost_webhook_url: "${U}", mattermost_webhook_url_file: f`,
    "mattermost_webhook_url & mattermost_webhook_url_file",
  ],
])("global: { %s }", (fields, pair) => {
  const yaml = `${ROUTE}receivers: [{ name: r }]\nglobal: { ${fields} }`;
  expect(verdict(yaml)).toContain(`at most one of ${pair} must be configured`);
});

it.each([
  [
    "bearer_token: a, bearer_token_file: f",
    "at most one of bearer_token & bearer_token_file must be",
  ],
  [
    "basic_auth: {}, bearer_token: a",
    "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured",
  ],
  [
    "basic_auth: { username: a, username_file: f }",
    "at most one of basic_auth username, username_file & username_ref must be configured",
  ],
  [
    "basic_auth: { password: a, password_file: f }",
    "at most one of basic_auth password, password_file & password_ref must be configured",
  ],
  [
    "authorization: {}, bearer_token: a",
    "authorization is not compatible with bearer_token & bearer_token_file",
  ],
  [
    "authorization: { credentials: a, credentials_file: f }",
    "at most one of authorization credentials & credentials_file must be configured",
  ],
  [
    "authorization: { type: ' Basic ' }",
    'authorization type cannot be set to "basic", use "basic_auth" instead',
  ],
  [
    "authorization: {}, basic_auth: {}",
    "at most one of basic_auth, oauth2 & authorization must be configured",
  ],
  ["oauth2: { token_url: a }", "oauth2 client_id must be configured"],
  ["oauth2: { client_id: a }", "oauth2 token_url must be configured"],
  [
    "oauth2: { client_id: a, token_url: b, client_secret: c, client_secret_file: f }",
    "at most one of oauth2 client_secret, client_secret_file & client_secret_ref must be configured",
  ],
  [
    "oauth2: { client_id: a, token_url: b, grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', client_certificate_key: c, client_certificate_key_file: f }",
    "at most one of oauth2 client_certificate_key, client_certificate_key_file & client_certificate_key_ref must be configured",
  ],
  [
    "oauth2: { client_id: a, token_url: b, grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', signature_algorithm: HS256 }",
    "valid signature algorithms are RS256, RS384 and RS512",
  ],
  [
    "oauth2: { client_id: a, token_url: b, grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', signature_algorithm: RS512 }",
    "accepted",
  ],
  [
    "proxy_connect_header: { a: [b] }",
    "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured",
  ],
  [
    "proxy_from_environment: true, proxy_url: 'http://a'",
    "if proxy_from_environment is configured, proxy_url must not be configured",
  ],
  [
    "proxy_from_environment: true, no_proxy: a",
    "if proxy_from_environment is configured, no_proxy must not be configured",
  ],
  ["no_proxy: a", "if no_proxy is configured, proxy_url must also be configured"],
  ["proxy_url: foo", "accepted"],
  ["http_headers: { host: { values: [a] } }", 'setting header "Host" is not allowed'],
  ["http_headers: { X-Scope: { values: [a], secrets: [b], files: [c] } }", "accepted"],
  ["tls_config: { ca: a, ca_file: f }", "at most one of ca, ca_file & ca_ref must be configured"],
  [
    "tls_config: { cert_file: f }",
    "exactly one of key or key_file must be configured when a client certificate is configured",
  ],
  [
    "tls_config: { key_file: f }",
    "exactly one of cert or cert_file must be configured when a client key is configured",
  ],
  ["tls_config: { min_version: TLS9 }", "unknown TLS version: TLS9"],
  ["follow_redirects: false, enable_http2: false", "accepted"],
  ["http2: true", "field http2 not found in type config.plain"],
])("http_config: { %s }", (fields, expected) => {
  expect(verdict(withReceiver("webhook", `{ url: "${U}", http_config: { ${fields} } }`))).toContain(
    expected,
  );
  const global = `${ROUTE}receivers: [{ name: r }]\nglobal: { http_config: { ${fields} } }`;
  expect(verdict(global)).toContain(expected);
});

const AMTOOL = spawnSync("amtool", ["--version"]).status === 0;

/** Where an older amtool (0.25) judges otherwise although it knows every field. */
const NEWER = [
  /'"🙂"=f'/, // names outside of ASCII came with 0.27
  /group_by: \['-any-'/,
  /equal: \['qux🙂'\]/,
  /url: '(?:http:\/\/x\/|not-)\{\{/, // so did templates in a webhook's address, with 0.30
  /telegram_configs: \[\{ chat_id: 1 \}\]/, // a bot's token in `global`
  /details: \{ b: \{ c/, // nested details
  /tls_config: \{ (?:cert|key)_file: f \}/,
];

it.skipIf(!AMTOOL)(
  "agrees with amtool check-config on all that it knows",
  { timeout: 60_000 },
  () => {
    const dir = mkdtempSync(join(tmpdir(), "config-rules-"));
    try {
      // An empty entry of a list ends the old amtool itself.
      const files = [...judged].filter(([yaml]) => !/(?:_configs: \[|, )~/.test(yaml));
      const names = files.map(([yaml], i) => {
        const name = join(dir, `${i}.yml`);
        writeFileSync(name, yaml);
        return name;
      });
      const out = checkConfig(names);
      let compared = 0;
      files.forEach(([yaml, ok], i) => {
        const said = out.get(names[i] ?? "") ?? "";
        if (/not found in type/.test(said) || NEWER.some((n) => n.test(yaml))) return;
        compared++;
        expect({ yaml, ok: said.startsWith("SUCCESS") }, said).toEqual({ yaml, ok });
      });
      expect(compared).toBeGreaterThan(150);
    } finally {
      rmSync(dir, { recursive: true });
    }
  },
);

/** What amtool says of each file, from SUCCESS or FAILED on. */
function checkConfig(names: readonly string[]): ReadonlyMap<string, string> {
  const run = spawnSync("amtool", ["check-config", ...names], { encoding: "utf8" });
  const out = new Map<string, string>();
  for (const part of run.stdout.split(/^Checking /m)) {
    const match = /^'([^']+)' {2}(.*)/s.exec(part);
    if (match !== null) out.set(match[1] as string, match[2] as string);
  }
  return out;
}
