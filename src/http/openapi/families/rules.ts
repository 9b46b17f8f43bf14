import { RuleTestBody } from "../../rules/test";
import {
  boolean,
  count,
  dateTime,
  epochMs,
  json,
  jsonBody,
  list,
  nullable,
  number,
  oneOf,
  pathParameter,
  query,
  record,
  ref,
  string,
  stringMap,
  yaml,
} from "../json-schema";
import type { Answer, Family, RequestBody } from "../model";
import { JSON_PROBLEMS, together } from "../shared-problems";

const namespace = pathParameter(
  "namespace",
  { type: "string", maxLength: 200 },
  "The namespace, as a rule file's name.",
);
const group = pathParameter("group", string, "The group's name.");

const form = query(
  "form",
  oneOf(["source"]),
  "The text as it was put, of rules that were compiled from the shorthand.",
);

const PARSED = {
  400: [
    "body_malformed_encoding",
    "rules_malformed",
    "rules_field_unknown",
    "rules_field_missing",
    "rules_value_wrong",
    "rules_too_large",
    "rules_namespace",
    "rules_name_too_long",
  ],
  413: ["body_too_large", "rules_group_too_large"],
  415: ["body_unsupported_content_type", "body_unsupported_encoding"],
  503: ["rules_unavailable"],
} as const;

/** Samples as text, or alerts. */
const SHOWN = list({
  anyOf: [string, record({ labels: stringMap, annotations: stringMap })],
});

