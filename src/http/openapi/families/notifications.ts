import { OUTCOMES } from "../../alerting/notifications";
import {
  anyObject,
  boolean,
  count,
  dateTime,
  described,
  epochMs,
  json,
  jsonBody,
  limit,
  list,
  nullable,
  oneOf,
  query,
  record,
  ref,
  string,
} from "../json-schema";
import { BundleBody } from "../../../alerting/config-bundle";
import { SecretBody } from "../../settings/secrets";
import type { Family, Operation } from "../model";
import { JSON_PROBLEMS, TEXT_PROBLEMS, together } from "../shared-problems";

const note = record({
  name: string,
  message: string,
  places: list(record({ line: count, column: count, what: string })),
});

const CONFIG_REFUSALS = [
  "config_yaml_malformed",
  "config_field_unknown",
  "config_field_missing",
  "config_value_wrong",
  "config_receiver_undefined",
  "config_not_delivered",
  "config_url_refused",
  "config_secret_unknown",
  "config_secret_unreadable",
] as const;

const secret = record({ name: string, updated_at: dateTime, updated_by: string });

const refusal = record({ code: string, detail: string, where: string });

const putConfiguration: Omit<Operation, "method" | "id"> = {
  path: "/config/v1/alertmanager",
  summary: "Replace the configuration",
  description:
    "`<secret>` keeps the secret that stands at its place now. A bare YAML file keeps the templates and files in force; a bundle replaces them.",
  scope: "admin",
  parameters: [
    query(
      "strict",
      boolean,
      "Takes only what Alertmanager itself takes, beside Vedette's own receiver types.",
    ),
    query("check", boolean, "Only says what would come of it: nothing is stored."),
  ],
  body: {
    description:
      "Alertmanager's YAML, or a bundle of it with its templates and files; at most 1 MiB, gzip is undone.",
    required: true,
    content: { "application/yaml": string, "application/json": BundleBody },
  },
  answers: {
    200: json(
      "It is in force; or with `check`, what would come of it.",
      record(
        {},
        {
          version: count,
          updated_at: dateTime,
          receivers: list(string),
          warnings: described(
            list(note),
            "What Alertmanager would refuse and Vedette understands.",
          ),
          notices: described(list(note), "What is taken and has no effect."),
          valid: described(boolean, "Alertmanager's verdict."),
          deliverable: boolean,
          error: refusal,
          undelivered: list(refusal),
        },
      ),
    ),
  },
  problems: together(TEXT_PROBLEMS, {
    400: CONFIG_REFUSALS,
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
      answers: {
        200: {
          description: "Alertmanager's YAML; the whole bundle where JSON is accepted.",
          content: { "application/yaml": string, "application/json": BundleBody },
        },
      },
    },
    { ...putConfiguration, method: "put", id: "putAlertmanagerConfig" },
    { ...putConfiguration, method: "post", id: "postAlertmanagerConfig" },
    {
      method: "get",
      path: "/config/v1/secrets",
      id: "listSecrets",
      summary: "Names of the secrets that `${NAME}` in a configuration stands for",
      scope: "admin",
      answers: { 200: json("No value is ever shown.", record({ secrets: list(secret) })) },
    },
    {
      method: "put",
      path: "/config/v1/secrets/{name}",
      id: "putSecret",
      summary: "Put a secret",
      description: "Where the configuration in force names it, the new value takes effect at once.",
      scope: "admin",
      body: jsonBody(SecretBody, "The value."),
      answers: {
        200: json(
          "It is stored, sealed.",
          record({ name: string, updated_at: dateTime, updated_by: string, in_use: boolean }),
        ),
      },
      problems: together(JSON_PROBLEMS, {
        400: ["secret_name_invalid", ...CONFIG_REFUSALS],
        409: ["secrets_too_many"],
        413: ["config_too_large"],
      }),
    },
    {
      method: "delete",
      path: "/config/v1/secrets/{name}",
      id: "deleteSecret",
      summary: "Delete a secret that the configuration in force does not name",
      scope: "admin",
      answers: { 200: json("It is gone.", record({ deleted: string })) },
      problems: { 404: ["secret_unknown"], 409: ["secret_in_use"] },
    },
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
                integrations: list(
                  record({
                    id: string,
                    type: string,
                    send_resolved: boolean,
                    delivery: described(
                      nullable(
                        record({
                          failing_since: nullable(dateTime),
                          failures: count,
                          lost: count,
                          last_error: nullable(string),
                          waiting: count,
                          oldest_waiting_at: nullable(dateTime),
                        }),
                      ),
                      "How it fares; null where its object does not say, and of types that send nothing to the outside.",
                    ),
                  }),
                ),
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
      parameters: [
        query(
          "from",
          string,
          "Inclusive; 30 days ago unless given: RFC 3339 or milliseconds since the epoch.",
        ),
        query("to", string, "Exclusive; now unless given."),
        query("receiver", string, "The receiver's name."),
        query("integration", string, "`<receiver>/<type>/<index>`."),
        query("decision", oneOf(["sent", "held"]), "Whether a message left."),
        query("reason", string, "Why, as in `reason`."),
        query(
          "outcome",
          oneOf(OUTCOMES),
          "How the last attempt ended; `none`: no attempt is known.",
        ),
        query(
          "alert",
          string,
          "A fingerprint: messages that speak of the alert, or from which it was left out.",
        ),
        query(
          "q",
          string,
          "Text within receiver, group, names of alerts, error or answer, whatever the case.",
        ),
        limit(100, 500),
        query("cursor", string, "`next_cursor` of the page before."),
      ],
      answers: {
        200: json(
          "Newest first.",
          record(
            { notifications: list(ref("Notification")) },
            { next_cursor: described(string, "There may be more: ask with it as `cursor`.") },
          ),
        ),
      },
      problems: { 400: ["limit_invalid", "time_invalid", "parameter_malformed", "cursor_invalid"] },
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
        "maintenance",
        "resolved_not_wanted",
        "flapping",
        "calm",
        "window_created",
        "window_changed",
        "window_started",
        "window_ended",
        "window_cancelled",
        "escalation",
        "report",
        "test",
      ]),
      alertNames: list(string),
      status: oneOf(["firing", "resolved"]),
      firing: described(list(string), "Fingerprints."),
      resolved: described(list(string), "Fingerprints."),
      suppressed: described(
        { type: "object", additionalProperties: string },
        "Fingerprint → why it was left out.",
      ),
      outcome: described(
        nullable(oneOf(OUTCOMES.filter((o) => o !== "none"))),
        "Of the last attempt.",
      ),
      attempts: count,
      lastAttemptMs: nullable(epochMs),
      latencyMs: nullable({ type: "number" }),
      statusCode: nullable({ type: "integer" }),
      error: nullable(string),
      response: described(nullable(string), "The first characters of the other side's answer."),
      deliveries: described(list(ref("Delivery")), "Oldest first; of many the latest 20."),
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
      outcome: oneOf(OUTCOMES.filter((o) => o !== "none")),
      statusCode: nullable({ type: "integer" }),
      error: nullable(string),
      response: nullable(string),
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
