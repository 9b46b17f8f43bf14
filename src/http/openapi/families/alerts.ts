import { SilenceBody } from "../../alerting/silences";
import {
  boolean,
  count,
  dateTime,
  described,
  empty,
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
import { JSON_PROBLEMS, together } from "../shared-problems";

const instant = (name: string, description: string): Parameter =>
  query(name, string, `${description}: RFC 3339 or milliseconds since the epoch.`);

export const alertFamily: Family = {
  tag: "Alerts",
  description: "Alerts as the router sees them, their past, and silences.",
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
        limit(100, 500),
      ],
      answers: {
        200: json(
          "The alerts, and totals of the whole span.",
          record({
            alerts: list(ref("PastAlert")),
            totals: record({
              fired: count,
              bySeverity: { type: "object", additionalProperties: count },
              top: list(record({ name: string, count })),
            }),
          }),
        ),
      },
      problems: { 400: ["limit_invalid", "time_invalid"] },
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
      method: "get",
      path: "/api/v1/silences",
      id: "listSilences",
      summary: "List silences",
      scope: "read",
      answers: { 200: json("The silences.", record({ silences: list(ref("Silence")) })) },
    },
    {
      method: "post",
      path: "/api/v1/silences",
      id: "putSilence",
      summary: "Make a silence, or change the one whose id is given",
      scope: "admin",
      body: jsonBody(SilenceBody, "The silence, in Alertmanager's fields."),
      answers: { 201: json("The silence's id.", record({ silenceID: string })) },
      problems: together(JSON_PROBLEMS, {
        400: [
          "matcher_invalid",
          "no_matchers",
          "matches_everything",
          "ends_before_it_starts",
          "ended_already",
        ],
        404: ["silence_unknown"],
        429: ["silences_too_many"],
      }),
    },
    {
      method: "delete",
      path: "/api/v1/silences/{id}",
      id: "expireSilence",
      summary: "End a silence now",
      scope: "admin",
      answers: { 204: empty("It has ended.") },
      problems: { 404: ["silence_unknown"] },
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
        startsAtMs: epochMs,
        endsAtMs: epochMs,
        updatedAtMs: epochMs,
        generatorUrl: string,
        value: nullable(number),
        receivers: list(string),
      },
      { heldBackUntilMs: epochMs, acknowledgedBy: string, incidentId: string },
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
      labels: stringMap,
      annotations: stringMap,
      value: nullable(number),
    }),
    Silence: record({
      id: string,
      status: record({ state: oneOf(["active", "pending", "expired"]) }),
      matchers: list(record({ name: string, value: string, isRegex: boolean, isEqual: boolean })),
      startsAt: dateTime,
      endsAt: dateTime,
      updatedAt: dateTime,
      createdBy: string,
      comment: string,
    }),
  },
};
