import { keyValue, resource, scope } from "../otlp/common";
import { type CodecValue, message, one, sub, subs } from "../otlp/schema";

/** opentelemetry/proto/trace/v1/trace.proto and collector/trace/v1/trace_service.proto. */
const event = message({
  timeUnixNano: one(1, "fixed64"),
  name: one(2, "string"),
  attributes: subs(3, keyValue),
});
const link = message({
  traceId: one(1, "hex"),
  spanId: one(2, "hex"),
  attributes: subs(4, keyValue),
});
const status = message({ message: one(2, "string"), code: one(3, "int32") });

const span = message({
  traceId: one(1, "hex"),
  spanId: one(2, "hex"),
  parentSpanId: one(4, "hex"),
  name: one(5, "string"),
  kind: one(6, "int32"),
  startTimeUnixNano: one(7, "fixed64"),
  endTimeUnixNano: one(8, "fixed64"),
  attributes: subs(9, keyValue),
  events: subs(11, event),
  links: subs(13, link),
  status: sub(15, status),
});
export type OtlpSpan = CodecValue<typeof span>;

const scopeSpans = message({ scope: sub(1, scope), spans: subs(2, span) });
const resourceSpans = message({ resource: sub(1, resource), scopeSpans: subs(2, scopeSpans) });
export const exportTraceRequest = message({ resourceSpans: subs(1, resourceSpans) });
export type ExportTraceRequest = CodecValue<typeof exportTraceRequest>;
