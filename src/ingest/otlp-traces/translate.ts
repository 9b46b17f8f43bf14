import { SPAN_KINDS, SPAN_STATUSES, type Span } from "../../core/traces";
import { type Attributes, attributeText, attributes } from "../otlp/common";
import type { ExportTraceRequest, OtlpSpan } from "./model";

/** OTLP spans as they are kept. Ids that are none stay as they came, for the caller to refuse. */
export function translateSpans(request: ExportTraceRequest): Span[] {
  const out: Span[] = [];
  for (const rs of request.resourceSpans) {
    const { "service.name": name, ...resource } = attributes(rs.resource?.attributes ?? []);
    const service = name === undefined ? "" : attributeText(name);
    for (const ss of rs.scopeSpans) {
      const scope = ss.scope?.name ?? "";
      for (const s of ss.spans) out.push(toSpan(s, service, scope, resource));
    }
  }
  return out;
}

const LONGEST_NS = BigInt(Number.MAX_SAFE_INTEGER);

function toSpan(s: OtlpSpan, service: string, scope: string, resource: Attributes): Span {
  const duration = s.endTimeUnixNano - s.startTimeUnixNano;
  return {
    traceId: s.traceId,
    spanId: s.spanId,
    parentSpanId: /^0*$/.test(s.parentSpanId) ? "" : s.parentSpanId,
    name: s.name,
    kind: SPAN_KINDS[s.kind] ?? "unspecified",
    startNs: s.startTimeUnixNano,
    // A clock that went back gives an end before the start.
    durationNs: duration < 0n ? 0 : Number(duration > LONGEST_NS ? LONGEST_NS : duration),
    status: SPAN_STATUSES[s.status?.code ?? 0] ?? "unset",
    statusMessage: s.status?.message ?? "",
    service,
    scope,
    attributes: attributes(s.attributes),
    resource,
    events: s.events.map((e) => ({
      timeNs: e.timeUnixNano,
      name: e.name,
      attributes: attributes(e.attributes),
    })),
    links: s.links.map((l) => ({
      traceId: l.traceId,
      spanId: l.spanId,
      attributes: attributes(l.attributes),
    })),
  };
}
