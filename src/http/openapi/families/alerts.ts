import { RouteTestBody } from "../../alerting/route-test";
import {
  count,
  described,
  epochMs,
  json,
  jsonBody,
  limit,
  list,
  nullable,
  number,
  oneOf,
  query,
  record,
  ref,
  string,
  stringMap,
} from "../json-schema";
import type { Family, Parameter } from "../model";
import { JSON_PROBLEMS } from "../shared-problems";

const instant = (name: string, description: string): Parameter =>
  query(name, string, `${description}: RFC 3339 or milliseconds since the epoch.`);

export const alertFamily: Family = {
  tag: "Alerts",
  description: "Alerts as the router sees them, and their past.",
  dialect: "vedette",
  operations: [
    {
      method: "get",
      path: "/api/v1/alerts/active",
      id: "listActiveAlerts",
      summary: "Alerts with what silences, inhibits and receives them",
      scope: "read",
      answers: { 200: json("The alerts.", record({ alerts: list(ref("ActiveAlert")) })) },
    },
    {
      method: "get",
      path: "/api/v1/alerts/groups",
      id: "listAlertGroups",
      summary: "Alerts by the groups in which they are sent",
      scope: "read",
      answers: { 200: json("The groups.", record({ groups: list(ref("AlertGroup")) })) },
    },
    {
      method: "get",
      path: "/api/v1/alerts/history",
      id: "listPastAlerts",
      summary: "Alerts that began to fire in a span of time, newest first",
      scope: "read",
      parameters: [
        instant("from", "Inclusive; 24 hours ago unless given"),
        instant("to", "Exclusive; now unless given"),
        query("q", string, "Text within labels or annotations, whatever the case."),
        query("name", string, "The label `alertname`."),
        query("severity", string, "The label `severity`."),
        query("fingerprint", string, "One alert's firings."),
        query("label", string, "`name=value`; any number of them, all of which must hold."),
        query("status", oneOf(["firing", "resolved"]), "Whether it fires still."),
        limit(100, 500),
        query("cursor", string, "`next_cursor` of the page before."),
      ],
      answers: {
        200: json(
          "The alerts; with the first page totals of the whole span, whatever else was asked.",
          record(
            { alerts: list(ref("PastAlert")) },
            {
              totals: record({
                fired: count,
                bySeverity: { type: "object", additionalProperties: count },
                top: list(record({ name: string, count })),
              }),
              next_cursor: described(string, "There may be more: ask with it as `cursor`."),
            },
          ),
        ),
      },
      problems: { 400: ["limit_invalid", "time_invalid", "parameter_malformed", "cursor_invalid"] },
    },
    {
      method: "post",
      path: "/api/v1/alerts/{fingerprint}/ack",
      id: "acknowledgeAlert",
      summary: "Take a firing alert in hand",
      scope: "admin",
      answers: {
        200: json("It is yours.", record({ fingerprint: string, acknowledged_by: string })),
      },
      problems: { 404: ["alert_not_firing"] },
    },
    {
      method: "post",
      path: "/api/v1/alerts/{fingerprint}/resolve",
      id: "resolveAlert",
      summary: "End an alert by hand, until its source has resolved it and it fires anew",
      scope: "admin",
      answers: {
        200: json("It has ended.", record({ fingerprint: string, resolved_by: string })),
      },
      problems: { 404: ["alert_not_firing"] },
    },
    {
      method: "post",
      path: "/api/v1/alerts/route",
      id: "testRoute",
      summary: "Who would be told of an alert with these labels, and in which group",
      scope: "read",
      body: jsonBody(RouteTestBody, "The labels of an alert that there need not be."),
      answers: {
        200: json(
          "By the configuration in force; nothing is sent.",
          record({
            receivers: described(list(string), "As `amtool config routes test` prints them."),
            routes: list(
              record({
                id: described(string, "The route's place in the tree: `0`, `0/1`."),
                receiver: string,
                group_by: list(string),
                group_labels: stringMap,
                group_key: string,
                group_wait: string,
                group_interval: string,
                repeat_interval: string,
                mute_time_intervals: list(string),
                active_time_intervals: list(string),
              }),
            ),
          }),
        ),
      },
      problems: JSON_PROBLEMS,
    },
  ],
  schemas: {
    ActiveAlert: record(
      {
        fingerprint: string,
        source: described(string, "The rule group that it came from."),
        labels: stringMap,
        annotations: stringMap,
        status: oneOf(["firing", "suppressed", "resolved"]),
        silencedBy: described(list(string), "Ids of silences."),
        inhibitedBy: described(list(string), "Fingerprints of alerts."),
        maintenanceBy: described(list(string), "Ids of maintenance windows."),
        startsAtMs: epochMs,
        endsAtMs: epochMs,
        updatedAtMs: epochMs,
        generatorUrl: string,
        value: nullable(number),
        receivers: list(string),
      },
      {
        heldBackUntilMs: described(epochMs, "A receiver is not told of it before."),
        flapping: described(
          record({
            sinceMs: epochMs,
            changes: count,
            withinMs: count,
            reported: oneOf(["firing", "resolved"]),
          }),
          "It counts as firing until it is calm; `reported` is what its source says.",
        ),
        acknowledgedBy: string,
        incidentId: string,
      },
    ),
    AlertGroup: record({
      key: string,
      receiver: string,
      labels: stringMap,
      nextFlushMs: epochMs,
      alerts: list(ref("ActiveAlert")),
    }),
    PastAlert: record({
      fingerprint: string,
      startsAtMs: epochMs,
      endedAtMs: nullable(epochMs),
      endedBy: described(
        nullable(oneOf(["resolved", "expired", "dismissed"])),
        "By its source, for want of news, or by a person's hand.",
      ),
      dismissedBy: nullable(string),
      acknowledgedBy: nullable(string),
      acknowledgedAtMs: nullable(epochMs),
      labels: stringMap,
      annotations: stringMap,
      value: nullable(number),
    }),
  },
};