export const ruleFamily: Family = {
  tag: "Rules",
  description:
    "Recording and alerting rules as Prometheus' rule files, by the paths and answers of Mimir's and Cortex' ruler.",
  dialect: "vedette",
  specification: {
    url: "https://grafana.com/docs/mimir/latest/references/http-api/#ruler",
    description: "Mimir's ruler API",
  },
  operations: [
    {
      method: "get",
      path: "/config/v1/rules",
      id: "listRuleNamespaces",
      summary: "Every namespace with its groups",
      scope: "read",
      parameters: [form],
      answers: { 200: yaml("A map from namespace to groups.") },
    },
    {
      method: "get",
      path: "/config/v1/rules/{namespace}",
      id: "getRuleNamespace",
      summary: "One namespace with its groups",
      scope: "read",
      parameters: [namespace, form],
      answers: { 200: yaml("A map from the namespace to its groups.") },
      problems: { 404: ["rules_namespace_unknown"] },
    },
    {
      method: "get",
      path: "/config/v1/rules/{namespace}/{group}",
      id: "getRuleGroup",
      summary: "One group",
      scope: "read",
      parameters: [namespace, group, form],
      answers: { 200: yaml("The group.") },
      problems: { 404: ["rules_group_unknown"] },
    },
    {
      method: "post",
      path: "/config/v1/rules/{namespace}",
      id: "putRuleGroup",
      summary: "Make or replace one group",
      scope: "admin",
      parameters: [namespace],
      body: file("One group: `name`, `interval`, `rules`; or the shorthand: `alerts`."),
      answers: { 202: accepted() },
      problems: PARSED,
    },
    {
      method: "put",
      path: "/config/v1/rules/{namespace}",
      id: "putRuleNamespace",
      summary: "Replace a namespace by a rule file",
      description:
        "Groups that the file does not have are removed. Nothing changes where it is refused.",
      scope: "admin",
      parameters: [namespace],
      body: file(
        "A rule file: `groups`; or the shorthand: `alerts`, which is compiled to one group.",
      ),
      answers: { 202: accepted() },
      problems: PARSED,
    },
    {
      method: "delete",
      path: "/config/v1/rules/{namespace}/{group}",
      id: "deleteRuleGroup",
      summary: "Delete one group",
      scope: "admin",
      parameters: [namespace, group],
      answers: { 202: accepted() },
      problems: { 404: ["rules_group_unknown"], 503: ["rules_unavailable"] },
    },
    {
      method: "delete",
      path: "/config/v1/rules/{namespace}",
      id: "deleteRuleNamespace",
      summary: "Delete every group of a namespace",
      scope: "admin",
      parameters: [namespace],
      answers: { 202: accepted() },
      problems: { 404: ["rules_namespace_unknown"], 503: ["rules_unavailable"] },
    },
    {
      method: "post",
      path: "/api/v1/rules/test",
      id: "testRules",
      summary: "Run promtool's rule tests",
      description:
        "The files of promtool's `test rules`, with the rule files that they name. Rules are evaluated on virtual time, by the code that evaluates them in production; nothing is stored. At most 50,000 evaluations of rules and 500,000 samples of one test: `npm run rules:test` has no such bounds.",
      scope: "read",
      body: jsonBody(RuleTestBody, "Files by path."),
      answers: {
        200: json(
          "What became of each file, whether or not all passed.",
          record({ passed: boolean, files: list(ref("RuleTestVerdict")) }),
        ),
      },
      problems: together(JSON_PROBLEMS, { 400: ["rules_value_wrong"] }),
    },
    {
      method: "post",
      path: "/api/v1/rules/compile",
      id: "compileRules",
      summary: "What rules in the shorthand become",
      description:
        "A Prometheus rule file, with what is to be known of it in comments at its head. Nothing is stored.",
      scope: "read",
      body: file("Rules in the shorthand: `alerts`."),
      answers: { 200: yaml("The rule file.") },
      problems: { 400: PARSED[400], 413: ["body_too_large"], 415: PARSED[415] },
    },
    {
      method: "post",
      path: "/api/v1/rules/backtest",
      id: "backTestRules",
      summary: "What rules would have done over a past range",
      description:
        "Evaluates alerting rules over stored data, with the code that evaluates them in production, and sends what they give through the routing in force; nothing is stored and nobody is told. Where a rule of that namespace, group and definition really ran, its evaluations are those that happened, on what it then saw. At most 60,000 evaluations.",
      scope: "read",
      parameters: [
        query(
          "from",
          string,
          "ISO 8601, a Unix time, or `-6h`; 24 hours before `to` unless given.",
        ),
        query("to", string, "As `from`; now unless given."),
        query(
          "step",
          string,
          "Between evaluations, a duration; the group's interval unless given.",
        ),
        query("namespace", string, "Where the rules stand or will stand."),
      ],
      body: file("A rule file, one group, or one rule (`alert`, `expr`, …)."),
      answers: {
        200: json(
          "The course of every alert, and the messages.",
          record({
            from: dateTime,
            to: dateTime,
            groups: list(record({ name: string, rules: list(ref("RuleBackTest")) })),
            notifications: record({
              count,
              by_receiver: { type: "object", additionalProperties: count },
              by_reason: { type: "object", additionalProperties: count },
              messages: list(
                record({
                  at: dateTime,
                  receiver: string,
                  integration: string,
                  group_key: string,
                  status: oneOf(["firing", "resolved"]),
                  reason: string,
                  firing: count,
                  resolved: count,
                }),
              ),
            }),
          }),
        ),
      },
      problems: together(
        { 400: PARSED[400], 413: ["body_too_large"], 415: PARSED[415] },
        { 400: ["query_invalid", "backtest_nothing"] },
        { 422: ["backtest_too_long", "backtest_too_many_alerts"] },
      ),
    },
  ],
  schemas: {
    RuleBackTest: record({
      alert: string,
      expr: string,
      evaluations: count,
      failures: count,
      last_error: string,
      ran_since: nullable(dateTime),
      fired: count,
      only_pending: count,
      alerts: list(
        record({
          labels: stringMap,
          annotations: stringMap,
          pending_at: dateTime,
          fired_at: nullable(dateTime),
          ended_at: nullable(dateTime),
          held_until: nullable(dateTime),
          value: nullable(number),
        }),
      ),
    }),
    RuleTestVerdict: record({
      file: string,
      passed: boolean,
      errors: list(string),
      warnings: list(string),
      tests: list(
        record({
          name: string,
          passed: boolean,
          failures: list(
            record(
              {
                reason: oneOf([
                  "load",
                  "rule_failed",
                  "query_failed",
                  "samples_differ",
                  "alerts_differ",
                ]),
                message: string,
              },
              {
                rule: string,
                expr: string,
                alertname: string,
                timeMs: { ...epochMs, description: "Milliseconds since the test's start." },
                error: string,
                expected: SHOWN,
                got: SHOWN,
              },
            ),
          ),
        }),
      ),
    }),
    RulesAccepted: record(
      {
        status: { const: "success" },
        data: {
          description: "What became of which group; null after a deletion.",
          anyOf: [
            record({
              groups: record({
                created: list(string),
                updated: list(string),
                unchanged: list(string),
                removed: list(string),
              }),
            }),
            { type: "null" },
          ],
        },
        errorType: string,
        error: string,
      },
      { warnings: list(string) },
    ),
  },
};

function file(description: string): RequestBody {
  return {
    description: `${description} At most 1 MiB; gzip is undone.`,
    required: true,
    content: { "application/yaml": string },
  };
}

function accepted(): Answer {
  return json("It is in force.", ref("RulesAccepted"));
}
