import { describe, expect, it } from "vitest";
import {
  NATIVE_LOG_LINES_LIMIT,
  parseNativeLogs,
  parseNdjsonLogs,
} from "../../../src/ingest/native-logs/parse";

const NOW = 1_795_168_800_000;

describe("a line", () => {
  it("of the application logger is taken as it is", () => {
    const r = parseNativeLogs(
      {
        timestamp: "2026-11-20T10:00:00.123Z",
        level: "error",
        service: "agents",
        message: "Failed to fetch metrics",
        context: { requestId: "r1", userId: "u1" },
        error: { name: "TypeError", message: "x is undefined", stack: "TypeError: x\n at f" },
        endpoint: "/api/x",
        duration: 12.5,
      },
      NOW,
    );
    expect(r).toEqual({
      ok: true,
      value: {
        allTimed: true,
        lines: [
          {
            timeMs: Date.parse("2026-11-20T10:00:00.123Z"),
            subMsNanos: 0,
            level: "error",
            levelText: "",
            service: "agents",
            message: "Failed to fetch metrics",
            traceId: "",
            spanId: "",
            attributes: {
              requestId: "r1",
              userId: "u1",
              "error.name": "TypeError",
              "error.message": "x is undefined",
              "error.stack": "TypeError: x\n at f",
              endpoint: "/api/x",
              duration: "12.5",
            },
          },
        ],
      },
    });
  });

  it.each([
    [
      "pino",
      { level: 50, time: 1_795_168_800_001, msg: "boom", pid: 7 },
      { level: "error", levelText: "50", timeMs: 1_795_168_800_001, message: "boom" },
    ],
    ["seconds", { message: "m", ts: 1_795_168_800.5 }, { timeMs: 1_795_168_800_500 }],
    [
      "nanoseconds as digits",
      { message: "m", time: "1795168800000000123" },
      { timeMs: 1_795_168_800_000, subMsNanos: 123 },
    ],
    [
      "an ISO time with microseconds",
      { message: "m", timestamp: "2026-11-20T10:00:00.123456Z" },
      { timeMs: Date.parse("2026-11-20T10:00:00.123Z"), subMsNanos: 456_000 },
    ],
    ["no time", { message: "m" }, { timeMs: NOW, level: "info" }],
    ["WARNING", { message: "m", severity: "WARNING" }, { level: "warn", levelText: "WARNING" }],
    ["an unknown level", { message: "m", level: "chatty" }, { level: "info", levelText: "chatty" }],
    [
      "ids",
      { message: "m", trace_id: "0AF7651916CD43DD8448EB211C80319C", spanId: "b7ad6b7169203331" },
      { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" },
    ],
    ["only an error", { error: { message: "x is undefined" } }, { message: "x is undefined" }],
    ["a message that is an object", { message: { a: 1 } }, { message: '{"a":1}' }],
    [
      "a name from the prototype",
      JSON.parse('{"message":"m","__proto__":"x"}') as unknown,
      { message: "m" },
    ],
  ])("with %s", (_, value, wanted) => {
    const r = parseNativeLogs(value, NOW);
    expect(r.ok && r.value.lines[0]).toMatchObject(wanted);
  });
});

describe("several lines", () => {
  it.each([
    ["a list", [{ message: "a" }, { message: "b" }]],
    ["under logs", { logs: [{ message: "a" }, { message: "b" }] }],
  ])("as %s", (_, value) => {
    const r = parseNativeLogs(value, NOW);
    expect(r.ok && r.value.lines.map((l) => l.message)).toEqual(["a", "b"]);
    expect(r.ok && r.value.allTimed).toBe(false);
  });

  it("as ndjson, empty lines left out", () => {
    const r = parseNdjsonLogs(
      '{"message":"a","timestamp":"2026-11-20T10:00:00Z"}\n\n{"message":"b","timestamp":"2026-11-20T10:00:00Z"}\n',
      NOW,
    );
    expect(r.ok && r.value.lines.map((l) => l.message)).toEqual(["a", "b"]);
    expect(r.ok && r.value.allTimed).toBe(true);
  });
});

it.each([
  ["text", "hello", "log_shape", ""],
  ["a number in a list", [1], "log_shape", "/0"],
  ["null under logs", { logs: [{ message: "a" }, null] }, "log_shape", "/logs/1"],
  [
    "a time that is none",
    [{ message: "a" }, { message: "b", timestamp: "yesterday" }],
    "log_timestamp",
    "/1/timestamp",
  ],
  ["nothing to say", {}, "log_message", "/message"],
  [
    "too many lines",
    Array.from({ length: NATIVE_LOG_LINES_LIMIT + 1 }, () => ({ message: "x" })),
    "too_many_lines",
    "",
  ],
])("%s is refused where it stands", (_, value, code, where) => {
  expect(parseNativeLogs(value, NOW)).toMatchObject({ ok: false, error: { code, where } });
});

it("names the line of ndjson that does not parse", () => {
  expect(parseNdjsonLogs('{"message":"a"}\n{oops\n', NOW)).toMatchObject({
    ok: false,
    error: { code: "json_malformed", where: "line 2" },
  });
  expect(parseNdjsonLogs('{"message":"a"}\n[1]\n', NOW)).toMatchObject({
    ok: false,
    error: { code: "log_shape", where: "line 2" },
  });
});
