import { success } from "../dialects";
import {
  anyObject,
  boolean,
  count,
  described,
  empty,
  list,
  number,
  oneOf,
  pathParameter,
  query,
  record,
  ref,
  requiredQuery,
  string,
  stringMap,
} from "../json-schema";
import { TARGET_OPERATIONS } from "./scrape";
import type { Answer, Family, Operation, Parameter, Schema } from "../model";

const expression = requiredQuery("query", string, "A PromQL expression.");
const time: Parameter = query("time", string, "RFC 3339 or Unix seconds; now unless given.");
const start = (otherwise: string): Parameter =>
  query("start", string, `RFC 3339 or Unix seconds${otherwise}.`);
const end = (otherwise: string): Parameter =>
  query("end", string, `RFC 3339 or Unix seconds${otherwise}.`);
const limit = query(
  "limit",
  { type: "integer", minimum: 0 },
  "The most that are answered; 0: all.",
);
const match = query("match[]", list(string), "A series selector; any number of times.");
const evaluation: readonly Parameter[] = [
  query("timeout", string, "A duration or seconds, at most 2 minutes."),
  limit,
  query("lookback_delta", string, "A duration or seconds; 5 minutes unless given."),
  query("stats", string, "Anything: the answer has `stats`; `all`: those of every step too."),
];
const span = [start("; all of time unless given"), end("; all of time unless given")];

const BAD_DATA = { 400: "A parameter is missing or wrong." } as const;
const NOT_A_FORM = {
  413: "The form has more than 1 MiB.",
  415: "The form is compressed.",
} as const;
const NOT_READ = { ...BAD_DATA, 503: "A metric shard does not answer." } as const;
const NOT_EVALUATED = {
  ...BAD_DATA,
  422: "The expression cannot be executed, or touches too many samples.",
  503: "The query timed out, or a metric shard does not answer.",
} as const;

