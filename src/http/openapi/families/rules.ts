import { json, list, pathParameter, record, ref, string, yaml } from "../json-schema";
import type { Answer, Family, RequestBody } from "../model";

const namespace = pathParameter(
  "namespace",
  { type: "string", maxLength: 200 },
  "The namespace, as a rule file's name.",
);
const group = pathParameter("group", string, "The group's name.");

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
      answers: { 200: yaml("A map from namespace to groups.") },
    },
    {
      method: "get",
      path: "/config/v1/rules/{namespace}",
      id: "getRuleNamespace",
      summary: "One namespace with its groups",
      scope: "read",
      parameters: [namespace],
      answers: { 200: yaml("A map from the namespace to its groups.") },
      problems: { 404: ["rules_namespace_unknown"] },
    },
    {
      method: "get",
      path: "/config/v1/rules/{namespace}/{group}",
      id: "getRuleGroup",
      summary: "One group",
      scope: "read",
      parameters: [namespace, group],
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
      body: file("One group: `name`, `interval`, `rules`."),
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
      body: file("A rule file: `groups`."),
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
  ],
  schemas: {
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
