import { anyValue, keyValue, resource, scope } from "../otlp/common";
import { type CodecValue, message, one, sub, subs } from "../otlp/schema";

/** opentelemetry/proto/logs/v1/logs.proto and collector/logs/v1/logs_service.proto. */
const logRecord = message({
  timeUnixNano: one(1, "fixed64"),
  severityNumber: one(2, "int32"),
  severityText: one(3, "string"),
  body: sub(5, anyValue),
  attributes: subs(6, keyValue),
  traceId: one(9, "hex"),
  spanId: one(10, "hex"),
  observedTimeUnixNano: one(11, "fixed64"),
  eventName: one(12, "string"),
});
export type OtlpLogRecord = CodecValue<typeof logRecord>;

const scopeLogs = message({ scope: sub(1, scope), logRecords: subs(2, logRecord) });
const resourceLogs = message({ resource: sub(1, resource), scopeLogs: subs(2, scopeLogs) });
export const exportLogsRequest = message({ resourceLogs: subs(1, resourceLogs) });
export type ExportLogsRequest = CodecValue<typeof exportLogsRequest>;
