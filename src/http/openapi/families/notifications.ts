import {
  anyObject,
  boolean,
  count,
  dateTime,
  described,
  epochMs,
  json,
  limit,
  list,
  nullable,
  oneOf,
  record,
  ref,
  string,
  yaml,
} from "../json-schema";
import type { Family, Operation } from "../model";
import { TEXT_PROBLEMS, together } from "../shared-problems";

const putConfiguration: Omit<Operation, "method" | "id"> = {
  path: "/config/v1/alertmanager",
  summary: "Replace the configuration",
  description: "`<secret>` keeps the secret that stands at its place now.",
  scope: "admin",
  body: {
    description: "Alertmanager's YAML, at most 1 MiB; gzip is undone.",
    required: true,
    content: { "application/yaml": string },
  },
  answers: {
    200: json(
      "It is in force.",
      record({ version: count, updated_at: dateTime, receivers: list(string) }),
    ),
  },
  problems: together(TEXT_PROBLEMS, {
    400: [
      "config_yaml_malformed",
      "config_field_unknown",
      "config_field_missing",
      "config_value_wrong",
      "config_receiver_undefined",
      "config_not_delivered",
      "config_url_refused",
      "config_secret_unknown",
      "config_secret_unreadable",
    ],
    413: ["config_too_large"],
  }),
};

export const notificationFamily: Family = {
  tag: "Notifications",
  description: "Who is told of alerts, by Alertmanager's configuration, and what was sent and why.",
  dialect: "vedette",
  operations: [
    {
      method: "get",
      path: "/config/v1/alertmanager",
      id: "getAlertmanagerConfig",
      summary: "The configuration in force, secrets as `<secret>`",
      scope: "admin",
      answers: { 200: yaml("Alertmanager's YAML.") },
    },
    { ...putConfiguration, method: "put", id: "putAlertmanagerConfig" },
    { ...putConfiguration, method: "post", id: "postAlertmanagerConfig" },
    {
      method: "get",
      path: "/api/v1/receivers",
      id: "listReceivers",
      summary: "Receivers and their integrations",
      scope: "read",
      answers: {
        200: json(
          "The receivers.",
          record({
            receivers: list(
              record({
                name: string,
                integrations: list(record({ id: string, type: string, send_resolved: boolean })),
              }),
            ),
          }),
        ),
      },
    },
    {
      method: "post",
      path: "/api/v1/receivers/{name}/test",
      id: "testReceiver",
      summary: "Send a test message by every integration of a receiver",
      scope: "admin",
      answers: {
        202: json(
          "The messages wait to be sent; `/api/v1/notifications` has what becomes of them.",
          record({ sent: list(record({ integration: string, id: string })) }),
        ),
      },
      problems: { 404: ["receiver_unknown"], 409: ["nothing_to_send_with"] },
    },
    {
      method: "get",
      path: "/api/v1/receiver/inbox",
      id: "listInbox",
      summary: "What the built-in receivers were told, newest first",
      scope: "read",
      parameters: [limit(100, 500)],
      answers: { 200: json("The messages.", record({ messages: list(ref("InboxMessage")) })) },
      problems: { 400: ["limit_invalid"] },
    },
    {
      method: "get",
      path: "/api/v1/notifications",
      id: "listNotifications",
      summary: "What was sent or held back and why, with every attempt to deliver it",
      scope: "read",
      parameters: [limit(100, 500)],
      answers: {
        200: json(
          "Newest first.",
          record({
            notifications: list(ref("Notification")),
            other_deliveries: described(
              list(ref("Delivery")),
              "Of escalations, reports and tests, which no group decides.",
            ),
          }),
        ),
      },
      problems: { 400: ["limit_invalid"] },
    },
  ],
  schemas: {
    Notification: record({
      id: string,
      atMs: epochMs,
      groupKey: string,
      receiver: string,
      integration: described(string, "`<receiver>/<type>/<index>`."),
      decision: oneOf(["sent", "held"]),
      reason: oneOf([
        "first_notification",
        "new_alerts",
        "resolved_alerts",
        "all_resolved",
        "repeat_interval",
        "none",
        "silenced",
        "inhibited",
        "muted",
        "cooldown",
        "resolved_not_wanted",
      ]),
      status: oneOf(["firing", "resolved"]),
      firing: described(list(string), "Fingerprints."),
      resolved: described(list(string), "Fingerprints."),
      suppressed: described(
        { type: "object", additionalProperties: string },
        "Fingerprint → why it was left out.",
      ),
      deliveries: described(list(ref("Delivery")), "Oldest first."),
    }),
    Delivery: record({
      notificationId: string,
      groupKey: string,
      receiver: string,
      integration: string,
      status: oneOf(["firing", "resolved"]),
      reason: string,
      attempt: { type: "integer" },
      atMs: epochMs,
      latencyMs: { type: "number" },
      outcome: oneOf(["delivered", "failed", "rejected", "gave_up", "superseded", "url_refused"]),
      statusCode: nullable({ type: "integer" }),
      error: nullable(string),
      nextAttemptMs: nullable(epochMs),
    }),
    InboxMessage: record({
      id: string,
      receivedAtMs: epochMs,
      receiver: string,
      groupKey: string,
      status: oneOf(["firing", "resolved"]),
      reason: string,
      data: described(anyObject, "Alertmanager's webhook message, version 4."),
    }),
  },
};
