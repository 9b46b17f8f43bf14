import { ReportsBody } from "../../../reports/settings";
import { AnomaliesBody } from "../../../anomalies/config";
import { RetentionBody } from "../../settings/retention";
import { RollupBody } from "../../settings/rollup";
import {
  count,
  dateTime,
  described,
  json,
  jsonBody,
  limit,
  list,
  nullable,
  number,
  oneOf,
  record,
  ref,
  requiredQuery,
  query,
  string,
} from "../json-schema";
import type { Family, Operation, Schema } from "../model";
import type { ErrorCode } from "../../error-codes";
import { JSON_PROBLEMS, together } from "../shared-problems";

const day = { type: "string", format: "date" };

export const reportFamily: Family = {
  tag: "Reports",
  description: "Daily reports: each day beside the day before.",
  dialect: "vedette",
  operations: [
    {
      method: "get",
      path: "/api/v1/reports",
      id: "listReports",
      summary: "List the written reports, newest first",
      scope: "read",
      parameters: [limit(60, 400)],
      answers: { 200: json("The reports.", record({ reports: list(ref("WrittenReport")) })) },
    },
    {
      method: "get",
      path: "/api/v1/reports/preview",
      id: "previewReport",
      summary: "A day's report as it would be now; nothing is written or sent",
      scope: "read",
      parameters: [requiredQuery("date", day, "The day, in UTC.")],
      answers: { 200: json("The report.", ref("Report")) },
      problems: { 400: ["date_wrong"] },
    },
    {
      method: "get",
      path: "/api/v1/reports/{id}",
      id: "getReport",
      summary: "One written report",
      scope: "read",
      parameters: [query("format", oneOf(["text"]), "`text`: as the message that is sent.")],
      answers: {
        200: {
          description: "The report.",
          content: { "application/json": ref("WrittenReport"), "text/plain": string },
        },
      },
      problems: { 404: ["report_unknown"] },
    },
  ],
  schemas: {
    DayFigures: record({
      requests: number,
      errors: number,
      error_rate: described(nullable(number), "0 to 1."),
      p95_seconds: nullable(number),
      events: number,
      visitors: number,
      page_views: number,
      log_lines: number,
      log_errors: number,
      spans: number,
      alerts_fired: number,
      incidents_opened: number,
      incidents_resolved: number,
      mean_time_to_resolve_seconds: nullable(number),
    }),
    Report: record({
      report_type: { const: "daily_performance" },
      date: day,
      summary: ref("DayFigures"),
      previous: ref("DayFigures"),
      change_percent: described(
        { type: "object", additionalProperties: nullable(number) },
        "By figure; null where the day before had none.",
      ),
      top_events: list(record({ event: string, count, previous: count })),
      areas_for_improvement: list(string),
    }),
    WrittenReport: {
      allOf: [
        ref("Report"),
        record({ id: string, written_at: dateTime, sent_at: nullable(dateTime) }),
      ],
    },
  },
};

export const settingFamily: Family = {
  tag: "Settings",
  description: "Small JSON configurations: checked when put, versioned, the last one in force.",
  dialect: "vedette",
  operations: [
    ...setting(
      "anomalies",
      "Anomalies",
      "which series are scanned for anomalies",
      AnomaliesBody,
      "anomalies_invalid",
    ),
    ...setting(
      "reports",
      "Reports",
      "whether and to whom the daily report is sent",
      ReportsBody,
      "reports_invalid",
    ),
    ...setting(
      "analytics_rollup",
      "Rollup",
      "which series are kept as totals at scale",
      RollupBody,
      "analytics_rollup_invalid",
    ),
    ...setting(
      "retention",
      "Retention",
      "for how many days each store keeps its records",
      RetentionBody,
      "retention_invalid",
    ),
  ],
};

function setting(
  name: string,
  id: string,
  what: string,
  schema: Schema,
  code: ErrorCode,
): readonly Operation[] {
  const path = `/config/v1/${name}`;
  return [
    {
      method: "get",
      path,
      id: `get${id}Config`,
      summary: `Show ${what}`,
      scope: "read",
      answers: { 200: json("What was put last, or the default.", schema) },
    },
    {
      method: "put",
      path,
      id: `put${id}Config`,
      summary: `Set ${what}`,
      scope: "admin",
      body: jsonBody(schema, "At most 256 KiB; gzip is undone."),
      answers: { 200: json("It is in force.", record({ version: count })) },
      problems: together(JSON_PROBLEMS, { 400: [code] }),
    },
  ];
}
