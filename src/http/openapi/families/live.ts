import { FiguresBody } from "../../../live/figures-config";
import { TOPICS } from "../../../live/topics";
import {
  count,
  dateTime,
  described,
  empty,
  epochMs,
  json,
  jsonBody,
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
import type { Family } from "../model";
import { TEXT_PROBLEMS, together } from "../shared-problems";

const maybe = nullable(number);

export const liveFamily: Family = {
  tag: "Live",
  description: "The live page: its socket, its data for whoever polls, and what its figures are.",
  dialect: "vedette",
  operations: [
    {
      method: "get",
      path: "/live",
      id: "watch",
      summary: "A WebSocket with a snapshot and then what changes",
      description:
        "Upgrade to WebSocket. Messages are JSON objects with a `type`; a page must be of the deployment's own origin.",
      scope: "read",
      parameters: [
        query("topics", string, `Any of ${TOPICS.join(", ")}, by commas; all unless given.`),
      ],
      answers: { 101: empty("The socket is open.") },
      problems: { 400: ["websocket_expected", "topic_unknown"], 403: ["origin_refused"] },
    },
    {
      method: "get",
      path: "/api/v1/monitoring/dashboard",
      id: "getDashboard",
      summary: "The live page's data as of now",
      description: "null: nothing was sent that the number could be made from.",
      scope: "read",
      answers: { 200: json("The data.", ref("Dashboard")) },
    },
    {
      method: "get",
      path: "/config/v1/figures",
      id: "getFigures",
      summary: "What the live page's figures are",
      scope: "read",
      answers: { 200: json("The definitions in force.", FiguresBody) },
      problems: { 500: ["figures_unreadable"] },
    },
    {
      method: "put",
      path: "/config/v1/figures",
      id: "putFigures",
      summary: "Define the live page's figures",
      description: "A figure that is left out is as by default.",
      scope: "admin",
      body: jsonBody(FiguresBody, "By figure its PromQL and thresholds, at most 64 KiB."),
      answers: { 200: json("The definitions in force.", FiguresBody) },
      problems: together(TEXT_PROBLEMS, { 400: ["figures_invalid", "expression_invalid"] }),
    },
    {
      method: "delete",
      path: "/config/v1/figures",
      id: "resetFigures",
      summary: "Go back to the default figures",
      scope: "admin",
      answers: { 204: empty("The defaults are in force.") },
    },
  ],
  schemas: {
    Dashboard: record({
      generated_at: dateTime,
      system_health: record({
        status: oneOf(["healthy", "unhealthy"]),
        active_campaigns: { type: "null" },
        total_users: { type: "null" },
        opted_in_users: { type: "null" },
        opted_out_users: { type: "null" },
        system_uptime_hours: { type: "null" },
        database_connections: { type: "null" },
        redis_memory_usage_mb: { type: "null" },
        database_latency_ms: maybe,
        active_users: maybe,
        firing_alerts: nullable(count),
        open_incidents: nullable(count),
      }),
      performance_metrics: record({
        average_response_time_ms: maybe,
        p95_response_time_ms: maybe,
        requests_per_minute: maybe,
        error_rate_percent: maybe,
        webhook_processing_time_ms: { type: "null" },
        events_per_minute: maybe,
      }),
      figures: {
        type: "object",
        additionalProperties: record({
          value: maybe,
          level: oneOf(["unknown", "fine", "amber", "red"]),
          threshold: nullable(record({ amber: number, red: number })),
          expr: nullable(string),
        }),
      },
      active_alerts: list(
        record({
          alert_id: string,
          severity: nullable(string),
          message: nullable(string),
          current_value: maybe,
          threshold: { type: "null" },
          triggered_at: dateTime,
          status: oneOf(["firing", "resolved", "suppressed"]),
          labels: stringMap,
          acknowledged_by: nullable(string),
          incident_id: nullable(string),
        }),
      ),
      incidents: list(
        record(
          { id: string, title: string, severity: string, status: string, openedAtMs: epochMs },
          { assignee: string },
        ),
      ),
      live_events: described(
        list(record({ timestamp: dateTime, event_type: string, visitor: string })),
        "Each with its properties beside.",
      ),
      problems: described(list(string), "What could not be found out, and why."),
    }),
  },
};