export const prometheusFamily: Family = {
  tag: "Prometheus API",
  description:
    "Prometheus' query API and language. Where GET and POST are given, POST takes the parameters as a form.",
  dialect: "prometheus",
  specification: {
    url: "https://prometheus.io/docs/prometheus/latest/querying/api/",
    description: "Prometheus HTTP API",
  },
  operations: [
    ...TARGET_OPERATIONS,
    ...both({
      path: "/api/v1/query",
      id: "query",
      summary: "Evaluate an expression at one instant",
      parameters: [expression, time, ...evaluation],
      answers: { 200: success("The result.", ref("QueryResult")) },
      failures: NOT_EVALUATED,
    }),
    ...both({
      path: "/api/v1/query_range",
      id: "queryRange",
      summary: "Evaluate an expression over a range, at most 11,000 points a series",
      parameters: [
        expression,
        { ...start(""), required: true },
        { ...end(""), required: true },
        requiredQuery("step", string, "A duration or seconds."),
        ...evaluation,
      ],
      answers: { 200: success("The result.", ref("QueryResult")) },
      failures: NOT_EVALUATED,
    }),
    ...both({
      path: "/api/v1/series",
      id: "listSeries",
      summary: "Series by selectors",
      parameters: [{ ...match, required: true }, ...span, limit],
      answers: { 200: success("Label sets.", list(stringMap)) },
      failures: NOT_READ,
    }),
    ...both({
      path: "/api/v1/labels",
      id: "listLabels",
      summary: "Label names",
      parameters: [match, ...span, limit],
      answers: { 200: success("The names.", list(string)) },
      failures: NOT_READ,
    }),
    {
      method: "get",
      path: "/api/v1/label/{name}/values",
      id: "listLabelValues",
      summary: "Values of a label",
      scope: "read",
      parameters: [
        pathParameter("name", string, "The label, in Prometheus' value escaping after `U__`."),
        match,
        ...span,
        limit,
      ],
      answers: { 200: success("The values.", list(string)) },
      failures: NOT_READ,
    },
    {
      method: "get",
      path: "/api/v1/metadata",
      id: "listMetadata",
      summary: "Type, help and unit of metrics",
      scope: "read",
      parameters: [
        query("metric", string, "One metric."),
        query("limit", { type: "integer" }, "The most metrics that are answered; below 0: all."),
        query("limit_per_metric", { type: "integer" }, "A metric has one entry here in any case."),
      ],
      answers: {
        200: success("By metric.", {
          type: "object",
          additionalProperties: list(record({ type: string, help: string, unit: string })),
        }),
      },
      failures: NOT_READ,
    },
    ...both({
      path: "/api/v1/query_exemplars",
      id: "queryExemplars",
      summary: "Exemplars of the series that an expression selects",
      parameters: [expression, ...span],
      answers: {
        200: success(
          "Exemplars by series.",
          list(
            record({
              seriesLabels: stringMap,
              exemplars: list(record({ labels: stringMap, value: string, timestamp: number })),
            }),
          ),
        ),
        204: empty("The expression selects no series."),
      },
      failures: NOT_READ,
    }),
    ...(["metric_names", "label_names", "label_values"] as const).flatMap((what) =>
      both({
        path: `/api/v1/search/${what}`,
        id: {
          metric_names: "searchMetricNames",
          label_names: "searchLabelNames",
          label_values: "searchLabelValues",
        }[what],
        summary: `Search ${what.replace("_", " ")}`,
        parameters: [
          ...(what === "label_values" ? [requiredQuery("label", string, "The label.")] : []),
          match,
          query("search[]", list(string), "Any of these, up to 32; none: everything."),
          query(
            "fuzz_alg",
            oneOf(["jarowinkler", "subsequence"]),
            "`jarowinkler`, the default, finds what holds a term, and above a threshold what resembles it.",
          ),
          query(
            "fuzz_threshold",
            { type: "integer", minimum: 0, maximum: 100 },
            "How alike at least.",
          ),
          query("case_sensitive", { type: "boolean", default: true }, "Whether case counts."),
          query("sort_by", oneOf(["alpha", "score"]), "By name unless given."),
          query("sort_dir", oneOf(["asc", "dsc"]), "With `sort_by=alpha`."),
          query("include_score", { type: "boolean", default: false }, "Tell each score."),
          ...(what === "metric_names"
            ? [
                query(
                  "include_metadata",
                  { type: "boolean", default: false },
                  "Tell type, help and unit.",
                ),
              ]
            : []),
          start("; an hour ago unless given"),
          end("; now unless given"),
          query(
            "limit",
            { type: "integer", minimum: 1, maximum: 10_000, default: 100 },
            "The most that are answered.",
          ),
          query(
            "batch_size",
            { type: "integer", minimum: 1, maximum: 10_000, default: 100 },
            "Results of one line.",
          ),
        ],
        answers: {
          200: {
            description: "Lines of `results`, then one of `status` and `has_more`.",
            content: { "application/x-ndjson": string },
          },
        },
        failures: NOT_READ,
      }),
    ),
    ...both({
      path: "/api/v1/format_query",
      id: "formatQuery",
      summary: "Format an expression",
      parameters: [expression],
      answers: { 200: success("The expression.", string) },
      failures: BAD_DATA,
    }),
    ...both({
      path: "/api/v1/parse_query",
      id: "parseQuery",
      summary: "Parse an expression to its tree",
      parameters: [expression],
      answers: { 200: success("The root node.", anyObject) },
      failures: BAD_DATA,
    }),
    {
      method: "get",
      path: "/api/v1/status/buildinfo",
      id: "getBuildInfo",
      summary: "The Prometheus release that this follows",
      scope: "read",
      answers: {
        200: success(
          "The release.",
          record({
            version: string,
            revision: string,
            branch: string,
            buildUser: string,
            buildDate: string,
            goVersion: string,
          }),
        ),
      },
    },
    {
      method: "get",
      path: "/api/v1/status/runtimeinfo",
      id: "getRuntimeInfo",
      summary: "The running server; what a Worker has not is empty or 0",
      scope: "read",
      answers: { 200: success("The server.", anyObject) },
    },
    {
      method: "get",
      path: "/api/v1/status/flags",
      id: "getFlags",
      summary: "The deployment's settings under the names of Prometheus' flags",
      scope: "read",
      answers: { 200: success("The settings.", stringMap) },
    },
    {
      method: "get",
      path: "/api/v1/status/walreplay",
      id: "getWalReplay",
      summary: "Nothing is ever left to replay when this answers",
      scope: "read",
      answers: {
        200: success("Three noughts.", record({ min: count, max: count, current: count })),
      },
    },
    {
      method: "get",
      path: "/api/v1/status/tsdb",
      id: "getTsdbStatus",
      summary: "What fills the index: the largest metrics and labels, and the newest",
      scope: "read",
      parameters: [
        query(
          "limit",
          { type: "integer", minimum: 1, maximum: 10_000, default: 10 },
          "Of each list.",
        ),
      ],
      answers: { 200: success("The index.", ref("TsdbStatus")) },
      failures: NOT_READ,
    },
    {
      method: "get",
      path: "/api/v1/features",
      id: "listFeatures",
      summary: "What of Prometheus there is, by category",
      scope: "read",
      answers: {
        200: success("By category and name, whether it is there.", {
          type: "object",
          additionalProperties: { type: "object", additionalProperties: boolean },
        }),
      },
    },
    {
      method: "get",
      path: "/api/v1/notifications/live",
      id: "watchServerNotifications",
      summary: "Not there: Prometheus' event stream of the server's own troubles",
      scope: "read",
      answers: {},
      failures: { 404: "`GET /api/health` tells what is wrong." },
    },
    {
      method: "get",
      path: "/api/v1/rules",
      id: "listRules",
      summary: "Rule groups with their state",
      scope: "read",
      parameters: [
        query("type", oneOf(["alert", "record"]), "Only rules of this type."),
        query("rule_name[]", list(string), "Only rules of these names."),
        query("rule_group[]", list(string), "Only groups of these names."),
        query("file[]", list(string), "Only groups of these namespaces."),
        match,
        query(
          "exclude_alerts",
          { type: "boolean", default: false },
          "Leave the active alerts out.",
        ),
        query("group_limit", { type: "integer", minimum: 1 }, "The most groups of one answer."),
        query("group_next_token", string, "`groupNextToken` of the answer before."),
      ],
      answers: {
        200: success(
          "The groups.",
          record({ groups: list(ref("RuleGroup")) }, { groupNextToken: string }),
        ),
      },
      failures: { ...BAD_DATA, 503: "The rules cannot be read." },
    },
    {
      method: "get",
      path: "/api/v1/alerts",
      id: "listRuleAlerts",
      summary: "Pending and firing alerts of all rules",
      scope: "read",
      answers: { 200: success("The alerts.", record({ alerts: list(ref("RuleAlert")) })) },
      failures: { 503: "The rules cannot be read." },
    },
  ],
  schemas: {
    QueryResult: record(
      {
        resultType: oneOf(["scalar", "string", "vector", "matrix"]),
        result: described(
          { type: "array" },
          "`[time, value]` of a scalar or string, else series with `metric` and `value` or `values`, of native histograms `histogram` or `histograms`.",
        ),
      },
      { stats: anyObject },
    ),
    NamedCount: record({ name: string, value: count }),
    TsdbStatus: record({
      headStats: record({
        numSeries: count,
        numLabelPairs: count,
        chunkCount: count,
        minTime: { type: "integer" },
        maxTime: { type: "integer" },
        maxSeries: described(count, "The project's series limit: Vedette's own."),
      }),
      seriesCountByMetricName: list(ref("NamedCount")),
      labelValueCountByLabelName: list(ref("NamedCount")),
      memoryInBytesByLabelName: list(ref("NamedCount")),
      seriesCountByLabelValuePair: list(ref("NamedCount")),
      newSeriesByMetricName: described(
        list(ref("NamedCount")),
        "Series that began within the last hour: Vedette's own.",
      ),
    }),
    RuleGroup: record({
      name: string,
      file: described(string, "The namespace."),
      rules: list(ref("Rule")),
      interval: described(number, "Seconds."),
      limit: { type: "integer" },
      evaluationTime: described(number, "Seconds."),
      lastEvaluation: string,
      missedEvaluations: { type: "integer" },
    }),
    Rule: record(
      {
        type: oneOf(["alerting", "recording"]),
        name: string,
        query: string,
        health: string,
        evaluationTime: number,
        lastEvaluation: string,
      },
      {
        labels: stringMap,
        lastError: string,
        state: oneOf(["unknown", "inactive", "pending", "firing"]),
        duration: described(number, "`for`, seconds."),
        keepFiringFor: number,
        cooldown: described(
          number,
          "Seconds for which repeated notifications are held back: Vedette's own.",
        ),
        flap: described(
          record({ changes: number, within: number, calm: number }, {}),
          "When an alert counts as flapping, times in seconds: Vedette's own.",
        ),
        annotations: stringMap,
        alerts: list(ref("RuleAlert")),
      },
    ),
    RuleAlert: record(
      {
        labels: stringMap,
        annotations: stringMap,
        state: oneOf(["pending", "firing"]),
        activeAt: string,
        value: string,
      },
      { keepFiringSince: string, heldBackUntil: string },
    ),
  },
};

interface Question {
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly answers: Readonly<Record<number, Answer>>;
  readonly failures: Readonly<Record<number, string>>;
}

/** GET with the parameters in the address, POST with the same as a form. */
function both(q: Question): readonly Operation[] {
  return [
    { ...q, method: "get", scope: "read" },
    {
      ...q,
      method: "post",
      id: `${q.id}ByForm`,
      scope: "read",
      parameters: [],
      failures: { ...q.failures, ...NOT_A_FORM },
      body: {
        description: "The parameters, at most 1 MiB; those of the address count too.",
        required: false,
        content: { "application/x-www-form-urlencoded": formOf(q.parameters) },
      },
    },
  ];
}

function formOf(parameters: readonly Parameter[]): Schema {
  return {
    type: "object",
    properties: Object.fromEntries(
      parameters.map((p) => [p.name, { ...p.schema, description: p.description }]),
    ),
    required: parameters.filter((p) => p.required).map((p) => p.name),
  };
}
