import { success } from "../dialects";
import {
  anyObject,
  count,
  json,
  list,
  plain,
  query,
  record,
  requiredQuery,
  string,
  yaml,
} from "../json-schema";
import type { Family, Operation } from "../model";
import { TEXT_PROBLEMS, together } from "../shared-problems";

const REFUSED: Operation["problems"] = together(TEXT_PROBLEMS, {
  400: [
    "config_yaml_malformed",
    "config_field_unknown",
    "config_field_missing",
    "config_value_wrong",
    "config_not_delivered",
    "config_secret_unknown",
    "config_secret_unreadable",
  ],
  413: ["config_too_large"],
});
const file = (description: string): NonNullable<Operation["body"]> => ({
  description: `${description}, at most 1 MiB; gzip is undone.`,
  required: true,
  content: { "application/yaml": string },
});

export const scrapeFamily: Family = {
  tag: "Scraping",
  description:
    "What Vedette asks for samples itself: prometheus.yml, and probes as blackbox_exporter's.",
  dialect: "vedette",
  specification: {
    url: "https://prometheus.io/docs/prometheus/latest/configuration/configuration/",
    description: "Prometheus' configuration file",
  },
  operations: [
    {
      method: "get",
      path: "/config/v1/prometheus",
      id: "getPrometheusConfig",
      summary: "The prometheus.yml in force, secrets as `<secret>`",
      scope: "admin",
      answers: { 200: yaml("Prometheus' YAML.") },
    },
    {
      method: "put",
      path: "/config/v1/prometheus",
      id: "putPrometheusConfig",
      summary: "Scrape what a prometheus.yml says",
      description:
        "Jobs that it does not have end. `unreachable` names targets that a Worker cannot call and why; `notes` what is done otherwise than by Prometheus.",
      scope: "admin",
      body: file("A whole prometheus.yml"),
      answers: {
        200: json(
          "It is in force.",
          record({
            version: count,
            jobs: list(record({ job: string, targets: count, dropped: count })),
            unreachable: list(
              record({ job: string, target: string, reason: string, detail: string }),
            ),
            rule_files: list(string),
            notes: list(string),
          }),
        ),
      },
      problems: REFUSED,
    },
    {
      method: "delete",
      path: "/config/v1/prometheus",
      id: "deletePrometheusConfig",
      summary: "Scrape nothing any more",
      scope: "admin",
      answers: { 200: json("All jobs have ended.", record({ jobs: list(anyObject) })) },
    },
    {
      method: "get",
      path: "/config/v1/probes",
      id: "getProbeModules",
      summary: "The probe modules in force",
      scope: "admin",
      answers: { 200: yaml("blackbox_exporter's YAML.") },
    },
    {
      method: "put",
      path: "/config/v1/probes",
      id: "putProbeModules",
      summary: "Replace the probe modules",
      scope: "admin",
      body: file("blackbox_exporter's blackbox.yml; prober http"),
      answers: {
        200: json("They are in force.", record({ version: count, modules: list(string) })),
      },
      problems: REFUSED,
    },
    {
      method: "get",
      path: "/probe",
      id: "probe",
      summary: "Probe an address now, as blackbox_exporter does",
      scope: "read",
      parameters: [
        requiredQuery("target", string, "The address."),
        query("module", string, "A module; http_2xx unless given."),
      ],
      answers: { 200: plain("What was found, as text exposition.") },
      problems: { 400: ["probe_target_missing", "probe_module_unknown"] },
    },
  ],
};

/** What Prometheus' API tells of targets. */
export const TARGET_OPERATIONS: readonly Operation[] = [
  {
    method: "get",
    path: "/api/v1/targets",
    id: "listTargets",
    summary: "Targets with their health",
    scope: "read",
    parameters: [
      query("state", string, "active, dropped or any."),
      query("scrapePool", string, "Only this job."),
    ],
    answers: { 200: success("The targets.", anyObject) },
  },
  {
    method: "get",
    path: "/api/v1/targets/metadata",
    id: "listTargetMetadata",
    summary: "Metadata of the metrics that targets expose",
    scope: "read",
    parameters: [
      query("match_target", string, "A selector over the targets' labels."),
      query("metric", string, "Only this metric."),
      query("limit", { type: "integer", minimum: 0 }, "The most that are answered; 0: all."),
    ],
    answers: { 200: success("By target and metric.", list(anyObject)) },
    failures: { 400: "A parameter is wrong.", 503: "A metric shard does not answer." },
  },
  {
    method: "get",
    path: "/api/v1/scrape_pools",
    id: "listScrapePools",
    summary: "Names of the scrape jobs",
    scope: "read",
    answers: { 200: success("The names.", record({ scrapePools: list(string) })) },
  },
  {
    method: "get",
    path: "/api/v1/status/config",
    id: "getStatusConfig",
    summary: "The prometheus.yml in force, secrets as `<secret>`",
    scope: "read",
    answers: { 200: success("The file.", record({ yaml: string })) },
  },
  {
    method: "get",
    path: "/api/v1/alertmanagers",
    id: "listAlertmanagers",
    summary: "Where alerts go: Vedette's own router",
    scope: "read",
    answers: { 200: success("The addresses.", anyObject) },
  },
];
