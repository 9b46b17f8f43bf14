import { SPAN_KINDS, SPAN_STATUSES } from "../../../core/traces";
import {
  anyObject,
  boolean,
  count,
  dateTime,
  described,
  json,
  limit,
  list,
  number,
  oneOf,
  pathParameter,
  query,
  record,
  ref,
  string,
} from "../json-schema";
import type { Family } from "../model";
import { STORE_PROBLEMS, together } from "../shared-problems";
import { fromParameter, toParameter } from "./time-span";

export const traceFamily: Family = {
  tag: "Traces",
  description: "Traces: in by OTLP, out by id or by what they were like.",
  dialect: "vedette",
  operations: [
    {
      method: "get",
      path: "/api/v1/traces",
      id: "searchTraces",
      summary: "Search traces, newest first",
      scope: "read",
      parameters: [
        query("service", string, "A service that the trace has a span of."),
        query("error", boolean, "Only traces with, or without, an error."),
        query("min_duration", string, "A duration such as `250ms` or `2s`."),
        fromParameter("an hour before `to`"),
        toParameter,
        limit(50, 1_000),
      ],
      answers: {
        200: json(
          "The traces.",
          record(
            { traces: list(ref("TraceSummary")) },
            {
              truncated: described(
                record({ reason: oneOf(["limit", "chunks_scanned"]), limit: count }),
                "Why traces may be missing.",
              ),
            },
          ),
        ),
      },
      problems: together(STORE_PROBLEMS, { 400: ["query_invalid"] }),
    },
    {
      method: "get",
      path: "/api/v1/traces/{id}",
      id: "getTrace",
      summary: "Every span of a trace, by start",
      scope: "read",
      parameters: [
        pathParameter(
          "id",
          { type: "string", pattern: "^[0-9a-fA-F]{1,32}$" },
          "The trace id; leading zeros may be left out.",
        ),
      ],
      answers: {
        200: json("The trace.", record({ trace_id: string, spans: list(ref("Span")) })),
      },
      problems: together(STORE_PROBLEMS, { 400: ["trace_id_invalid"], 404: ["trace_unknown"] }),
    },
  ],
  schemas: {
    TraceSummary: record({
      trace_id: string,
      root_service: string,
      root_name: string,
      root_seen: described(
        boolean,
        "Whether the root is a span without parent, or the earliest one known.",
      ),
      start: dateTime,
      duration_ms: number,
      span_count: count,
      error_count: count,
      services: list(string),
    }),
    Span: record(
      {
        span_id: string,
        name: string,
        kind: oneOf(SPAN_KINDS),
        service: string,
        start_ns: described(string, "Nanoseconds since the epoch."),
        duration_ns: count,
        status: oneOf(SPAN_STATUSES),
        attributes: anyObject,
        resource: anyObject,
        events: list(record({ time_ns: string, name: string, attributes: anyObject })),
        links: list(record({ trace_id: string, span_id: string, attributes: anyObject })),
      },
      { parent_span_id: string, scope: string, status_message: string },
    ),
  },
};
