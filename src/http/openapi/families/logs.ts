import { LOG_LEVELS } from "../../../core/logs";
import { NATIVE_LOG_LINES_LIMIT } from "../../../ingest/native-logs/parse";
import {
  anyObject,
  count,
  dateTime,
  described,
  json,
  limit,
  list,
  oneOf,
  query,
  record,
  ref,
  string,
  stringMap,
} from "../json-schema";
import type { Family } from "../model";
import { BATCH_PROBLEMS, STORE_PROBLEMS, together } from "../shared-problems";
import { IDEMPOTENCY_KEY } from "./ingest-metrics";
import { fromParameter, toParameter } from "./time-span";

const level = oneOf(LOG_LEVELS);

export const logFamily: Family = {
  tag: "Logs",
  description: "Log lines: in by JSON (and OTLP), out by words.",
  dialect: "vedette",
  operations: [
    {
      method: "post",
      path: "/api/v1/ingest/logs",
      id: "ingestLogs",
      summary: "Send log lines",
      description: `At most ${NATIVE_LOG_LINES_LIMIT} lines and 4 MiB. Lines are kept once per Idempotency-Key; without one, a list whose lines all carry a time once per body. A line outside of the time limits is left out and told, the others are stored.`,
      scope: "ingest",
      parameters: [IDEMPOTENCY_KEY],
      body: {
        description: "gzip and deflate are undone. text/plain is read as JSON.",
        required: true,
        content: {
          "application/json": {
            oneOf: [
              ref("LogInput"),
              list(ref("LogInput")),
              record({ logs: list(ref("LogInput")) }),
            ],
          },
          "application/x-ndjson": described(string, "One LogInput a line."),
        },
      },
      answers: { 200: json("All are durable.", record({ accepted: count })) },
      problems: together(BATCH_PROBLEMS, STORE_PROBLEMS, {
        400: ["json_malformed", "log_shape", "log_timestamp", "log_message", "lines_rejected"],
        413: ["too_many_lines"],
      }),
    },
    {
      method: "get",
      path: "/api/v1/logs",
      id: "searchLogs",
      summary: "Search log lines, newest first",
      scope: "read",
      parameters: [
        query(
          "query",
          string,
          'Words and "phrases" that a line holds, without case; `-` before what it does not hold.',
        ),
        query("level", string, `One or several of ${LOG_LEVELS.join(", ")}, by commas.`),
        query("service", string, "The service, whole."),
        query("trace_id", { type: "string", pattern: "^[0-9a-fA-F]{32}$" }, "The trace."),
        fromParameter("an hour before `to`"),
        toParameter,
        limit(100, 5_000),
      ],
      answers: {
        200: json(
          "The lines.",
          record(
            {
              lines: list(ref("LogLine")),
              stats: record({ scanned_chunks: count, decoded_chunks: count }),
            },
            {
              truncated: described(
                record({
                  reason: oneOf(["limit", "chunks_scanned", "bytes_decoded"]),
                  limit: count,
                }),
                "Why older lines may be missing.",
              ),
              next_to: described(dateTime, "The `to` with which to go on."),
            },
          ),
        ),
      },
      problems: together(STORE_PROBLEMS, { 400: ["query_invalid"] }),
    },
  ],
  schemas: {
    LogInput: {
      description:
        "A line as loggers write it. Other members become attributes, those of `context` without its name.",
      ...record(
        {},
        {
          timestamp: {
            type: ["string", "number"],
            description:
              "ISO 8601, or s, ms, µs or ns since the epoch; also `time`, `ts` or `@timestamp`. The time of arrival unless given.",
          },
          level: { type: ["string", "number"], description: "Also `severity` or `lvl`." },
          message: { description: "Also `msg`." },
          service: described(string, "Also `logger` or `app`."),
          trace_id: described(string, "Also `traceId`."),
          span_id: described(string, "Also `spanId`."),
          context: anyObject,
          error: anyObject,
        },
      ),
    },
    LogLine: record(
      {
        timestamp: dateTime,
        time_ns: described(string, "Nanoseconds since the epoch."),
        level,
        service: string,
        message: string,
        attributes: stringMap,
      },
      {
        level_text: described(string, "The level as it was sent, where that was another."),
        trace_id: string,
        span_id: string,
      },
    ),
  },
};
