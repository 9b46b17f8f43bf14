import { ExplainBody, TestAlertBody } from "../../alerting/test-alerts";
import {
  boolean,
  count,
  described,
  epochMs,
  json,
  jsonBody,
  list,
  nullable,
  oneOf,
  record,
  ref,
  string,
  stringMap,
} from "../json-schema";
import type { Family } from "../model";
import { JSON_PROBLEMS } from "../shared-problems";

const explanation = {
  fingerprint: string,
  labels: stringMap,
  alert: described(
    nullable(
      record({
        status: oneOf(["firing", "resolved"]),
        source: string,
        startsAtMs: epochMs,
        endsAtMs: epochMs,
        acknowledgedBy: nullable(string),
        flapping: boolean,
      }),
    ),
    "As the router has it; null where it knows none with these labels.",
  ),
  routes: described(list(ref("RouteExplanation")), "One for each route that takes it."),
};

const stage = record({
  stage: string,
  pass: boolean,
  reason: nullable(string),
  by: described(list(string), "What takes it out: silences, windows, time intervals or alerts."),
});

export const testAlertFamily: Family = {
  tag: "Tests",
  description:
    "Why somebody is told of an alert, or is not: asked of any labels, or tried with a test alert.",
  dialect: "vedette",
  operations: [
    {
      method: "post",
      path: "/api/v1/alerts/explain",
      id: "explainAlert",
      summary: "What would become of an alert with these labels now, stage by stage",
      scope: "read",
      body: jsonBody(ExplainBody, "The alert's labels."),
      answers: { 200: json("Routes, groups and verdicts.", record(explanation)) },
      problems: JSON_PROBLEMS,
    },
    {
      method: "post",
      path: "/api/v1/alerts/test",
      id: "sendTestAlert",
      summary: "Send a test alert through the whole chain",
      description:
        "It is an alert like others, marked by the label `vedette_test` and `[TEST]` in its summary: it is routed, silenced, inhibits, opens incidents, and resolves by itself.",
      scope: "admin",
      body: jsonBody(TestAlertBody, "`resolve_after` is 1m unless given."),
      answers: {
        202: json(
          "It is on its way, and this is what the chain says of it.",
          record({ id: string, resolves_at_ms: epochMs, ...explanation }),
        ),
      },
      problems: JSON_PROBLEMS,
    },
    {
      method: "get",
      path: "/api/v1/alerts/test/{id}",
      id: "getTestAlert",
      summary: "What became of a test alert: verdicts now, decisions and deliveries so far",
      scope: "read",
      answers: {
        200: json(
          "The newest notification first.",
          record({
            id: string,
            status: oneOf(["firing", "resolved"]),
            starts_at_ms: epochMs,
            ended_at_ms: nullable(epochMs),
            ...explanation,
            notifications: list(ref("Notification")),
          }),
        ),
      },
      problems: { 404: ["test_alert_unknown"] },
    },
  ],
  schemas: {
    RouteExplanation: record({
      route: described(string, "Position in the tree."),
      path: described(string, "The matchers from the root down."),
      receiver: string,
      stages: list(stage),
      heldBy: nullable(stage),
      group: record({
        key: string,
        labels: stringMap,
        exists: boolean,
        member: boolean,
        members: count,
        groupWaitMs: count,
        groupIntervalMs: count,
        repeatIntervalMs: count,
        nextFlushMs: epochMs,
      }),
      integrations: list(
        record({
          integration: string,
          type: string,
          toldAtMs: nullable(epochMs),
          knows: boolean,
          decision: oneOf(["send", "hold"]),
          includes: described(boolean, "Whether that message would speak of the alert."),
          reason: string,
        }),
      ),
    }),
  },
};
