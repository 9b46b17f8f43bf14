import { describe, expect, it } from "vitest";
import { exportLogsRequest } from "../../../src/ingest/otlp-logs/model";
import { allTimed, translateLogs } from "../../../src/ingest/otlp-logs/translate";
import { decodeJson } from "../../../src/ingest/otlp/schema";
import { levelFromSeverity } from "../../../src/core/log-level";
import type { LogLine } from "../../../src/core/logs";

const NOW = 1_795_168_800_000;

function lines(
  record: Record<string, unknown>,
  resource: readonly unknown[] = [],
): readonly LogLine[] {
  const r = decodeJson(exportLogsRequest, {
    resourceLogs: [{ resource: { attributes: resource }, scopeLogs: [{ logRecords: [record] }] }],
  });
  if (!r.ok) throw new Error(r.error.message);
  return translateLogs(r.value, NOW);
}

describe("a record", () => {
  it("without a time is of its observation, without both of now", () => {
    expect(lines({ observedTimeUnixNano: "1795168800000000001" })[0]).toMatchObject({
      timeMs: NOW,
      subMsNanos: 1,
    });
    expect(lines({})[0]).toMatchObject({ timeMs: NOW, subMsNanos: 0, service: "", message: "" });
  });
  it.each([
    [{ stringValue: "a" }, "a"],
    [{ intValue: "5" }, "5"],
    [{ boolValue: true }, "true"],
    [{ arrayValue: { values: [{ stringValue: "a" }, { doubleValue: 1.5 }] } }, '["a",1.5]'],
    [{ kvlistValue: { values: [{ key: "a", value: { intValue: 1 } }] } }, '{"a":1}'],
  ])("with body %j says %s", (body, message) => {
    expect(lines({ body })[0]?.message).toBe(message);
  });
  it("keeps its event name, drops ids that are all zero and what the SDK says of itself", () => {
    const [line] = lines(
      { eventName: "user.login", traceId: "0".repeat(32), spanId: "0".repeat(16) },
      [
        { key: "service.name", value: { stringValue: "auth" } },
        { key: "telemetry.sdk.name", value: { stringValue: "opentelemetry" } },
      ],
    );
    expect(line).toMatchObject({
      message: "user.login",
      service: "auth",
      traceId: "",
      spanId: "",
      attributes: { "event.name": "user.login" },
    });
  });
});

it("knows whether every record carries a time", () => {
  const request = (records: unknown[]): boolean => {
    const r = decodeJson(exportLogsRequest, {
      resourceLogs: [{ scopeLogs: [{ logRecords: records }] }],
    });
    return r.ok && allTimed(r.value);
  };
  expect(request([{ timeUnixNano: "1" }, { observedTimeUnixNano: "1" }])).toBe(true);
  expect(request([{ timeUnixNano: "1" }, {}])).toBe(false);
});

it.each([
  [1, "debug"],
  [8, "debug"],
  [9, "info"],
  [12, "info"],
  [13, "warn"],
  [16, "warn"],
  [17, "error"],
  [20, "error"],
  [21, "fatal"],
  [24, "fatal"],
  [0, "info"],
  [25, "info"],
  [-3, "info"],
])("severity number %i is %s", (n, level) => {
  expect(levelFromSeverity(n, "").level).toBe(level);
});
