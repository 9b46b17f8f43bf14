import { ALERTS_BODY_LIMIT } from "../../alertmanager/post-alerts";
import { SILENCE_BODY_LIMIT } from "../../alertmanager/silences";
import {
  boolean,
  dateTime,
  described,
  empty,
  json,
  jsonBody,
  list,
  oneOf,
  query,
  record,
  ref,
  string,
  stringMap,
} from "../json-schema";
import type { Family, Parameter } from "../model";

const flag = (name: string, what: string): Parameter =>
  query(name, { ...boolean, default: true }, `\`false\` leaves out ${what}.`);

const matchers = (name: string, of: string): Parameter =>
  query(name, list(string), `A matcher of ${of}, such as \`a="b"\`; any number of times.`);

const ALERT_QUERY: readonly Parameter[] = [
  flag("active", "alerts that nothing suppresses"),
  flag("silenced", "silenced alerts"),
  flag("inhibited", "inhibited alerts"),
  matchers("filter", "the alert's labels"),
  query("receiver", string, "An anchored regular expression over receivers' names."),
  matchers("receiver_matchers", "receivers' labels, their name among them as `name`"),
];

const BODY_FAILURES = {
  400: "The body is no JSON of this shape; or, as a JSON string, what Alertmanager refuses.",
  413: "The body is too large.",
  415: "Another media type or encoding.",
  422: "A field is missing or malformed, with the code of go-openapi.",
};
const BAD_MATCHER = { 400: json("What is wrong with a matcher or the receiver.", string) };

export const alertmanagerFamily: Family = {
  tag: "Alertmanager",
  description:
    "Alertmanager's API v2 for its own clients: amtool, Prometheus, Grafana. Refusals of its handlers are JSON strings.",
  dialect: "alertmanager",
  specification: {
    url: "https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml",
    description: "Alertmanager API v2",
  },
  operations: [
    {
      method: "get",
      path: "/api/v2/status",
      id: "getAlertmanagerStatus",
      summary: "Version, uptime and the configuration in force, secrets left out",
      scope: "read",
      answers: {
        200: json(
          "The status.",
          record({
            cluster: record({ status: oneOf(["disabled"]), peers: list(string) }),
            config: record({ original: string }),
            uptime: dateTime,
            versionInfo: record({
              version: string,
              revision: string,
              branch: string,
              buildUser: string,
              buildDate: string,
              goVersion: string,
            }),
          }),
        ),
      },
    },
    {
      method: "get",
      path: "/api/v2/receivers",
      id: "getAlertmanagerReceivers",
      summary: "Names of the receivers",
      scope: "read",
      parameters: [
        matchers("receiver_matchers", "receivers' labels, their name among them as `name`"),
      ],
      answers: {
        200: json(
          "The receivers, in the configuration's order.",
          list(record({ name: string, labels: stringMap })),
        ),
        ...BAD_MATCHER,
      },
    },
    {
      method: "get",
      path: "/api/v2/silences",
      id: "getAlertmanagerSilences",
      summary: "Silences: those that hold, then those to come, then those that ended",
      scope: "read",
      parameters: [
        matchers("filter", "the silence itself, equal in name, operator and value"),
        flag("active", "silences that hold"),
        flag("pending", "silences to come"),
        flag("expired", "silences that ended"),
      ],
      answers: { 200: json("The silences.", list(ref("V2Silence"))), ...BAD_MATCHER },
    },
    {
      method: "post",
      path: "/api/v2/silences",
      id: "postAlertmanagerSilence",
      summary: "Make a silence, or change the one whose id is given",
      scope: "admin",
      body: jsonBody(
        ref("V2PostableSilence"),
        `The silence, at most ${SILENCE_BODY_LIMIT / 1024} KiB.`,
      ),
      answers: {
        200: json("Its id.", record({ silenceID: string })),
        404: json("There is no silence of that id.", string),
      },
      failures: BODY_FAILURES,
    },
    {
      method: "get",
      path: "/api/v2/silence/{id}",
      id: "getAlertmanagerSilence",
      summary: "One silence",
      scope: "read",
      answers: {
        200: json("The silence.", ref("V2Silence")),
        404: empty("There is none of that id."),
      },
      failures: { 422: "The id is no UUID." },
    },
    {
      method: "delete",
      path: "/api/v2/silence/{id}",
      id: "deleteAlertmanagerSilence",
      summary: "End a silence now",
      scope: "admin",
      answers: { 200: empty("It has ended."), 404: empty("There is none of that id.") },
      failures: { 422: "The id is no UUID." },
    },
    {
      method: "get",
      path: "/api/v2/alerts",
      id: "getAlertmanagerAlerts",
      summary: "Alerts that fire, by fingerprint",
      scope: "read",
      parameters: [
        ...ALERT_QUERY,
        query("unprocessed", boolean, "Without effect: every alert is processed when it is asked."),
      ],
      answers: { 200: json("The alerts.", list(ref("V2Alert"))), ...BAD_MATCHER },
    },
    {
      method: "post",
      path: "/api/v2/alerts",
      id: "postAlertmanagerAlerts",
      summary: "Send alerts",
      description:
        "An alert without `endsAt` expires `resolve_timeout` from now. Alerts that break a rule are named in the answer; the others are taken all the same.",
      scope: "ingest",
      body: jsonBody(
        list(ref("V2PostableAlert")),
        `The alerts, at most ${ALERTS_BODY_LIMIT / 1024 / 1024} MiB.`,
      ),
      answers: { 200: empty("They are stored.") },
      failures: BODY_FAILURES,
    },
    {
      method: "get",
      path: "/api/v2/alerts/groups",
      id: "getAlertmanagerGroups",
      summary: "Alerts by the groups in which they are sent",
      scope: "read",
      parameters: [...ALERT_QUERY, flag("muted", "groups that a time interval mutes")],
      answers: { 200: json("The groups.", list(ref("V2Group"))), ...BAD_MATCHER },
    },
  ],
  schemas: {
    V2Receiver: record({ name: string }),
    V2Matcher: record(
      { name: string, value: string, isRegex: boolean },
      { isEqual: { ...boolean, default: true } },
    ),
    V2PostableSilence: record(
      {
        matchers: list(ref("V2Matcher")),
        startsAt: dateTime,
        endsAt: dateTime,
        createdBy: string,
        comment: string,
      },
      { id: string },
    ),
    V2Silence: record({
      id: string,
      status: record({ state: oneOf(["active", "pending", "expired"]) }),
      updatedAt: dateTime,
      matchers: list(ref("V2Matcher")),
      startsAt: dateTime,
      endsAt: dateTime,
      createdBy: string,
      comment: string,
      annotations: stringMap,
    }),
    V2PostableAlert: record(
      { labels: stringMap },
      { annotations: stringMap, startsAt: dateTime, endsAt: dateTime, generatorURL: string },
    ),
    V2Alert: record(
      {
        annotations: stringMap,
        receivers: list(ref("V2Receiver")),
        fingerprint: string,
        startsAt: dateTime,
        updatedAt: dateTime,
        endsAt: dateTime,
        status: record({
          state: oneOf(["active", "suppressed"]),
          silencedBy: list(string),
          inhibitedBy: described(list(string), "Fingerprints."),
          mutedBy: described(list(string), "Names of time intervals, ids of maintenance windows."),
        }),
        labels: stringMap,
      },
      { generatorURL: string },
    ),
    V2Group: record({
      labels: stringMap,
      routeLabels: stringMap,
      receiver: ref("V2Receiver"),
      alerts: list(ref("V2Alert")),
    }),
  },
};
