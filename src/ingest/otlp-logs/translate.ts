import { flattenInto } from "../../core/flat-attributes";
import { levelFromSeverity } from "../../core/log-level";
import type { LogLine } from "../../core/logs";
import { type AttributePairs, attributeText } from "../otlp/common";
import type { ExportLogsRequest, OtlpLogRecord } from "./model";

/**
 * OTLP log records as lines. The service is `service.name`; other resource attributes stand under
 * `resource.`, the scope's name under `scope.name`. A record without any time is of `nowMs`.
 */
export function translateLogs(request: ExportLogsRequest, nowMs: number): LogLine[] {
  const out: LogLine[] = [];
  for (const rl of request.resourceLogs) {
    const { service, shared } = resourceOf(rl.resource?.attributes ?? []);
    for (const sl of rl.scopeLogs) {
      const scopeName = sl.scope?.name ?? "";
      for (const record of sl.logRecords)
        out.push(toLine(record, service, shared, scopeName, nowMs));
    }
  }
  return out;
}

/** Whether every record says when it happened, so that equal bodies are one batch. */
export function allTimed(request: ExportLogsRequest): boolean {
  return request.resourceLogs.every((rl) =>
    rl.scopeLogs.every((sl) =>
      sl.logRecords.every((r) => r.timeUnixNano !== 0n || r.observedTimeUnixNano !== 0n),
    ),
  );
}

function resourceOf(pairs: AttributePairs): {
  readonly service: string;
  readonly shared: Record<string, string>;
} {
  let service = "";
  const shared: Record<string, string> = {};
  for (const [key, value] of pairs) {
    if (key === "service.name") service = attributeText(value);
    // The SDK says the same of itself on every resource.
    else if (!key.startsWith("telemetry.sdk.")) flattenInto(shared, `resource.${key}`, value);
  }
  return { service, shared };
}

function toLine(
  r: OtlpLogRecord,
  service: string,
  shared: Readonly<Record<string, string>>,
  scopeName: string,
  nowMs: number,
): LogLine {
  const nanos = r.timeUnixNano !== 0n ? r.timeUnixNano : r.observedTimeUnixNano;
  const attributes: Record<string, string> = { ...shared };
  if (scopeName !== "") attributes["scope.name"] = scopeName;
  for (const [key, value] of r.attributes) flattenInto(attributes, key, value);
  if (r.eventName !== "") attributes["event.name"] = r.eventName;
  return {
    timeMs: nanos === 0n ? nowMs : Number(nanos / 1_000_000n),
    subMsNanos: Number(nanos % 1_000_000n),
    ...levelFromSeverity(r.severityNumber, r.severityText),
    service,
    message: r.body === undefined ? r.eventName : attributeText(r.body),
    attributes,
    // An all-zero id is none.
    traceId: /^0*$/.test(r.traceId) ? "" : r.traceId,
    spanId: /^0*$/.test(r.spanId) ? "" : r.spanId,
  };
}
