import { REDACTED, type ScrubRules, isSecretName, scrubText, scrubValue } from "../core/scrub";
import type { Span, SpanAttributes, SpanEvent, SpanLink } from "../core/traces";

/** What one span may hold; beyond it a span is cut and says so in an attribute. In characters or pieces. */
export const MAX_NAME = 512;
export const MAX_ATTRIBUTES = 128;
export const MAX_ATTRIBUTE_VALUE = 16_384;
export const MAX_EVENTS = 128;
export const MAX_LINKS = 128;

/** Spans that start outside of these are refused. */
export const MAX_AGE_MS = 30 * 86_400_000;
export const MAX_AHEAD_MS = 600_000;

/** The attribute that tells what was cut from its span. */
export const CUT_ATTRIBUTE = "vedette.truncated";

export type SpanRejection = "too_old" | "too_far_in_future" | "invalid_id";

export function rejectionOf(span: Span, nowMs: number): SpanRejection | undefined {
  if (!isId(span.traceId, 32) || !isId(span.spanId, 16)) return "invalid_id";
  const startMs = Number(span.startNs / 1_000_000n);
  if (startMs < nowMs - MAX_AGE_MS) return "too_old";
  if (startMs > nowMs + MAX_AHEAD_MS) return "too_far_in_future";
  return undefined;
}

/** W3C ids: fixed length, not all zero. */
function isId(id: string, digits: number): boolean {
  return id.length === digits && !/^0+$/.test(id);
}

/** The span with secrets taken out and cut to what a span may hold. */
export function cleanSpan(rules: ScrubRules, span: Span): Span {
  const cut = new Set<string>();
  const attributes = cleanAttributes(rules, span.attributes, cut);
  if (span.name.length > MAX_NAME) cut.add("name");
  if (span.events.length > MAX_EVENTS) cut.add("events");
  if (span.links.length > MAX_LINKS) cut.add("links");
  const events = span.events.slice(0, MAX_EVENTS).map((e): SpanEvent => ({
    timeNs: inSpan(span, e.timeNs),
    name: scrubText(e.name.slice(0, MAX_NAME)),
    attributes: cleanAttributes(rules, e.attributes, cut),
  }));
  const links = span.links
    .slice(0, MAX_LINKS)
    .map((l): SpanLink => ({ ...l, attributes: cleanAttributes(rules, l.attributes, cut) }));
  return {
    ...span,
    name: scrubText(span.name.slice(0, MAX_NAME)),
    statusMessage: scrubText(span.statusMessage.slice(0, MAX_ATTRIBUTE_VALUE)),
    attributes:
      cut.size === 0 ? attributes : { ...attributes, [CUT_ATTRIBUTE]: [...cut].join(",") },
    resource: cleanAttributes(rules, span.resource, new Set()),
    events,
    links,
  };
}

/** Years from the span an event's distance would lose digits; such a time is a sender's error. */
function inSpan(span: Span, timeNs: bigint): bigint {
  const distance = timeNs - span.startNs;
  return distance > BigInt(Number.MAX_SAFE_INTEGER) || distance < -BigInt(Number.MAX_SAFE_INTEGER)
    ? span.startNs
    : timeNs;
}

function cleanAttributes(
  rules: ScrubRules,
  from: SpanAttributes,
  cut: Set<string>,
): SpanAttributes {
  const names = Object.keys(from);
  if (names.length > MAX_ATTRIBUTES) cut.add("attributes");
  const kept = names.slice(0, MAX_ATTRIBUTES).map((name): [string, unknown] => {
    if (isSecretName(rules, name)) return [name, REDACTED];
    const value = scrubValue(rules, from[name]);
    const text =
      typeof value === "string" ? value : typeof value === "object" ? JSON.stringify(value) : "";
    if (text.length <= MAX_ATTRIBUTE_VALUE) return [name, value];
    cut.add("attributes");
    return [name, text.slice(0, MAX_ATTRIBUTE_VALUE)];
  });
  return Object.fromEntries(kept);
}
